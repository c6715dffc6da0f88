"""A result over the picture, with a divider between before and after."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from studio.document import Picture, Rect

GRAB = 12.0
HANDLE = 11.0


@dataclass(frozen=True)
class Overlay:
    """A result that floats over the document until it is applied or discarded.

    Attributes:
        after: the result; it may have another size, as after upscaling, and is then scaled.
        area: the canvas rectangle that ``after`` covers; None = the whole canvas. Around it the
            document shows.
        label_before: text at the left of the divider.
        label_after: text at its right.
        divided: whether there is a divider; without one the result covers all of its area.
    """

    after: Picture
    area: Rect | None = None
    label_before: str = "Before"
    label_after: str = "After"
    divided: bool = True

    def covered(self, canvas: Rect) -> Rect:
        """The canvas rectangle that the result covers."""
        return canvas if self.area is None else self.area


@dataclass(frozen=True)
class Divider:
    """The line between before and after, over the part of the result that is in view.

    So it can always be reached, however far the picture is enlarged.

    Attributes:
        shown: device pixels of the result in view; empty if it is out of view.
        position: 0 = all after, 1 = all before.
        ratio: device pixels per logical pixel.
    """

    shown: QRect
    position: float
    ratio: float

    @property
    def x(self) -> int:
        """The device column where "after" begins."""
        return self.shown.x() + round(self.position * self.shown.width())

    def hit(self, point: QPointF) -> bool:
        """Whether a device point is near enough to grab the line."""
        if self.shown.isEmpty():
            return False
        near = abs(point.x() - self.x) <= GRAB / 2 * self.ratio
        on_handle = (point - self.handle).manhattanLength() <= HANDLE * self.ratio
        return on_handle or (near and self.shown.top() <= point.y() <= self.shown.bottom())

    @property
    def handle(self) -> QPointF:
        """The middle of the round handle."""
        return QPointF(self.x, self.shown.y() + self.shown.height() / 2)

    def position_at(self, x: float) -> float:
        """The position that puts the line at a device column."""
        return min(max((x - self.shown.x()) / max(self.shown.width(), 1), 0.0), 1.0)

    def draw(self, painter: QPainter, labels: tuple[str, str], font: QFont) -> None:
        """Paint the line, its handle and the labels."""
        if self.shown.isEmpty():
            return
        dark, light = QColor(0, 0, 0, 150), QColor(255, 255, 255)
        unit = max(round(self.ratio), 1)
        top, height = self.shown.top(), self.shown.height()
        painter.fillRect(self.x - 2 * unit, top, 4 * unit, height, QColor(0, 0, 0, 90))
        painter.fillRect(self.x - unit, top, 2 * unit, height, light)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        radius = HANDLE * self.ratio
        painter.setPen(dark)
        painter.setBrush(light)
        painter.drawEllipse(self.handle, radius, radius)
        self._draw_arrows(painter)
        self._draw_labels(painter, labels, font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_arrows(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(40, 40, 40))
        unit = self.ratio
        for side in (-1, 1):
            tip = self.handle + QPointF(side * 7 * unit, 0)
            base = self.handle + QPointF(side * 3 * unit, 0)
            up = QPointF(0, 4 * unit)
            painter.drawPolygon([tip, base - up, base + up])

    def _draw_labels(self, painter: QPainter, labels: tuple[str, str], font: QFont) -> None:
        sized = QFont(font)
        size = font.pixelSize() if font.pixelSize() > 0 else font.pointSizeF() * 96 / 72
        sized.setPixelSize(max(round(size * self.ratio), 1))
        metrics = QFontMetricsF(sized)
        gap, pad = 8 * self.ratio, 8 * self.ratio
        painter.setFont(sized)
        for side, text in zip((-1, 1), labels, strict=True):
            if not text:
                continue
            width = metrics.horizontalAdvance(text) + 2 * pad
            left = self.x + gap if side > 0 else self.x - gap - width
            room = self.shown.right() + 1 - self.x if side > 0 else self.x - self.shown.left()
            if room < width + gap:
                continue
            pill = QRectF(left, self.shown.top() + gap, width, metrics.height() + pad / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 170))
            painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
            painter.setPen(QColor(255, 255, 255))
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
