"""The toolbox: which tools there are and which one is chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.api.errors import UserError
from studio.qt.canvas import CanvasView
from studio.qt.geometry.box_tool import BoxTool
from studio.qt.geometry.canvas_tool import CanvasTool
from studio.qt.geometry.crop_tool import CropTool
from studio.qt.geometry.move_tool import MoveTool
from studio.qt.geometry.text_tool import TextTool
from studio.qt.geometry.transform_tool import TransformTool
from studio.qt.hints.tool import HintTool
from studio.qt.masking.tool import RemoveTool
from studio.qt.selecting.brush_tool import SelectionBrushTool
from studio.qt.selecting.color_tools import ByColorTool, WandTool
from studio.qt.selecting.outline_tools import LassoTool, PolygonTool
from studio.qt.selecting.shape_tools import EllipseTool, RectangleTool
from studio.qt.tools.base import GROUPS, Tool, ToolDesk
from studio.qt.tools.colors import Colors
from studio.qt.tools.painting.brushes import BrushTool, EraserTool
from studio.qt.tools.painting.cloning import CloneTool, HealTool
from studio.qt.tools.painting.eyedropper import EyedropperTool
from studio.qt.tools.painting.filling import FillTool
from studio.qt.tools.painting.gradient_tool import GradientTool
from studio.qt.tools.viewing import HandTool, ZoomTool
from studio.qt.workspace import Workspace

TOOLS: tuple[type[Tool], ...] = (
    RectangleTool,
    EllipseTool,
    LassoTool,
    PolygonTool,
    WandTool,
    ByColorTool,
    SelectionBrushTool,
    BrushTool,
    EraserTool,
    FillTool,
    GradientTool,
    EyedropperTool,
    CloneTool,
    HealTool,
    RemoveTool,
    HintTool,
    TextTool,
    MoveTool,
    TransformTool,
    CropTool,
    CanvasTool,
    HandTool,
    ZoomTool,
)
"""Every tool. Each owner adds a line; the toolbox shows them by group, in this order."""

FIRST = "hand"


class Toolbox(QObject):
    """Makes tools when they are first chosen and tells the canvas which one is.

    Args:
        workspace: for the tools.
        canvas: where they act.

    Signals:
        changed: another tool, or another hint.
    """

    changed = Signal()

    def __init__(
        self, workspace: Workspace, canvas: CanvasView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.colors = Colors(workspace.services.settings, self)
        self.desk = ToolDesk(workspace, canvas, self.colors)
        self._types = {tool.id: tool for tool in TOOLS}
        self._made: dict[str, Tool] = {}
        self._current = self.tool(FIRST)
        canvas.tool_failed.connect(workspace.messages.show_passing)
        canvas.set_tool(self._current)
        self._current.activate()
        workspace.session.replaced.connect(self._restart)

    @property
    def current(self) -> Tool:
        """The chosen tool."""
        return self._current

    @property
    def types(self) -> tuple[type[Tool], ...]:
        """All tools in the order of the toolbox: by group, then as registered."""
        return tuple(sorted(TOOLS, key=lambda tool: GROUPS.index(tool.group)))

    def tool(self, id: str) -> Tool:
        """The tool with this id, made if need be.

        Raises:
            KeyError: if there is none.
        """
        if id not in self._made:
            self._made[id] = self._types[id](self.desk)
        return self._made[id]

    def choose(self, id: str) -> None:
        """Take up a tool; what is pending in the one before is finished or cancelled.

        Raises:
            KeyError: if there is no such tool.
        """
        tool = self.tool(id)
        if tool is self._current:
            return
        self._current.deactivate()
        self._current = tool
        self.desk.canvas.set_tool(tool)
        tool.activate()
        self.changed.emit()

    def finish(self) -> None:
        """Make what is pending in the tool part of the picture, as before it is saved or closed.

        Frames and outlines that are being drawn stay: they are no pixels yet.
        """
        tool = self._current
        drawn = isinstance(tool, BoxTool) or tool.group == "select"
        if not tool.busy or drawn or self.desk.canvas.tool_pressed:
            return
        try:
            tool.commit()
        except UserError as error:
            self.desk.workspace.messages.show_error(error)

    def close(self) -> None:
        """Finish what is pending and remember colours for the next start."""
        self._current.deactivate()
        self.colors.save()

    def _restart(self) -> None:
        self._current.deactivate()
        self._current.activate()
