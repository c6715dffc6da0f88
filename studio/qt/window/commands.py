"""The window's own commands; areas and plugins bring the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from studio.host.plugins import PluginRegistry
from studio.qt.actions import Command, operation_command
from studio.qt.i18n import N_


def _needs(*names: str) -> frozenset[str]:
    return frozenset(names)


_OPEN = _needs("document")

FILE = (
    Command("new", N_("&New…"), "File", "new", ("Ctrl+N",), N_("Begin with an empty picture")),
    Command("open", N_("&Open…"), "File", "open", ("Ctrl+O",), N_("Open pictures"), toolbar=True),
    Command("save", N_("&Save"), "File", "save", ("Ctrl+S",), N_("Save to the picture's file"),
            _OPEN, section=1, toolbar=True),
    Command("save-as", N_("Save &as…"), "File", "save", ("Ctrl+Shift+S",),
            N_("Save to another file"), _OPEN, section=1),
    Command("export", N_("&Export a copy…"), "File", "export", ("Ctrl+Shift+E",),
            N_("Write a copy, choosing format and quality"), _OPEN, section=1),
    Command("import-model", N_("&Import a model…"), "File", "import", (),
            N_("Bring a checkpoint file along"), section=2),
    Command("close", N_("&Close the picture"), "File", "", ("Ctrl+W",),
            N_("Close the tab in front"), _OPEN, section=3),
    Command("close-all", N_("Close all pictures"), "File", "", ("Ctrl+Alt+W",),
            N_("Close all tabs and go back to the welcome page"), _OPEN, section=3),
    Command("quit", N_("&Quit"), "File", "power", ("Ctrl+Q",), N_("Leave Impasto"), section=3),
)  # fmt: skip

EDIT = (
    Command("undo", N_("&Undo"), "Edit", "undo", ("Ctrl+Z",), N_("Take back the last step"),
            _needs("undo"), toolbar=True),
    Command("redo", N_("&Redo"), "Edit", "redo", ("Ctrl+Shift+Z", "Ctrl+Y"),
            N_("Do the undone step again"), _needs("redo"), toolbar=True),
    Command("shortcuts", N_("&Keyboard shortcuts…"), "Edit", "keyboard", (),
            N_("Search and change the keys of all commands"), section=90),
    Command("preferences", N_("Pr&eferences…"), "Edit", "settings", ("Ctrl+,",),
            N_("Theme, language, device, memory"), section=90),
)  # fmt: skip

VIEW = (
    Command("zoom-in", N_("Zoom &in"), "View", "zoom-in", ("Ctrl++", "Ctrl+="),
            N_("Look closer"), _OPEN),
    Command("zoom-out", N_("Zoom &out"), "View", "zoom-out", ("Ctrl+-",), N_("See more"), _OPEN),
    Command("fit", N_("&Fit in the window"), "View", "fit", ("Ctrl+0",),
            N_("Show the whole picture"), _OPEN, toolbar=True),
    Command("actual-size", N_("&Actual size (100 %)"), "View", "actual-size", ("Ctrl+1",),
            N_("One picture pixel per screen pixel"), _OPEN, toolbar=True),
    Command("show-before", N_("Hide the &result"), "View", "compare", ("Ctrl+B",),
            N_("Show the picture without the result for a moment"), _needs("result"),
            checkable=True, section=1, toolbar=True),
    Command("show-opened", N_("Show the picture as opene&d"), "View", "history", ("O",),
            N_("Show the picture as it was opened or last saved, while the key is held"), _OPEN,
            section=1, scope="canvas"),
    Command("rulers", N_("R&ulers"), "View", "ruler", ("Ctrl+R",), N_("Show rulers"),
            checkable=True, section=2),
    Command("pixel-grid", N_("Pi&xel grid"), "View", "grid", ("Ctrl+'",),
            N_("Show lines between pixels above 800 %"), checkable=True, section=2),
    Command("hide-panels", N_("&Hide the panels"), "View", "panels", ("Tab",),
            N_("Only the picture: hide all panels, or bring them back"), checkable=True, section=8,
            scope="canvas"),
    Command("full-screen", N_("Full scr&een"), "View", "full-screen", ("F11",),
            N_("Use the whole screen"), checkable=True, section=8),
    Command("reset-layout", N_("Reset the &layout"), "View", "reset", (),
            N_("Put all panels where they were at first"), section=8),
    Command("next-tab", N_("&Next picture"), "View", "", ("Ctrl+Tab", "Ctrl+PgDown"),
            N_("Go to the tab at the right"), _needs("several"), section=9),
    Command("previous-tab", N_("Pre&vious picture"), "View", "",
            ("Ctrl+Shift+Tab", "Ctrl+PgUp"), N_("Go to the tab at the left"), _needs("several"),
            section=9),
)  # fmt: skip

TOOLS = (
    Command("palette", N_("&Command palette…"), "Tools", "command", ("Ctrl+K", "Ctrl+Shift+P"),
            N_("Find any command or operation by name")),
    Command("run", N_("&Run"), "Tools", "run", ("Ctrl+Return",), N_("Run the chosen operation"),
            _needs("runnable"), section=1),
    Command("try", N_("&Try here"), "Tools", "try", ("Ctrl+Shift+Return",),
            N_("Run the chosen operation on the part in view"), _needs("triable"), section=1),
    Command("cancel", N_("Cance&l the run"), "Tools", "close", ("Ctrl+.",),
            N_("Stop the running operation"), _needs("running"), section=1),
    Command("stop", N_("Stop and &keep"), "Tools", "check", ("Ctrl+Shift+.",),
            N_("End the running operation now and keep what it has"), _needs("stoppable"), section=1),
    Command("apply", N_("&Apply the result"), "Tools", "check", (), N_("Keep the result (Enter)"),
            _needs("result", "applicable"), section=2),
    Command("discard", N_("&Discard the result"), "Tools", "trash", (),
            N_("Leave the picture as it was (Esc)"), _needs("result"), section=2),
    Command("models", N_("&Models…"), "Tools", "model", ("Ctrl+M",),
            N_("Download, import, check and remove models"), section=3),
    Command("plugins", N_("&Plugins…"), "Tools", "plugin", (),
            N_("Install, disable, reload and remove plugins, and see what failed"), section=3),
)  # fmt: skip

HELP = (
    Command("about", N_("&About Impasto"), "Help", "info", (),
            N_("Version, devices and licenses")),
)  # fmt: skip

COMMANDS: tuple[Command, ...] = (*FILE, *EDIT, *VIEW, *TOOLS, *HELP)


def operation_commands(
    registry: PluginRegistry, choose: Callable[[str], None]
) -> tuple[tuple[Command, ...], dict[str, Callable[..., object]]]:
    """The commands of all operations, and what each does: call ``choose`` with its id."""
    operations = registry.operations()
    commands = tuple(map(operation_command, operations))
    called = [partial(choose, operation.id) for operation in operations]
    return commands, {each.id: call for each, call in zip(commands, called, strict=True)}
