"""Every command of the window as a record: menus, toolbar, palette and shortcuts are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from studio.api.operation import Operation
from studio.qt.theme import Theme

OPERATION = "operation:"


@dataclass(frozen=True)
class Command:
    """One thing the user can do.

    Attributes:
        id: names its handler.
        title: in the menu, with the mnemonic's ampersand.
        menu: path of the menu, such as ``File`` or ``Tools/Enhance``; empty for none.
        icon: name of its icon.
        shortcuts: key sequences in Qt's portable text; the first is shown.
        tip: one sentence for the status bar and the palette.
        needs: names of conditions that have to hold: ``document``, ``undo``, ``redo``, ``result``...
        checkable: whether it is a switch.
        section: a change of it draws a separator.
        toolbar: whether it has a button in the toolbar.
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

    @property
    def plain_title(self) -> str:
        """The title without the mnemonic and the ellipsis."""
        return self.title.replace("&", "").removesuffix("…")


def _needs(*names: str) -> frozenset[str]:
    return frozenset(names)


_OPEN = _needs("document")

COMMANDS: tuple[Command, ...] = (
    Command("open", "&Open…", "File", "open", ("Ctrl+O",), "Open a picture", toolbar=True),
    Command("save", "&Save", "File", "save", ("Ctrl+S",), "Save to the picture's file", _OPEN,
            section=1, toolbar=True),
    Command("save-as", "Save &as…", "File", "save", ("Ctrl+Shift+S",), "Save to another file",
            _OPEN, section=1),
    Command("export", "&Export a copy…", "File", "export", ("Ctrl+E",),
            "Write a copy, choosing format and quality", _OPEN, section=1),
    Command("import-model", "&Import a model…", "File", "import", (),
            "Bring a checkpoint file along", section=2),
    Command("close", "&Close the picture", "File", "", ("Ctrl+W",),
            "Go back to the welcome page", _OPEN, section=3),
    Command("quit", "&Quit", "File", "power", ("Ctrl+Q",), "Leave Impasto", section=3),
    Command("undo", "&Undo", "Edit", "undo", ("Ctrl+Z",), "Take back the last step",
            _needs("undo"), toolbar=True),
    Command("redo", "&Redo", "Edit", "redo", ("Ctrl+Shift+Z", "Ctrl+Y"),
            "Do the undone step again", _needs("redo"), toolbar=True),
    Command("preferences", "&Preferences…", "Edit", "settings", ("Ctrl+,",),
            "Theme, device, memory", section=1),
    Command("zoom-in", "Zoom &in", "View", "zoom-in", ("Ctrl++", "Ctrl+="), "Look closer", _OPEN),
    Command("zoom-out", "Zoom &out", "View", "zoom-out", ("Ctrl+-",), "See more", _OPEN),
    Command("fit", "&Fit in the window", "View", "fit", ("Ctrl+0",), "Show the whole picture",
            _OPEN, toolbar=True),
    Command("actual-size", "&Actual size (100 %)", "View", "actual-size", ("Ctrl+1",),
            "One picture pixel per screen pixel", _OPEN, toolbar=True),
    Command("show-before", "Show the &original", "View", "compare", ("Ctrl+B",),
            "Hide the result for a moment", _needs("result"), checkable=True, section=1,
            toolbar=True),
    Command("rulers", "&Rulers", "View", "ruler", ("Ctrl+R",), "Show rulers", checkable=True,
            section=2),
    Command("pixel-grid", "Pixel &grid", "View", "grid", ("Ctrl+G",),
            "Show lines between pixels above 800 %", checkable=True, section=2),
    Command("palette", "&Command palette…", "Tools", "command", ("Ctrl+K", "Ctrl+Shift+P"),
            "Find any command or operation by name"),
    Command("run", "&Run", "Tools", "run", ("Ctrl+Return",), "Run the chosen operation",
            _needs("runnable"), section=1),
    Command("try", "&Try here", "Tools", "try", ("Ctrl+Shift+Return",),
            "Run the chosen operation on the part in view", _needs("triable"), section=1),
    Command("cancel", "Cance&l the run", "Tools", "close", ("Ctrl+.",),
            "Stop the running operation", _needs("running"), section=1),
    Command("apply", "&Apply the result", "Tools", "check", (), "Keep the result (Enter)",
            _needs("result", "applicable"), section=2),
    Command("discard", "&Discard the result", "Tools", "trash", (),
            "Leave the picture as it was (Esc)", _needs("result"), section=2),
    Command("models", "&Models…", "Tools", "model", ("Ctrl+M",),
            "Download, import, check and remove models", section=3),
    Command("plugins", "&Plugins…", "Tools", "plugin", (), "What is loaded, and what failed",
            section=3),
    Command("about", "&About Impasto", "Help", "info", (), "Version, devices and licences"),
)  # fmt: skip

MENUS = ("File", "Edit", "Image", "Layer", "Select", "View", "Tools", "Help")


def operation_command(operation: Operation) -> Command:
    """The command that chooses an operation."""
    return Command(
        OPERATION + operation.id,
        operation.title.replace("&", "&&"),
        f"Tools/{operation.menu}",
        "operation",
        (),
        operation.help,
        section=-1,
    )


class Actions:
    """Qt actions made from commands.

    Args:
        window: who owns them and hears their shortcuts.
        theme: for the icons.
        commands: what there is.
        handlers: by command id; a checkable command's is given its new state.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        commands: Iterable[Command],
        handlers: Mapping[str, Callable[..., object]],
    ) -> None:
        self._window = window
        self.commands = {command.id: command for command in commands}
        self._actions = {
            command.id: self._make(command, theme, handlers[command.id])
            for command in self.commands.values()
        }
        self.show_state(frozenset())

    def _make(self, command: Command, theme: Theme, handler: Callable[..., object]) -> QAction:
        action = QAction(command.title, self._window)
        action.setObjectName(command.id)
        action.setStatusTip(command.tip)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{command.plain_title} ({keys})" if keys else command.plain_title)
        action.setCheckable(command.checkable)
        if command.icon:
            theme.bind(action, command.icon)
        if command.checkable:
            action.toggled.connect(handler)
        else:
            # Without its checked state, which handlers of plain commands do not take.
            action.triggered.connect(lambda _checked=False: handler())
        self._window.addAction(action)
        return action

    def __getitem__(self, id: str) -> QAction:
        """The action of a command."""
        return self._actions[id]

    def show_state(self, state: frozenset[str]) -> None:
        """Enable what can be done under these conditions."""
        for command in self.commands.values():
            self._actions[command.id].setEnabled(command.needs <= state)

    def available(self) -> list[Command]:
        """The commands that can be done now."""
        return [c for c in self.commands.values() if self._actions[c.id].isEnabled()]

    def trigger(self, id: str) -> None:
        """Do it, as if chosen from the menu."""
        self._actions[id].trigger()

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Add all menus to the menu bar; returns them by name."""
        used = {command.menu.partition("/")[0] for command in self.commands.values()}
        menus = {name: bar.addMenu(f"&{name}") for name in MENUS if name in used}
        sections: dict[str, int] = {}
        for command in sorted(self.commands.values(), key=lambda c: c.section):
            name, _, category = command.menu.partition("/")
            if not name:
                continue
            if sections.setdefault(name, command.section) != command.section:
                menus[name].addSeparator()
                sections[name] = command.section
            if category and command.menu not in menus:
                menus[command.menu] = menus[name].addMenu(category)
            menus[command.menu].addAction(self._actions[command.id])
        return menus

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
