"""The area of the tools: their bars, their commands and the colour panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QWidget
from typing_extensions import override

from studio.qt.actions import Command
from studio.qt.area import Area, Desk, Panel
from studio.qt.i18n import N_, tr
from studio.qt.tools.bar import OptionsBar, ToolBar
from studio.qt.tools.base import GROUPS, Tool
from studio.qt.tools.color_panel import ColorPanel
from studio.qt.tools.painting.stroke_tool import StrokeTool
from studio.qt.tools.toolbox import TOOLS
from studio.qt.widgets import scroll_area

PREFIX = "tool:"
_BRUSH = frozenset({"brush"})


def _command(tool: type[Tool]) -> Command:
    return Command(
        PREFIX + tool.id,
        tool.title,
        "Tools/" + N_("Canvas tools"),
        tool.icon,
        (tool.shortcut,) if tool.shortcut else (),
        tool.hint,
        section=-2,
    )


_COMMANDS = (
    Command("swap-colors", N_("E&xchange foreground and background"), "Tools/" + N_("Colors"),
            "swap", ("X",), N_("Exchange the two colors"), section=-2),
    Command("default-colors", N_("&Default colors"), "Tools/" + N_("Colors"),
            "default-colors", ("D",), N_("Black on white"), section=-2),
    Command("brush-smaller", N_("&Smaller brush"), "Tools/" + N_("Brush"), "", ("[",),
            N_("Make the brush smaller"), _BRUSH, section=-2),
    Command("brush-larger", N_("&Larger brush"), "Tools/" + N_("Brush"), "", ("]",),
            N_("Make the brush larger"), _BRUSH, section=-2),
    Command("brush-softer", N_("S&ofter brush"), "Tools/" + N_("Brush"), "", ("Shift+[",),
            N_("Soften the edge of the brush"), _BRUSH, section=-2),
    Command("brush-harder", N_("&Harder brush"), "Tools/" + N_("Brush"), "", ("Shift+]",),
            N_("Harden the edge of the brush"), _BRUSH, section=-2),
)  # fmt: skip


class PaintArea(Area):
    """Tools and colours."""

    commands = (
        *map(_command, sorted(TOOLS, key=lambda tool: GROUPS.index(tool.group))),
        *_COMMANDS,
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        theme, toolbox = desk.workspace.theme, desk.toolbox
        self.bar = ToolBar(toolbox, theme)
        self.options = OptionsBar(toolbox, theme)
        self.colors = ColorPanel(toolbox.colors, theme)
        self._scrolled = scroll_area(self.colors)
        self._placed = False
        self.bar.pair.chosen.connect(self._edit_color)
        toolbox.changed.connect(self.facts_changed)
        desk.workspace.session.replaced.connect(self._show)
        self._show()

    @override
    def handlers(self) -> dict[str, Callable[..., object]]:
        toolbox = self.desk.toolbox
        colors = toolbox.colors
        made: dict[str, Callable[..., object]] = {
            PREFIX + tool.id: partial(toolbox.choose, tool.id) for tool in TOOLS
        }
        return made | {
            "swap-colors": colors.swap,
            "default-colors": colors.reset,
            "brush-smaller": lambda: self._brush(lambda tool: tool.resize(larger=False)),
            "brush-larger": lambda: self._brush(lambda tool: tool.resize(larger=True)),
            "brush-softer": lambda: self._brush(lambda tool: tool.harden(harder=False)),
            "brush-harder": lambda: self._brush(lambda tool: tool.harden(harder=True)),
        }

    @override
    def facts(self) -> dict[str, bool]:
        return {"brush": isinstance(self.desk.toolbox.current, StrokeTool)}

    @override
    def panels(self) -> tuple[Panel, ...]:
        return (Panel("colors", tr("Color"), self._scrolled, "right", tab_with="navigator"),)

    def _brush(self, act: Callable[[StrokeTool], None]) -> None:
        tool = self.desk.toolbox.current
        if isinstance(tool, StrokeTool):
            act(tool)

    def _edit_color(self, which: str) -> None:
        self.colors.edit(which)
        dock: QWidget | None = self._scrolled
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        if dock is not None:
            dock.show()
            dock.raise_()
        self.colors.hex.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        """The bars are of no use on the welcome page."""
        shown = self.desk.workspace.session.document is not None
        if shown and not self._placed:
            # Only now: the window has its own bar by then, under which the options belong.
            window = self.desk.window
            window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.bar)
            window.addToolBarBreak(Qt.ToolBarArea.TopToolBarArea)
            window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options)
            self._placed = True
        self.bar.setVisible(shown)
        self.options.setVisible(shown)
