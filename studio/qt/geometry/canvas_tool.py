"""Canvas size by hand: the border is dragged outwards or inwards."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.api.margins import Margins
from studio.api.operation import Operation
from studio.document import Document, Rect
from studio.document.transforms import canvas_size, grown_canvas
from studio.qt.canvas import CanvasView
from studio.qt.geometry.box import Box
from studio.qt.geometry.box_tool import BoxTool
from studio.qt.geometry.controls import Row, choice, quiet, whole_number
from studio.qt.geometry.handles import shade_outside
from studio.qt.geometry.limits import require_fits
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import ToolDesk
from studio.qt.widgets import button

FILLS = {
    "clear": N_("Transparent"),
    "background": N_("Background color"),
    "foreground": N_("Foreground color"),
}
SIDES = (
    ("left", N_("Left")),
    ("top", N_("Top")),
    ("right", N_("Right")),
    ("bottom", N_("Bottom")),
)

ROOM = 0.2
"""Share of the picture's size that is left around it for the border."""


class CanvasTool(BoxTool):
    """Drags the border of the canvas; layers keep what is cut off.

    The new area is left empty, gets a color, or is filled by an operation that grows the canvas; the
    border then goes outwards only.

    Signals:
        fill_chosen: the id of an operation that is to fill the new area; empty for none.
        run_wanted: the operation is to be run.
    """

    fill_chosen = Signal(str)
    run_wanted = Signal()

    id = "canvas"
    title = N_("Canvas border")
    icon = "canvas-size"
    shortcut = "Shift+C"
    hint = N_(
        "Drag the border of the canvas outwards or inwards; Alt does the same on the other side. "
        "Enter applies, Esc starts again."
    )
    group = "transform"
    draws_new = False

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.fill = "clear"
        self.operation: Operation | None = None

    @property
    def operations(self) -> dict[str, Operation]:
        """Those that can fill the new area, by id."""
        return {
            operation.id: operation
            for operation in self.desk.workspace.services.registry.operations()
            if operation.margin_values is not None
        }

    @property
    def document(self) -> Document | None:
        """The one whose border is shown."""
        return self._document

    def choose_fill(self, fill: str) -> None:
        """Fill the new area with one of `FILLS`, or by the operation of this id."""
        if fill == self.fill:
            return
        self.fill, self.operation = fill, self.operations.get(fill)
        self.set_box(self.box)
        self.fill_chosen.emit(fill if self.operation is not None else "")

    @override
    def set_box(self, box: Box | None) -> None:
        if box is not None and self.operation is not None:
            outwards = box.rect.united(self.bounds)
            box = box if box.rect == outwards else Box.of(outwards)
        super().set_box(box)

    @override
    def deactivate(self) -> None:
        super().deactivate()
        self.desk.canvas.set_room(None)

    @override
    def restart(self) -> None:
        super().restart()
        self._make_room()

    def _make_room(self) -> None:
        """A picture that fills the view leaves no room to drag its border outwards."""
        bounds = self.bounds
        across, down = round(bounds.width * ROOM), round(bounds.height * ROOM)
        room = Rect(-across, -down, bounds.width + 2 * across, bounds.height + 2 * down)
        self.desk.canvas.set_room(room if self.box is not None else None)

    def set_margin(self, side: str, pixels: int) -> None:
        """Let one side lie ``pixels`` outside the canvas as it is."""
        if self.box is None:
            return
        left, top, right, bottom = self.margins()
        sides = {"left": left, "top": top, "right": right, "bottom": bottom, side: pixels}
        width = max(self.bounds.width + sides["left"] + sides["right"], 1)
        height = max(self.bounds.height + sides["top"] + sides["bottom"], 1)
        x, y = width / 2 - sides["left"], height / 2 - sides["top"]
        self.set_box(dataclasses.replace(self.box, x=x, y=y, width=width, height=height))

    def set_margins(self, margins: Margins) -> None:
        """Let the border lie this far outside the canvas as it is."""
        if self.box is not None:
            self.set_box(Box.of(grown_canvas(margins, self.bounds.width, self.bounds.height)))

    def margins(self) -> tuple[int, int, int, int]:
        """Pixels outside the canvas as it is, at the left, top, right and bottom."""
        if self.box is None:
            return 0, 0, 0, 0
        rect, bounds = self.box.rect, self.bounds
        return -rect.x, -rect.y, rect.right - bounds.right, rect.bottom - bounds.bottom

    def fill_color(self) -> tuple[int, int, int] | None:
        """What the new area gets, in the picture's own profile and depth; None is clear."""
        from studio.qt.tools.colors import in_profile

        document = self._document
        if self.fill == "clear" or document is None:
            return None
        colors = self.desk.colors
        color = colors.background if self.fill == "background" else colors.foreground
        return in_profile(color, document.picture.icc, document.picture.dtype)

    @override
    def commit(self) -> None:
        if self.operation is not None:
            self.run_wanted.emit()
        elif self.box is not None:
            rect = self.box.rect
            require_fits(self.desk.workspace, rect.width, rect.height)
            self.apply(tr("Canvas size"), canvas_size(rect, self.fill_color()))

    @override
    def paint_inside(self, painter: QPainter, canvas: CanvasView, corners: list[QPointF]) -> None:
        if canvas.overlay is not None:
            return  # what is being made there is what is looked at
        shade_outside(painter, canvas, corners)
        outer = QPainterPath()
        outer.addPolygon(QPolygonF([*corners, corners[0]]))
        old = QPainterPath()
        old.addRect(QRectF(*canvas.viewport.placed(self.bounds)))
        new = outer - old
        highlight = canvas.palette().highlight().color()
        for alpha, style in ((60, Qt.BrushStyle.SolidPattern), (120, Qt.BrushStyle.BDiagPattern)):
            color = QColor(highlight)
            color.setAlpha(alpha)
            painter.fillPath(new, QBrush(color, style))

    @override
    def options(self) -> QWidget:
        return CanvasOptions(self)


class CanvasOptions(Row):
    """Pixels on every side, and what the new area is filled with."""

    def __init__(self, tool: CanvasTool) -> None:
        super().__init__()
        self._tool = tool
        self.sides = {}
        for side, title in SIDES:
            box = whole_number(tr(title), -(1 << 18), 1 << 18, " px")
            box.setToolTip(tr("Pixels to add on this side; less than 0 cuts off"))
            box.valueChanged.connect(lambda value, side=side: tool.set_margin(side, value))
            self.sides[side] = box
            self.add(box, tr(title))
        self.gap()
        self.fill = choice(tr("Fill the new area with"), self._fills())
        self.fill.activated.connect(lambda _: tool.choose_fill(self.fill.currentData()))
        self.add(self.fill, tr("Fill"))
        self.gap()
        self.apply = button(tr("Apply"), tr("Change the canvas (Enter)"), primary=True)
        self.reset = button(tr("Reset"), tr("Start again (Esc)"))
        self.apply.clicked.connect(tool.commit)
        self.reset.clicked.connect(tool.cancel)
        self.add(self.apply)
        self.add(self.reset)
        self.end()
        tool.changed.connect(self._show)
        self._show()

    def _fills(self) -> dict[str, str]:
        return {**FILLS, **{each.id: each.title for each in self._tool.operations.values()}}

    def _show(self) -> None:
        self.setEnabled(self._tool.box is not None)
        fills = self._fills()
        if list(fills) != [self.fill.itemData(row) for row in range(self.fill.count())]:
            self.fill.clear()
            for value, title in fills.items():
                self.fill.addItem(tr(title), value)
        for (side, _), pixels in zip(SIDES, self._tool.margins(), strict=True):
            with quiet(self.sides[side]):
                self.sides[side].setValue(pixels)
        self.fill.setCurrentIndex(self.fill.findData(self._tool.fill))
        self.apply.setEnabled(self._tool.busy)
        self.reset.setEnabled(self._tool.busy)
