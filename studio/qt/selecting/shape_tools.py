"""Selecting rectangles and ellipses."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath
from typing_extensions import override

from studio.document import Rect
from studio.document.regions import Mode, ellipse, rectangle
from studio.qt.canvas import CanvasView
from studio.qt.geometry.snapping import Snapper, snapper
from studio.qt.i18n import N_
from studio.qt.selecting.tool import (
    ALT,
    ANTIALIAS,
    CLICK,
    FEATHER,
    SHIFT,
    Make,
    SelectTool,
    draw_note,
    draw_path,
)
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.values import Choice, Field, Number

FIXED = Choice(
    "fixed",
    N_("Shape"),
    "free",
    {"free": N_("Free"), "ratio": N_("Fixed ratio"), "size": N_("Fixed size")},
    N_("Keep the ratio of the sides, or the size itself"),
)
WIDTH = Number("width", N_("Width"), 1, 0.01, 100_000, "", 2, tip=N_("For a fixed ratio or size"))
HEIGHT = Number(
    "height", N_("Height"), 1, 0.01, 100_000, "", 2, tip=N_("For a fixed ratio or size")
)
KEYS = {Qt.Key.Key_Shift: SHIFT, Qt.Key.Key_Alt: ALT}


class ShapeTool(SelectTool):
    """A shape in a box that is dragged out.

    While dragging, Shift makes the box square, Alt draws it from its middle, and Space moves it. A
    key that was held at the press chose the mode and counts for the shape once it was released.
    Corners jump to guides, the canvas and layers that are near, if snapping is on.
    """

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._start: tuple[float, float] | None = None
        self._first: Pointer | None = None
        self._now: Pointer | None = None
        self._end = (0.0, 0.0)
        self._mode = Mode.REPLACE
        self._spent = Qt.KeyboardModifier.NoModifier
        self._held = Qt.KeyboardModifier.NoModifier
        self._carrying = False
        self._lines = Snapper()

    @abstractmethod
    def shape(self, box: QRectF, bounds: Rect) -> Make:
        """Makes the selection of what is in a box of whole pixels."""

    @abstractmethod
    def add_to(self, path: QPainterPath, box: QRectF) -> None:
        """Add the outline of what is in a box of device pixels."""

    @property
    @override
    def busy(self) -> bool:
        return super().busy or self._start is not None

    @override
    def press(self, p: Pointer) -> None:
        if self.begin_move(p):
            return
        self._mode = self.mode(p)
        self._lines = snapper(self.desk)
        self._start = self._end = self._lines.point(p.x, p.y)
        self._first = self._now = p
        self._held = self._spent = p.modifiers & (SHIFT | ALT)
        self.repaint.emit()

    @override
    def move(self, p: Pointer) -> None:
        if self.moving:
            self.drag_outline(p)
            return
        if self._start is None or self._now is None:
            return
        if self._carrying:
            dx, dy = p.x - self._now.x, p.y - self._now.y
            self._start = (self._start[0] + dx, self._start[1] + dy)
            self._end = (self._end[0] + dx, self._end[1] + dy)
        else:
            self._end = self._lines.point(p.x, p.y)
        self._hold(p.modifiers & (SHIFT | ALT))
        self._now = p
        self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        if self.moving:
            if not self.drop_outline(p):
                self.deselect(Mode.REPLACE)
            return
        if self._start is None or self._first is None:
            return
        self.move(p)
        box, mode = self.box(), self._mode
        dragged = (p.view - self._first.view).manhattanLength() >= CLICK
        fixed = self.values.text("fixed") == "size"
        self._forget()
        picture = self._picture()
        if picture is None:
            return
        if box is None or box.isEmpty() or not (dragged or fixed):
            self.deselect(mode)
        else:
            self.select(self.shape(box, picture.bounds), mode)

    @override
    def cancel(self) -> None:
        self._forget()
        super().cancel()

    def _forget(self) -> None:
        self._start = self._first = self._now = None
        self._carrying = False
        self.repaint.emit()

    def _hold(self, held: Qt.KeyboardModifier) -> None:
        self._held = held
        self._spent &= held

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        if self._start is None:
            return super().key_press(event)
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self._carrying = True
            return True
        if key in KEYS:
            self._hold(self._held | KEYS[key])
            self.repaint.emit()
            return True
        return False

    @override
    def key_release(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and self._carrying:
            if not event.isAutoRepeat():
                self._carrying = False
            return True
        if self._start is not None and key in KEYS:
            self._hold(self._held & ~KEYS[key])
            self.repaint.emit()
            return True
        return False

    def box(self) -> QRectF | None:
        """What is dragged out, on whole pixels of the canvas."""
        if self._start is None or self._now is None:
            return None
        x, y = self._start
        dx, dy = self._end[0] - x, self._end[1] - y
        counting = self._held & ~self._spent
        fixed, width, height = (
            self.values.text("fixed"), self.values.number("width"), self.values.number("height")
        )  # fmt: skip
        centred = bool(counting & ALT)
        if fixed == "size":
            # Under the pointer, wherever the drag began.
            left, top = self._now.x - width / 2, self._now.y - height / 2
            across, down = self._lines.box(left, top, width, height)
            left, top = left + across, top + down
            return _whole(left, top, left + width, top + height)
        ratio = width / height if fixed == "ratio" else 1.0 if counting & SHIFT else None
        if ratio is not None:
            across = max(abs(dx), abs(dy) * ratio)
            dx, dy = across * (-1 if dx < 0 else 1), across / ratio * (-1 if dy < 0 else 1)
        if centred:
            return _whole(x - dx, y - dy, x + dx, y + dy)
        return _whole(x, y, x + dx, y + dy)

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        box = self.box()
        if box is None or self._now is None or box.isEmpty():
            return
        shown = QRectF(
            canvas.image_to_view(box.left(), box.top()),
            canvas.image_to_view(box.right(), box.bottom()),
        )
        path = QPainterPath()
        self.add_to(path, shown)
        draw_path(painter, path, canvas.ratio)
        draw_note(painter, canvas, f"{box.width():.0f} × {box.height():.0f}", self._now.view)


class RectangleTool(ShapeTool):
    """Selects a rectangle of whole pixels."""

    id = "select-rectangle"
    title = N_("Rectangle selection")
    icon = "select-rectangle"
    shortcut = "M"
    hint = N_(
        "Drag a rectangle. Shift adds, Alt subtracts; while dragging Shift makes it square, Alt "
        "draws from the middle, Space moves it."
    )
    fields: ClassVar[tuple[Field, ...]] = (FEATHER, FIXED, WIDTH, HEIGHT)

    @override
    def shape(self, box: QRectF, bounds: Rect) -> Make:
        return partial(rectangle, box.x(), box.y(), box.width(), box.height(), bounds)

    @override
    def add_to(self, path: QPainterPath, box: QRectF) -> None:
        path.addRect(box)


class EllipseTool(ShapeTool):
    """Selects the ellipse in a box."""

    id = "select-ellipse"
    title = N_("Ellipse selection")
    icon = "select-ellipse"
    shortcut = "Shift+M"
    hint = N_(
        "Drag an ellipse. Shift adds, Alt subtracts; while dragging Shift makes it a circle, Alt "
        "draws from the middle, Space moves it."
    )
    fields: ClassVar[tuple[Field, ...]] = (FEATHER, ANTIALIAS, FIXED, WIDTH, HEIGHT)

    @override
    def shape(self, box: QRectF, bounds: Rect) -> Make:
        x, y, antialias = box.x(), box.y(), self.values.flag("antialias")
        return partial(ellipse, x, y, box.width(), box.height(), bounds, antialias=antialias)

    @override
    def add_to(self, path: QPainterPath, box: QRectF) -> None:
        path.addEllipse(box)


def _whole(left: float, top: float, right: float, bottom: float) -> QRectF:
    """The box of these edges, each moved to the nearest border of pixels."""
    box = QRectF(round(left), round(top), round(right) - round(left), round(bottom) - round(top))
    return box.normalized()
