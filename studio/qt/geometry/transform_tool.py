"""Free transform: scale, turn, skew and distort with handles."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.api.errors import UserError
from studio.document import Document, Picture
from studio.document.transforms import Resampling, Target, target_of, transform
from studio.document.transforms.matrices import Matrix, lattice
from studio.qt.canvas import CanvasView
from studio.qt.geometry.box_tool import ARROWS
from studio.qt.geometry.handles import draw_handles, draw_outline, nearest, resized_cursor
from studio.qt.geometry.preview import FloatingPreview
from studio.qt.geometry.quad import CORNERS, Quad
from studio.qt.geometry.snapping import Snapper, snapper
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, Tool, ToolDesk

INSIDE, TURN = -1, -2
STEP = 15.0
"""Degrees that Shift turns by."""


class TransformTool(Tool):
    """Transforms the layer, group, mask or the selected pixels; one resampling at the end.

    Attributes:
        linked: whether corners keep the proportion; Shift does the contrary.

    Signals:
        changed: the quadrilateral is another one.
    """

    id = "transform"
    title = N_("Free transform")
    icon = "transform"
    shortcut = "Shift+T"
    hint = N_(
        "Drag handles to scale (Shift: free or in proportion, Alt: from the middle, Ctrl: corner or "
        "skew), outside to turn, inside to move. Enter applies, Esc gives up."
    )
    group = "transform"

    changed = Signal()

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.quad: Quad | None = None
        self.method = Resampling.AUTOMATIC
        self.linked = True
        self._document: Document | None = None
        self._picture: Picture | None = None
        self._target: Target | None = None
        self._preview: FloatingPreview | None = None
        self._held: int | None = None
        self._under: int | None = None
        self._start: Pointer | None = None
        self._from: Quad | None = None
        self._snapper = Snapper()
        self._applying = False
        desk.session.changed.connect(self._follow)

    @property
    @override
    def busy(self) -> bool:
        return self.quad is not None and self.quad.changed and not self._applying

    def set_quad(self, quad: Quad | None) -> None:
        """Show another quadrilateral."""
        self.quad = quad
        self.changed.emit()
        self.repaint.emit()

    @override
    def activate(self) -> None:
        self._document = self.desk.document
        try:
            self.restart()
        except UserError as error:
            self.desk.workspace.messages.show_error(error)

    def restart(self) -> None:
        """Begin with what is chosen now, as it is.

        Raises:
            UserError: if it is locked, hidden or empty.
        """
        self._close()
        document = self._document
        if document is None:
            return
        self._picture = document.picture
        target = target_of(document.picture)
        self._target = target
        self._preview = FloatingPreview(
            self.desk.workspace, self.desk.canvas, document.picture, target
        )
        self._preview.ready.connect(self.repaint)
        self.set_quad(Quad(target.area))

    def _close(self) -> None:
        self._target = None
        self._held = self._start = None
        self._applying = False
        if self._preview is not None:
            self._preview.close()
            self._preview = None
        self.set_quad(None)

    @override
    def deactivate(self) -> None:
        if self.busy:
            self.commit()
        if not self._applying:
            self._document = None
            self._close()

    def _follow(self) -> None:
        """The picture is another one, as after an undo or the choice of a layer: begin again."""
        document = self._document
        current = self.desk.canvas.tool is self
        if document is None or not current or document is not self.desk.document or self._applying:
            return
        if document.picture is self._picture or document.transaction is not None:
            return
        try:
            self.restart()
        except UserError:
            return  # told at the next press, if it comes

    # Pointer

    @override
    def press(self, p: Pointer) -> None:
        if self._applying:
            return
        if self.quad is None:
            self.restart()
            return
        self._held = self._grip(p)
        self._start, self._from = p, self.quad
        self._snapper = snapper(self.desk, () if self._target is None else (self._target.node_id,))
        self.desk.canvas.refresh_cursor()

    def _grip(self, p: Pointer) -> int:
        assert self.quad is not None  # noqa: S101 - asked only then
        canvas = self.desk.canvas
        points = [canvas.image_to_view(x, y) for x, y in self.quad.handles]
        found = nearest(points, p.view, canvas.ratio)
        if found is not None:
            return found
        return INSIDE if self.quad.contains((p.x, p.y)) else TURN

    @override
    def move(self, p: Pointer) -> None:
        start, quad = self._start, self._from
        if self._held is None or start is None or quad is None:
            return
        shift = p.holds(Qt.KeyboardModifier.ShiftModifier)
        if self._held == TURN:
            self.set_quad(quad.turned(_turn(quad, start, p, stepped=shift)))
        elif self._held == INSIDE:
            self.set_quad(self._moved(quad, p, straight=shift))
        else:
            # The sides stretch in one direction, unless Shift is held.
            linked = self.linked and self._held in CORNERS
            self.set_quad(self._pulled(quad, p, proportional=shift != linked))

    def _pulled(self, quad: Quad, p: Pointer, *, proportional: bool) -> Quad:
        assert self._held is not None  # noqa: S101 - asked only then
        centred = p.holds(Qt.KeyboardModifier.AltModifier)
        point = self._snapper.point(p.x, p.y)
        if p.holds(Qt.KeyboardModifier.ControlModifier):
            return quad.distorted(self._held, point, centred=centred)
        return quad.stretched(self._held, point, proportional=proportional, centred=centred)

    def _moved(self, quad: Quad, p: Pointer, *, straight: bool) -> Quad:
        assert self._start is not None  # noqa: S101 - asked only then
        dx, dy = p.x - self._start.x, p.y - self._start.y
        if straight:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        xs, ys = zip(*quad.corners, strict=True)
        left, top = min(xs) + dx, min(ys) + dy
        if not p.holds(Qt.KeyboardModifier.ControlModifier):
            snap = self._snapper.box(left, top, max(xs) - min(xs), max(ys) - min(ys))
            dx, dy = dx + snap[0], dy + snap[1]
        if lattice(quad.matrix) is not None:
            dx, dy = round(dx), round(dy)  # whole pixels stay sharp
        return quad.moved(dx, dy)

    @override
    def release(self, p: Pointer) -> None:
        self._held = self._start = None
        self.desk.canvas.refresh_cursor()

    @override
    def hover(self, p: Pointer) -> None:
        under = None if self.quad is None else self._grip(p)
        if under != self._under:
            self._under = under
            self.desk.canvas.refresh_cursor()

    @override
    def double_click(self, p: Pointer) -> None:
        if self.busy and self.quad is not None and self.quad.contains((p.x, p.y)):
            self.commit()

    @override
    def wants(self, event: QKeyEvent) -> bool:
        return super().wants(event) or (self.quad is not None and event.key() in ARROWS)

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        if self.quad is None or event.key() not in ARROWS or self._applying:
            return False
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        dx, dy = ARROWS[Qt.Key(event.key())]
        self.set_quad(self.quad.moved(dx * far, dy * far))
        return True

    def apply_map(self, matrix: Matrix) -> None:
        """Put another map on top, as of a button."""
        if self.quad is not None:
            self.set_quad(self.quad.after(matrix))

    @override
    def commit(self) -> None:
        document, target, quad = self._document, self._target, self.quad
        if document is None or target is None or quad is None or not self.busy:
            return
        self._applying = True
        cost = 3 * (target.area.width * target.area.height + _covered(quad))
        edit = transform(target, quad.matrix, self.method)
        edits = self.desk.workspace.edits
        edits.apply(document, tr("Transform"), edit, cost, lambda _: self._applied(), self)

    def _applied(self) -> None:
        self._applying = False
        if self.desk.canvas.tool is not self or self._document is not self.desk.document:
            self._document = None
            self._close()
            return
        try:
            self.restart()
        except UserError:
            self._close()

    @override
    def cancel(self) -> None:
        self.restart()

    # Showing

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        quad = self.quad
        if quad is None:
            return
        if quad.changed and self._preview is not None:
            self._preview.paint(painter, canvas, quad.matrix)
        elif self._preview is not None:
            self._preview.prepare()
        draw_outline(painter, [canvas.image_to_view(*at) for at in quad.corners], canvas.ratio)
        points = [canvas.image_to_view(*at) for at in quad.handles]
        draw_handles(painter, points, canvas.ratio)

    @override
    def cursor(self) -> QCursor | None:
        under = self._held if self._held is not None else self._under
        if under is None or self.quad is None:
            return None
        if under >= 0:
            return QCursor(resized_cursor(under, self.quad.angle))
        return QCursor(
            Qt.CursorShape.SizeAllCursor if under == INSIDE else Qt.CursorShape.CrossCursor
        )

    @override
    def options(self) -> QWidget:
        from studio.qt.geometry.transform_options import TransformOptions

        return TransformOptions(self)


def _turn(quad: Quad, start: Pointer, p: Pointer, *, stepped: bool) -> float:
    """Degrees that the pointer went around the middle."""
    x, y = quad.middle
    before = math.atan2(start.y - y, start.x - x)
    turned = math.degrees(math.atan2(p.y - y, p.x - x) - before)
    if not stepped:
        return turned
    return round((quad.angle + turned) / STEP) * STEP - quad.angle


def _covered(quad: Quad) -> int:
    xs, ys = zip(*quad.corners, strict=True)
    return int((max(xs) - min(xs)) * (max(ys) - min(ys)))
