"""The keyboard shortcuts of all commands: searched, changed, taken from each other, reset."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from studio.host.settings import Settings
from studio.qt.actions import MENU_TITLES, Actions, Command, keys_text
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.widgets import GAP, button, label

ROW_HEIGHT = 28
ID = Qt.ItemDataRole.UserRole
FIXED = ("Esc", "Return", "Enter", "Space", "Left", "Right", "Up", "Down", "Home", "End")
"""Keys that the canvas, lists and dialogs need for themselves."""


class ShortcutsDialog(Dialog):
    """Changes take effect at once and are remembered; those of the user replace the command's own."""

    def __init__(self, parent: QWidget | None, actions: Actions, settings: Settings) -> None:
        super().__init__(parent, tr("Keyboard shortcuts"), 720, 600)
        self._actions, self._settings = actions, settings
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search by command, menu or keys"))
        self.search.setAccessibleName(tr("Search the commands"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels([tr("Command"), tr("Menu"), tr("Keys")])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_: self._show_chosen())
        self.list.itemActivated.connect(lambda *_: self.keys.setFocus())
        self.empty = label(tr("No command fits."), "muted")
        self.empty.hide()
        self.content.addWidget(self.search)
        self.content.addWidget(self.list, 1)
        self.content.addWidget(self.empty)
        self._add_editor()
        self.reset_all = button(tr("Reset all"), tr("Give all commands their own keys again"))
        self.reset_all.clicked.connect(lambda: self._remember({}))
        self.buttons.insertWidget(0, self.reset_all)
        self.add_close()
        self._fill()
        self.search.setFocus()

    def _add_editor(self) -> None:
        self.chosen = label("", "heading")
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setAccessibleName(tr("New keys"))
        self.keys.setMaximumWidth(200)
        for field in self.keys.findChildren(QLineEdit):
            field.setAccessibleName(tr("New keys"))
        self.keys.keySequenceChanged.connect(lambda _: self._check())
        self.use = button(tr("Use"), tr("Make these the command's keys"), primary=True)
        self.use.clicked.connect(lambda: self._assign(add=False))
        self.add = button(tr("Add"), tr("Let these keys work beside the present ones"))
        self.add.clicked.connect(lambda: self._assign(add=True))
        self.clear = button(tr("None"), tr("Leave the command without keys"))
        self.clear.clicked.connect(lambda: self._set(self._command().id, ()))
        self.reset = button(tr("Reset"), tr("Give the command its own keys again"))
        self.reset.clicked.connect(self._reset)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.chosen, 1)
        for widget in (self.keys, self.use, self.add, self.clear, self.reset):
            row.addWidget(widget)
        self.problem = label("", "muted", wrap=True)
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().lineSpacing())
        self.content.addLayout(row)
        self.content.addWidget(self.problem)

    # The list

    def _fill(self) -> None:
        menus = list(MENU_TITLES)

        def place(command: Command) -> tuple[int, str, int]:
            menu = command.menu.partition("/")[0]
            return (menus.index(menu) if menu in menus else len(menus), command.menu,
                    command.section)  # fmt: skip

        for command in sorted(self._actions.commands.values(), key=place):
            item = QTreeWidgetItem([command.plain_title, command.plain_menu, ""])
            item.setData(0, ID, command.id)
            item.setSizeHint(0, QSize(0, ROW_HEIGHT))
            item.setToolTip(0, tr(command.tip))
            self.list.addTopLevelItem(item)
            self._rows[command.id] = item
        self._show_keys()
        self.choose(next(iter(self._rows)))

    def _show_keys(self) -> None:
        for name, item in self._rows.items():
            item.setText(2, ", ".join(map(keys_text, self._actions.keys(name))))
            font = item.font(2)
            font.setBold(name in self._settings.shortcuts)
            item.setFont(2, font)
        self.reset_all.setEnabled(bool(self._settings.shortcuts))

    def _filter(self, query: str) -> None:
        words = query.lower().split()
        for item in self._rows.values():
            text = " ".join(item.text(column) for column in range(3)).lower()
            item.setHidden(not all(word in text for word in words))
        left = [item for item in self._rows.values() if not item.isHidden()]
        self.empty.setVisible(not left)
        if left and self.list.currentItem() not in left:
            self.list.setCurrentItem(left[0])

    def _command(self) -> Command:
        item = self.list.currentItem()
        return self._actions.commands[item.data(0, ID) if item else next(iter(self._rows))]

    def choose(self, id: str) -> None:
        """Go to a command."""
        self.list.setCurrentItem(self._rows[id])

    def _clear_keys(self) -> None:
        self.keys.clear()
        for field in self.keys.findChildren(QLineEdit):  # Qt has put its own longer text there
            field.setPlaceholderText(tr("Press the keys"))

    def _show_chosen(self) -> None:
        if self.list.currentItem() is None:
            return
        command = self._command()
        self.chosen.setText(command.plain_title)
        self._clear_keys()
        self._check()

    # Changing

    def owner(self, keys: str) -> Command | None:
        """Another command than the chosen one that these keys call."""
        chosen = self._command().id
        for command in self._actions.commands.values():
            if command.id != chosen and keys in self._actions.keys(command.id):
                return command
        return None

    def _check(self) -> None:
        """Say whose the keys are, and what using them means."""
        command = self._command()
        keys = self.keys.keySequence().toString()
        fixed, owner = keys in FIXED, self.owner(keys) if keys else None
        if fixed:
            text = tr("{keys} is needed for the canvas and for dialogs.", keys=keys_text(keys))
        elif owner is not None:
            menu = f" ({owner.plain_menu})" if owner.plain_menu else ""
            text = tr(
                "{keys} belongs to “{title}”{menu}. Taking it leaves that command without it.",
                keys=keys_text(keys),
                title=owner.plain_title,
                menu=menu,
            )
        else:
            text = tr(command.tip)
        self.problem.setText(text)
        self.use.setText(tr("Take it") if owner is not None else tr("Use"))
        own = keys in self._actions.keys(command.id)
        self.use.setEnabled(bool(keys) and not fixed)
        self.add.setEnabled(bool(keys) and not fixed and not own)
        self.clear.setEnabled(bool(self._actions.keys(command.id)))
        self.reset.setEnabled(command.id in self._settings.shortcuts)

    def _assign(self, *, add: bool) -> None:
        command = self._command()
        keys = self.keys.keySequence().toString()
        present = self._actions.keys(command.id) if add else ()
        self._set(command.id, (*present, keys))

    def _reset(self) -> None:
        command = self._command()
        self._set(command.id, command.shortcuts)

    def _set(self, id: str, keys: tuple[str, ...]) -> None:
        """Give a command keys, and take them from all others."""
        commands = self._actions.commands
        chosen = {other: self._actions.keys(other) for other in commands}
        for other, present in chosen.items():
            chosen[other] = tuple(key for key in present if key not in keys)
        chosen[id] = keys
        changed = {other: present for other, present in chosen.items()
                   if present != self._own(commands[other])}  # fmt: skip
        # What is not installed now keeps what the user chose for it.
        absent = {k: v for k, v in self._settings.shortcuts.items() if k not in commands}
        self._remember({**absent, **changed})

    @staticmethod
    def _own(command: Command) -> tuple[str, ...]:
        return tuple(QKeySequence(keys).toString() for keys in command.shortcuts)

    def _remember(self, chosen: dict[str, tuple[str, ...]]) -> None:
        self._settings.update(shortcuts=chosen)
        self._actions.set_keys(chosen)
        self._show_keys()
        self._clear_keys()
        self._check()
