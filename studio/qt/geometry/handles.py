"""Boxes with handles: where they are, which one is meant, how they look."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from studio.qt.canvas import CanvasView

SIZE = 9
"""Logical pixels that a handle is wide."""
GRAB = 9
"""Logical pixels around its middle in which it is taken hold of."""
UNIT = ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0), (0.0, 1.0),
        (0.0, 0.5))  # fmt: skip
"""The eight handles of a box from 0 to 1, clockwise from the top left corner."""
CURSORS = (
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
    Qt.CursorShape.SizeHorCursor,
) * 2


def nearest(points: Sequence[QPointF], at: QPointF, ratio: float) -> int | None:
    """The index of the point that is meant by a press at ``at``, all in device pixels."""
    reach = GRAB * ratio
    found = [
        (max(abs(point.x() - at.x()), abs(point.y() - at.y())), index)
        for index, point in enumerate(points)
    ]
    distance, index = min(found, default=(reach + 1, 0))
    return index if distance <= reach else None


def draw_handles(painter: QPainter, points: Sequence[QPointF], ratio: float) -> None:
    """White squares with a dark edge, which show on any picture."""
    size = round(SIZE * ratio)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(30, 30, 30), max(round(ratio), 1)))
    painter.setBrush(QColor(255, 255, 255))
    for point in points:
        x, y = round(point.x()) - size // 2, round(point.y()) - size // 2
        painter.drawRect(x, y, size - 1, size - 1)
    painter.restore()


def draw_outline(painter: QPainter, corners: Sequence[QPointF], ratio: float) -> None:
    """A closed line, white on dark."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    slanted = any(
        min(abs(a.x() - b.x()), abs(a.y() - b.y())) > 0.5
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, slanted)
    for color, width in ((QColor(0, 0, 0, 150), 3 * ratio), (QColor(255, 255, 255), ratio)):
        painter.setPen(QPen(color, width))
        painter.drawPolygon(QPolygonF(list(corners)))
    painter.restore()


def shade_outside(painter: QPainter, canvas: CanvasView, corners: Sequence[QPointF]) -> None:
    """Darken the view outside a quadrilateral."""
    path = QPainterPath()
    path.addRect(QRectF(0, 0, canvas.viewport.width, canvas.viewport.height))
    inner = QPainterPath()
    inner.addPolygon(QPolygonF([*corners, corners[0]]))
    painter.fillPath(path - inner, QColor(0, 0, 0, 140))


def resized_cursor(handle: int, degrees: float = 0.0) -> Qt.CursorShape:
    """The arrow for a handle of a box that is turned clockwise."""
    return CURSORS[(handle + round(degrees / 45)) % 8]
