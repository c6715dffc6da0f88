"""Commands as records and the Qt actions made of them: menus, toolbar, palette and shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from studio.api.operation import Operation
from studio.qt.i18n import N_, tr
from studio.qt.theme import Theme

OPERATION = "operation:"


@dataclass(frozen=True)
class Command:
    """One thing the user can do. Texts are marked with ``N_`` and translated when they are shown.

    Attributes:
        id: names its handler.
        title: in the menu, with the mnemonic's ampersand.
        menu: path of the menu, such as ``File`` or ``Tools/Enhance``; empty for none.
        icon: name of its icon.
        shortcuts: key sequences in Qt's portable text; the first is shown. The user may choose others.
        tip: one sentence for the status bar and the palette.
        needs: names of conditions that have to hold: ``document``, ``undo``, ``redo``, ``result``...
        checkable: whether it is a switch.
        section: a change of it draws a separator.
        toolbar: whether it has a button in the toolbar.
        scope: where the shortcut works: in the whole window, or while the canvas has the focus.
    """

    id: str
    title: str
    menu: str = ""
    icon: str = ""
    shortcuts: tuple[str, ...] = ()
    tip: str = ""
    needs: frozenset[str] = frozenset()
    checkable: bool = False
    section: int = 0
    toolbar: bool = False
    scope: Literal["window", "canvas"] = "window"

    @property
    def plain_title(self) -> str:
        """The title in the chosen language without the mnemonic and the ellipsis."""
        return plain(tr(self.title))

    @property
    def plain_menu(self) -> str:
        """The path of its menu in the chosen language: ``Tools › Enhance``."""
        parts = self.menu.split("/") if self.menu else []
        return " › ".join(plain(tr(MENU_TITLES.get(part, part))) for part in parts)


MENU_TITLES = {
    "File": N_("&File"),
    "Edit": N_("&Edit"),
    "Image": N_("&Image"),
    "Layer": N_("&Layer"),
    "Select": N_("&Select"),
    "View": N_("&View"),
    "Tools": N_("&Tools"),
    "Help": N_("&Help"),
}
"""The menus of the menu bar, in order."""


def plain(title: str) -> str:
    """A menu title without the mnemonic and the ellipsis."""
    return title.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")


def operation_command(operation: Operation) -> Command:
    """The command that chooses an operation."""
    return Command(
        OPERATION + operation.id,
        operation.title,
        f"Tools/{operation.menu}",
        "operation",
        (),
        operation.help,
        section=-1,
    )


def keys_text(keys: str) -> str:
    """A key sequence as this system writes it: ``Ctrl+Shift+S``."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


class Actions(QObject):
    """Qt actions made from commands.

    Args:
        window: who owns them and hears their shortcuts.
        theme: for the icons.
        commands: what there is.
        handlers: by command id; a checkable command's is given its new state.
        canvas: who hears the shortcuts of commands with the scope ``canvas``.

    Signals:
        shortcuts_changed: some commands have other keys now.

    Raises:
        ValueError: if two commands have the same id.
    """

    shortcuts_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        commands: Iterable[Command],
        handlers: Mapping[str, Callable[..., object]],
        canvas: QWidget | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._canvas, self._theme = window, canvas, theme
        self._menus: dict[str, QMenu] = {}
        self._operation_menus: dict[str, QMenu] = {}
        self.commands: dict[str, Command] = {}
        for command in commands:
            if command.id in self.commands:
                raise ValueError(f"two commands are called {command.id}")
            self.commands[command.id] = command
        self._actions = {
            command.id: self._make(command, handlers[command.id])
            for command in self.commands.values()
        }
        self._shown: frozenset[str] | None = None
        self.show_state({})

    def _make(self, command: Command, handler: Callable[..., object]) -> QAction:
        literal = command.id.startswith(OPERATION)
        title = tr(command.title)
        action = QAction(title.replace("&", "&&") if literal else title, self._window)
        action.setObjectName(command.id)
        action.setStatusTip(tr(command.tip))
        action.setCheckable(command.checkable)
        if command.icon:
            self._theme.bind(action, command.icon)
        if command.checkable:
            action.toggled.connect(handler)
        else:
            # Without its checked state, which handlers of plain commands do not take.
            action.triggered.connect(lambda _checked=False: handler())
        self._set_keys(action, command, command.shortcuts)
        if command.scope == "canvas" and self._canvas is not None:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self._canvas.addAction(action)
        else:
            self._window.addAction(action)
        return action

    @staticmethod
    def _set_keys(action: QAction, command: Command, keys: Iterable[str]) -> None:
        action.setShortcuts([QKeySequence(key) for key in keys])
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        title = command.plain_title
        action.setToolTip(f"{title} ({shown})" if shown else title)

    def __getitem__(self, id: str) -> QAction:
        """The action of a command."""
        return self._actions[id]

    # Shortcuts

    def keys(self, id: str) -> tuple[str, ...]:
        """The keys of a command now, in portable text."""
        return tuple(key.toString() for key in self._actions[id].shortcuts())

    def set_keys(self, chosen: Mapping[str, Iterable[str]]) -> None:
        """Give commands the keys that the user chose, and all others their own."""
        for command in self.commands.values():
            keys = tuple(chosen.get(command.id, command.shortcuts))
            if keys != self.keys(command.id):
                self._set_keys(self._actions[command.id], command, keys)
        self.shortcuts_changed.emit()

    # State

    def show_state(self, facts: Mapping[str, bool]) -> None:
        """Enable what can be done while these conditions hold, and set the switches they name."""
        state = frozenset(name for name, holds in facts.items() if holds)
        if state != self._shown:
            self._shown = state
            for command in self.commands.values():
                self._actions[command.id].setEnabled(command.needs <= state)
        for command in self.commands.values():
            if command.checkable and command.id in facts:
                action = self._actions[command.id]
                if action.isChecked() != facts[command.id]:
                    # The switch follows what is; its handler has nothing to do.
                    # Menus and buttons are told by events, which are not blocked.
                    blocked = action.blockSignals(True)
                    action.setChecked(facts[command.id])
                    action.blockSignals(blocked)

    def available(self) -> list[Command]:
        """The commands that can be done now."""
        return [c for c in self.commands.values() if self._actions[c.id].isEnabled()]

    def trigger(self, id: str) -> None:
        """Do it, as if chosen from the menu."""
        self._actions[id].trigger()

    # Where they are shown

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Add all menus to the menu bar; returns them by path."""
        used = {command.menu.partition("/")[0] for command in self.commands.values()}
        menus = {name: bar.addMenu(tr(MENU_TITLES[name])) for name in MENU_TITLES if name in used}
        sections: dict[str, int] = {}
        for command in sorted(self.commands.values(), key=lambda c: c.section):
            if not command.menu:
                continue
            parts = command.menu.split("/")
            for depth in range(1, len(parts) + 1):
                path = "/".join(parts[:depth])
                if path not in menus:
                    menus[path] = menus["/".join(parts[: depth - 1])].addMenu(tr(parts[depth - 1]))
                    menus[path].menuAction().setObjectName(f"menu:{path}")
                # Something new comes in here: the command itself, or the submenu that holds it.
                new = depth == len(parts) or "/".join(parts[: depth + 1]) not in menus
                if new and sections.setdefault(path, command.section) != command.section:
                    menus[path].addSeparator()
                    sections[path] = command.section
            menus[command.menu].addAction(self._actions[command.id])
        self._menus = menus
        operations = (each for each in self.commands.values() if each.id.startswith(OPERATION))
        self._operation_menus = {each.menu: menus[each.menu] for each in operations}
        return menus

    def replace_operations(
        self, commands: Iterable[Command], handlers: Mapping[str, Callable[..., object]]
    ) -> None:
        """Let other operations be the first in the Tools menu; those that stay keep their action.

        Args:
            commands: made by `operation_command`, in their order.
            handlers: by command id.
        """
        wanted = {command.id: command for command in commands}
        for old in [each for each in self.commands if each.startswith(OPERATION)]:
            command = self.commands.pop(old)
            self._operation_menus[command.menu].removeAction(self._actions[old])
            if wanted.get(old) != command:
                action = self._actions.pop(old)
                self._window.removeAction(action)
                action.deleteLater()
        for command in wanted.values():
            self.commands[command.id] = command
            if command.id not in self._actions:
                self._actions[command.id] = self._make(command, handlers[command.id])
            self._menu_of_operations(command.menu).addAction(self._actions[command.id])
        for menu in self._operation_menus.values():
            menu.menuAction().setVisible(not menu.isEmpty())
        self._shown = None

    def _menu_of_operations(self, path: str) -> QMenu:
        """A menu of the Tools menu; a new one comes in by its name among the others."""
        if path not in self._operation_menus:
            tools, others = self._menus["Tools"], self._operation_menus
            after = [others[each].menuAction() for each in sorted(others) if each > path]
            if not after and others:
                actions = tools.actions()
                last = max(actions.index(menu.menuAction()) for menu in others.values())
                after = actions[last + 1 :]
            made = others[path] = QMenu(tr(path.partition("/")[2]), tools)
            made.menuAction().setObjectName(f"menu:{path}")
            tools.insertMenu(after[0] if after else tools.actions()[0], made)
        return self._operation_menus[path]

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Add the buttons of the toolbar."""
        menu = ""
        for command in self.commands.values():
            if command.toolbar:
                if menu and command.menu != menu:
                    bar.addSeparator()
                menu = command.menu
                bar.addAction(self._actions[command.id])
                button = bar.widgetForAction(self._actions[command.id])
                button.setAccessibleName(command.plain_title)
