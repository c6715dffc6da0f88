"""The command palette: type a few letters of anything, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.qt.actions import MENU_TITLES, OPERATION, Actions, Command, plain
from studio.qt.fuzzy import ranked
from studio.qt.i18n import tr
from studio.qt.theme import Theme

WIDTH, ROWS, ROW_HEIGHT = 560, 9, 34
ID, HINT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_PASSED_ON = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QFrame):
    """A list of everything that can be done now, narrowed by typing."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self._window, self._theme = window, theme
        self._actions: Actions | None = None
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Command palette"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Type a command or an operation"))
        self.search.setAccessibleName(tr("Find a command"))
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(20, 20))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda _: self._choose())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.search)
        layout.addWidget(self.list)

    def open(self, actions: Actions) -> None:
        """Show it over the window's upper part."""
        self._actions = actions
        self.search.clear()
        window = self._window
        width = min(WIDTH, window.width() - 32)
        self.setFixedWidth(width)
        self._fill("")
        corner = QPoint((window.width() - width) // 2, min(96, window.height() // 8))
        self.move(window.mapToGlobal(corner))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fill(self, query: str) -> None:
        if self._actions is None:
            return
        self.list.clear()
        for command in ranked(
            query, self._commands(self._actions), lambda c: c.plain_title, _searched
        ):
            item = QListWidgetItem(self._theme.icon(command.icon or "forward"), _shown(command))
            item.setData(ID, command.id)
            keys = self._actions[command.id].shortcut()
            item.setData(HINT, keys.toString(QKeySequence.SequenceFormat.NativeText))
            item.setToolTip(tr(command.tip))
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(max(min(self.list.count(), ROWS), 1) * ROW_HEIGHT + 14)
        self.adjustSize()

    @staticmethod
    def _commands(actions: Actions) -> list[Command]:
        """Operations first: they are what most people look for."""
        available = [c for c in actions.available() if c.id != "palette"]
        return sorted(available, key=lambda c: not c.id.startswith(OPERATION))

    def _choose(self) -> None:
        item, actions = self.list.currentItem(), self._actions
        self.close()
        if item is not None and actions is not None:
            actions.trigger(item.data(ID))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrows move in the list while the text field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose()
                return True
            if event.key() in _PASSED_ON:
                self.list.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)


class _Rows(QStyledItemDelegate):
    """Draws the shortcut at the right end of a row."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        keys = index.data(HINT)
        if keys:
            painter.save()
            muted = option.palette.placeholderText().color()
            painter.setPen(muted)
            area = option.rect.adjusted(0, 0, -12, 0)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area, int(flags), str(keys))
            painter.restore()


def _shown(command: Command) -> str:
    category = command.plain_menu.removeprefix(f"{plain(tr(MENU_TITLES['Tools']))} › ")
    return f"{command.plain_title}   —   {category}" if category else command.plain_title


def _searched(command: Command) -> str:
    return f"{command.menu} {command.plain_menu} {tr(command.tip)} {plain(command.title)}"
