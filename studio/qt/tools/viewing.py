"""Tools that move the view: hand and zoom."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen
from typing_extensions import override

from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer, Tool, ToolDesk

CLICK = 4.0
"""Device pixels that a click may move without being a drag."""


class HandTool(Tool):
    """Drags the picture about."""

    id = "hand"
    title = N_("Hand")
    icon = "hand"
    shortcut = "H"
    hint = N_("Drag to move the picture in the view. Holding Space does the same with every tool.")
    group = "view"

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._last: QPointF | None = None

    @override
    def press(self, p: Pointer) -> None:
        self._last = p.view
        self.desk.canvas.refresh_cursor()

    @override
    def move(self, p: Pointer) -> None:
        if self._last is not None:
            moved = (p.view - self._last) / self.desk.canvas.ratio
            self._last = p.view
            self.desk.canvas.pan(moved.x(), moved.y())

    @override
    def release(self, p: Pointer) -> None:
        self._last = None
        self.desk.canvas.refresh_cursor()

    @override
    def cursor(self) -> QCursor:
        held = self._last is not None
        return QCursor(Qt.CursorShape.ClosedHandCursor if held else Qt.CursorShape.OpenHandCursor)


class ZoomTool(Tool):
    """Zooms to a rectangle, or in and out around a click."""

    id = "zoom"
    title = N_("Zoom")
    icon = "zoom-in"
    shortcut = "Z"
    hint = N_("Click to look closer, Alt+click to see more, drag a rectangle to fill the view.")
    group = "view"

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._from: Pointer | None = None
        self._to: Pointer | None = None

    @property
    @override
    def busy(self) -> bool:
        return self._from is not None

    @override
    def press(self, p: Pointer) -> None:
        self._from = self._to = p

    @override
    def move(self, p: Pointer) -> None:
        self._to = p
        self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        start, self._from = self._from, None
        self.repaint.emit()
        if start is None:
            return
        canvas = self.desk.canvas
        moved = p.view - start.view
        if max(abs(moved.x()), abs(moved.y())) > CLICK:
            left, top = min(start.x, p.x), min(start.y, p.y)
            width, height = abs(p.x - start.x), abs(p.y - start.y)
            canvas.show_area(QRectF(left, top, max(width, 1e-3), max(height, 1e-3)))
            return
        anchor = canvas.from_image(QPointF(p.x, p.y))
        if p.holds(Qt.KeyboardModifier.AltModifier):
            canvas.zoom_out(anchor)
        else:
            canvas.zoom_in(anchor)

    @override
    def cancel(self) -> None:
        self._from = None
        self.repaint.emit()

    @override
    def deactivate(self) -> None:
        self.cancel()

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        if self._from is None or self._to is None:
            return
        frame = QRectF(
            canvas.image_to_view(self._from.x, self._from.y),
            canvas.image_to_view(self._to.x, self._to.y),
        ).normalized()
        draw_frame(painter, frame)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.CrossCursor)


def draw_frame(painter: QPainter, frame: QRectF) -> None:
    """A rectangle that shows on any picture: white dashes on a dark line."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, style in ((0, Qt.PenStyle.SolidLine), (255, Qt.PenStyle.DashLine)):
        painter.setPen(QPen(QColor(color, color, color, 200), 1, style))
        painter.drawRect(frame)
