"""Selecting with the free hand and by corners."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen
from typing_extensions import override

from studio.document.regions import Mode, polygon
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_
from studio.qt.selecting.tool import CLICK, SelectTool, draw_path
from studio.qt.tools.base import Pointer, ToolDesk

CLOSE = 8.0
"""Logical pixels around the first corner in which a click closes a polygon."""


class OutlineTool(SelectTool):
    """An outline of points."""

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._points: list[tuple[float, float]] = []
        self._mode = Mode.REPLACE

    @property
    @override
    def busy(self) -> bool:
        return super().busy or bool(self._points)

    @override
    def cancel(self) -> None:
        self._points.clear()
        super().cancel()

    def close_outline(self) -> None:
        """Select what the points surround."""
        points, self._points = self._points, []
        picture = self._picture()
        self.repaint.emit()
        if picture is None:
            return
        if len(points) < 3:
            self.deselect(self._mode)
            return
        antialias = self.values.flag("antialias")
        made = partial(polygon, points, picture.bounds, antialias=antialias)
        self.select(made, self._mode)

    def path(self, canvas: CanvasView) -> QPainterPath:
        """The points so far, in device pixels."""
        path = QPainterPath()
        for number, point in enumerate(self._points):
            place = canvas.image_to_view(*point)
            path.lineTo(place) if number else path.moveTo(place)
        return path


class LassoTool(OutlineTool):
    """Follows the pointer."""

    id = "lasso"
    title = N_("Lasso")
    icon = "lasso"
    shortcut = "L"
    hint = N_("Drag around what is to be selected. Shift adds, Alt subtracts, both intersect.")

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._last = QPointF()

    @override
    def press(self, p: Pointer) -> None:
        if self.begin_move(p):
            return
        self._mode = self.mode(p)
        self._points = [(p.x, p.y)]
        self._last = p.view

    @override
    def move(self, p: Pointer) -> None:
        if self.moving:
            self.drag_outline(p)
        elif self._points and (p.view - self._last).manhattanLength() >= 1:
            self._points.append((p.x, p.y))
            self._last = p.view
            self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        if self.moving:
            if not self.drop_outline(p):
                self.deselect(Mode.REPLACE)
        elif self._points:
            self.move(p)
            self.close_outline()

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        if self._points:
            draw_path(painter, self.path(canvas), canvas.ratio)


class PolygonTool(OutlineTool):
    """Corner by corner."""

    id = "select-polygon"
    title = N_("Polygon selection")
    icon = "select-polygon"
    shortcut = "Shift+L"
    hint = N_(
        "Click the corners; double-click, Enter or the first corner closes, Backspace takes the "
        "last one back, Esc cancels."
    )
    moves_inside: ClassVar[bool] = False

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._end: QPointF | None = None

    @override
    def wants(self, event: QKeyEvent) -> bool:
        taken = event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
        return super().wants(event) or (self.busy and taken)

    @override
    def press(self, p: Pointer) -> None:
        self._end = p.view
        if not self._points:
            self._mode = self.mode(p)
        elif len(self._points) >= 3 and self._near_first(p):
            self.close_outline()
            return
        self._points.append((p.x, p.y))
        self.repaint.emit()

    @override
    def double_click(self, p: Pointer) -> None:
        # Its first press has set the last corner.
        if len(self._points) >= 3:
            self.close_outline()
        elif not self._points or (p.view - self._place(-1)).manhattanLength() >= CLICK:
            self.press(p)

    @override
    def move(self, p: Pointer) -> None:
        self.hover(p)

    @override
    def hover(self, p: Pointer) -> None:
        self._end = p.view
        if self._points:
            self.repaint.emit()

    @override
    def commit(self) -> None:
        self.close_outline()

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        if self._points and event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self._points.pop()
            self.repaint.emit()
            return True
        return super().key_press(event)

    def _place(self, number: int) -> QPointF:
        return self.desk.canvas.image_to_view(*self._points[number])

    def _near_first(self, p: Pointer) -> bool:
        return (p.view - self._place(0)).manhattanLength() <= CLOSE * self.desk.canvas.ratio

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        if not self._points:
            return
        path = self.path(canvas)
        if self._end is not None:
            path.lineTo(self._end)
        draw_path(painter, path, canvas.ratio)
        painter.setBrush(QColor(255, 255, 255))
        painter.setPen(QPen(QColor(0, 0, 0), canvas.ratio))
        side = 3 * canvas.ratio
        for point in self._points:
            painter.drawEllipse(canvas.image_to_view(*point), side, side)
