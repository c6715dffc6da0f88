"""The list of operations by category, with a search."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.api.operation import Operation
from studio.qt.fuzzy import ranked
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, label

ID = Qt.ItemDataRole.UserRole
ROW_HEIGHT = 36


class OperationList(QWidget):
    """Signals: ``chosen`` carries the `Operation` that was clicked or entered."""

    chosen = Signal(object)

    def __init__(self, operations: Sequence[Operation], theme: Theme) -> None:
        super().__init__()
        self._operations = {operation.id: operation for operation in operations}
        self._theme = theme
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search tools"))
        self.search.setAccessibleName(tr("Search tools"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(
            theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._enter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Tools"))
        self.list.setIconSize(QSize(20, 20))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.empty = label("", "muted", wrap=True)
        self.empty.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        theme.changed.connect(lambda: self._fill(self.search.text()))
        self._fill("")

    def show_operations(self, operations: Sequence[Operation]) -> None:
        """List other ones from now on."""
        self._operations = {operation.id: operation for operation in operations}
        self._fill(self.search.text())

    def _fill(self, query: str) -> None:
        self.list.clear()
        operations = list(self._operations.values())
        found = ranked(query, operations, lambda operation: tr(operation.title), _searched)
        menu = ""
        for operation in found:
            if not query.strip() and operation.menu != menu:
                menu = operation.menu
                self._add_heading(menu)
            item = QListWidgetItem(self._theme.icon("operation", "link"), tr(operation.title))
            item.setData(ID, operation.id)
            item.setToolTip(tr(operation.help))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, tr(operation.help))
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            self.list.addItem(item)
        self.empty.setVisible(not found)
        self.empty.setText(
            tr("No tool fits “{query}”.", query=query)
            if operations
            else tr("No plugin offers a tool. See Plugins.")
        )
        for row in range(self.list.count()):
            if self.list.item(row).data(ID):
                self.list.setCurrentRow(row)
                break

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(tr(text))
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setSizeHint(QSize(0, 30))
        self.list.addItem(item)

    def _choose(self, item: QListWidgetItem) -> None:
        if (chosen := item.data(ID)) is not None:
            self.chosen.emit(self._operations[chosen])

    def _enter(self) -> None:
        if (item := self.list.currentItem()) is not None:
            self._choose(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrows in the search field move in the list."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
        ):
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)


def _searched(operation: Operation) -> str:
    texts = (operation.title, operation.menu, operation.help)
    return " ".join((*texts, *map(tr, texts), *operation.keywords))
