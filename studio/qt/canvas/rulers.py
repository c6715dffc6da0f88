"""Rulers along the top and left edge, in picture pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette

from studio.qt.canvas.viewport import Viewport

THICKNESS = 20
LABEL_ROOM = 64


def tick_step(zoom: float, room: float) -> int:
    """Picture pixels between two labels: 1, 2 or 5 times a power of ten, ``room`` or more apart."""
    needed = max(room / zoom, 1)
    power = 10 ** math.floor(math.log10(needed) + 1e-9)
    return int(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= needed - 1e-9))


@dataclass(frozen=True)
class Rulers:
    """Paints both rulers; the view lies right of and below them.

    Attributes:
        viewport: where the picture lies in the view.
        ratio: device pixels per logical pixel.
        palette: colours of the theme.
        font: the widget's font; labels are smaller.
    """

    viewport: Viewport
    ratio: float
    palette: QPalette
    font: QFont

    @property
    def thickness(self) -> int:
        """Device pixels that a ruler is wide."""
        return round(THICKNESS * self.ratio)

    def draw(self, painter: QPainter, cursor: QPointF | None) -> None:
        """Paint with (0, 0) at the top left corner of the view; ``cursor`` in the view."""
        size, view = self.thickness, self.viewport
        back = self.palette.color(QPalette.ColorRole.Window)
        painter.fillRect(-size, -size, view.width + size, size, back)
        painter.fillRect(-size, 0, size, view.height, back)
        small = QFont(self.font)
        small.setPixelSize(max(round(9 * self.ratio), 1))
        painter.setFont(small)
        ink = QColor(self.palette.color(QPalette.ColorRole.WindowText))
        ink.setAlpha(190)
        painter.setPen(ink)
        painter.save()
        painter.setClipRect(QRect(0, -size, view.width, size))
        self._draw_ticks(painter, view.origin[0], view.width)
        painter.restore()
        painter.save()
        # Turned around the corner: along the left ruler "to the right" becomes "down".
        painter.setClipRect(QRect(-size, 0, size, view.height))
        painter.rotate(90)
        painter.scale(1, -1)
        self._draw_ticks(painter, view.origin[1], view.height, mirrored=True)
        painter.restore()
        self._draw_marker(painter, cursor)

    def _draw_ticks(
        self, painter: QPainter, origin: int, length: int, mirrored: bool = False
    ) -> None:
        zoom, size = self.viewport.zoom, self.thickness
        step = tick_step(zoom, LABEL_ROOM * self.ratio)
        part = step // 5 if step % 5 == 0 else max(step // 2, 1)
        first = math.floor(-origin / zoom / part) * part - step
        last = math.ceil((length - origin) / zoom)
        line = max(round(self.ratio), 1)
        ink = painter.pen().color()
        for value in range(first - first % part, last + part, part):
            at = origin + math.floor(value * zoom + 0.5)
            labelled = value % step == 0
            tall = size if labelled else round(size * 0.3)
            painter.fillRect(at, -tall, line, tall, ink)
            if labelled:
                self._draw_label(painter, at, str(value), mirrored)

    def _draw_label(self, painter: QPainter, at: int, text: str, mirrored: bool) -> None:
        size = self.thickness
        box = QRectF(at + 3 * self.ratio, -size, LABEL_ROOM * self.ratio, size * 0.65)
        if mirrored:
            painter.save()
            painter.translate(0, box.center().y())
            painter.scale(1, -1)
            painter.translate(0, -box.center().y())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if mirrored:
            painter.restore()

    def _draw_marker(self, painter: QPainter, cursor: QPointF | None) -> None:
        if cursor is None:
            return
        color = self.palette.color(QPalette.ColorRole.Highlight)
        line, size = max(round(self.ratio), 1), self.thickness
        x, y = math.floor(cursor.x()), math.floor(cursor.y())
        if 0 <= x < self.viewport.width:
            painter.fillRect(x, -size, line, size, color)
        if 0 <= y < self.viewport.height:
            painter.fillRect(-size, y, size, line, color)
