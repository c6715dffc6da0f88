"""What the crop tool and the canvas tool share: a box with handles that is dragged."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QPainter
from typing_extensions import override

from studio.document import Document, Rect
from studio.document.edits import Edit
from studio.qt.canvas import CanvasView
from studio.qt.editing import whole_cost
from studio.qt.geometry.box import Box
from studio.qt.geometry.handles import (
    draw_handles,
    draw_outline,
    nearest,
    resized_cursor,
    shade_outside,
)
from studio.qt.geometry.snapping import Snapper, snapper
from studio.qt.tools.base import Pointer, Tool, ToolDesk

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
INSIDE = -1
NEW = -2
LINE = 5
"""Logical pixels beside a side in which it is taken hold of."""


class BoxTool(Tool):
    """A box around what the canvas shall be.

    Signals:
        changed: the box is another one.
    """

    changed = Signal()

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.box: Box | None = None
        self._document: Document | None = None
        self._size = (0, 0)
        self._held: int | None = None
        self._start: Pointer | None = None
        self._from: Box | None = None
        self._snapper = Snapper()
        self._under: int | None = None
        self._applying = False
        desk.session.changed.connect(self._follow)

    @property
    def bounds(self) -> Rect:
        """The canvas as it is."""
        return Rect(0, 0, *self._size)

    @property
    @override
    def busy(self) -> bool:
        box = self.box
        if self._applying:
            return False
        return box is not None and (box.rect != self.bounds or box.angle != 0)

    def ratio(self) -> float | None:
        """Width to height that the box has to keep."""
        return None

    def set_box(self, box: Box | None) -> None:
        """Show another box."""
        self.box = box
        self.changed.emit()
        self.repaint.emit()

    @override
    def activate(self) -> None:
        self._document = self.desk.document
        self.restart()

    def apply(self, title: str, edit: Edit, effort: int = 1) -> None:
        """Make an edit of the picture, once; the box is around the new canvas then."""
        document = self._document
        if document is None or not self.busy:
            return
        self._applying = True
        cost = whole_cost(document.picture) * effort
        edits = self.desk.workspace.edits
        edits.apply(document, title, edit, cost, lambda _: self._applied(), self)

    def _applied(self) -> None:
        self._applying = False
        if self._document is self.desk.document:
            self.restart()

    def restart(self) -> None:
        """Put the box around the canvas."""
        document = self._document
        self._held = None
        if document is None:
            self.set_box(None)
            return
        self._size = (document.picture.width, document.picture.height)
        self.set_box(Box.of(self.bounds))

    @override
    def deactivate(self) -> None:
        self._document = None
        self._held = None
        self.set_box(None)

    def _follow(self) -> None:
        """The picture may have another size, as after an undo: begin again."""
        document = self._document
        if document is None or document is not self.desk.document:
            return
        if (document.picture.width, document.picture.height) != self._size:
            self.restart()

    # Pointer

    @override
    def press(self, p: Pointer) -> None:
        if self.box is None or self._applying:
            return
        self._held = self._grip(p)
        self._start, self._from = p, self.box
        self._snapper = snapper(self.desk)
        self.desk.canvas.refresh_cursor()

    def _grip(self, p: Pointer) -> int:
        """What a press would take hold of."""
        assert self.box is not None  # noqa: S101 - asked only then
        canvas = self.desk.canvas
        points = [canvas.image_to_view(x, y) for x, y in self.box.handles()]
        found = nearest(points, p.view, canvas.ratio)
        if found is not None:
            return found
        side = self._side(self.box, p)
        if side is not None and (self.busy or not self.draws_new):
            return side
        if self.box.contains((p.x, p.y)) and (self.busy or not self.draws_new):
            return INSIDE
        return NEW if self.draws_new else INSIDE

    def _side(self, box: Box, p: Pointer) -> int | None:
        """The handle of the side whose line is under the pointer."""
        canvas = self.desk.canvas
        reach = LINE * canvas.ratio / canvas.zoom
        x, y = box.inner((p.x, p.y))
        across, down = abs(x) - box.width / 2, abs(y) - box.height / 2
        if abs(across) <= reach and down < 0:
            return 3 if x > 0 else 7
        if abs(down) <= reach and across < 0:
            return 5 if y > 0 else 1
        return None

    draws_new = True
    """Whether a drag beside the box makes another one."""

    @override
    def move(self, p: Pointer) -> None:
        start, box = self._start, self._from
        if self._held is None or start is None or box is None:
            return
        x, y = p.x, p.y
        free = p.holds(Qt.KeyboardModifier.ControlModifier) or box.angle != 0
        if self._held == INSIDE:
            moved = box.moved(x - start.x, y - start.y)
            if not free:
                left, top = moved.x - moved.width / 2, moved.y - moved.height / 2
                moved = moved.moved(*self._snapper.box(left, top, moved.width, moved.height))
            self.set_box(moved.whole())
            return
        if not free:
            x, y = self._snapper.point(x, y)
        if self._held == NEW:
            self._draw_new(p, (x, y))
            return
        ratio = self.ratio()
        if ratio is None and p.holds(Qt.KeyboardModifier.ShiftModifier):
            ratio = box.width / box.height
        centred = p.holds(Qt.KeyboardModifier.AltModifier)
        self.set_box(box.resized(self._held, (x, y), ratio, centred=centred).whole())

    def _draw_new(self, p: Pointer, to: tuple[float, float]) -> None:
        start = self._start
        if start is None or self.box is None:
            return
        at = self._snapper.point(start.x, start.y)
        corner = Box(*at, 1e-3, 1e-3, self.box.angle)
        handle = 4  # grown from a point towards the pointer, whichever way that is
        ratio = self.ratio()
        if ratio is None and p.holds(Qt.KeyboardModifier.ShiftModifier):
            ratio = 1.0
        centred = p.holds(Qt.KeyboardModifier.AltModifier)
        self.set_box(corner.resized(handle, to, ratio, centred=centred).whole())

    @override
    def release(self, p: Pointer) -> None:
        held, self._held = self._held, None
        start = self._start
        if held == NEW and start is not None and self._from is not None:
            moved = p.view - start.view
            if max(abs(moved.x()), abs(moved.y())) < 4 * self.desk.canvas.ratio:
                self.set_box(self._from)  # a click is no box
        self.desk.canvas.refresh_cursor()

    @override
    def hover(self, p: Pointer) -> None:
        under = None if self.box is None else self._grip(p)
        if under != self._under:
            self._under = under
            self.desk.canvas.refresh_cursor()

    @override
    def double_click(self, p: Pointer) -> None:
        if self.busy and self.box is not None and self.box.contains((p.x, p.y)):
            self.commit()

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        if self.box is None or event.key() not in ARROWS or not self.busy:
            return False
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        dx, dy = ARROWS[Qt.Key(event.key())]
        self.set_box(self.box.moved(dx * far, dy * far))
        return True

    @override
    def wants(self, event: QKeyEvent) -> bool:
        return super().wants(event) or (self.busy and event.key() in ARROWS)

    @override
    def cancel(self) -> None:
        self.restart()

    @override
    def cursor(self) -> QCursor | None:
        under = self._held if self._held is not None else self._under
        if under is None or self.box is None:
            return None
        if under >= 0:
            return QCursor(resized_cursor(under, -self.box.angle))
        if under == INSIDE:
            return QCursor(Qt.CursorShape.SizeAllCursor)
        return QCursor(Qt.CursorShape.CrossCursor)

    # Drawing

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        if self.box is None:
            return
        corners = [canvas.image_to_view(x, y) for x, y in self.box.corners()]
        self.paint_inside(painter, canvas, corners)
        draw_outline(painter, corners, canvas.ratio)
        points = [canvas.image_to_view(x, y) for x, y in self.box.handles()]
        draw_handles(painter, points, canvas.ratio)

    def paint_inside(self, painter: QPainter, canvas: CanvasView, corners: list[QPointF]) -> None:
        """Draw what belongs under the outline."""
        shade_outside(painter, canvas, corners)
