"""Painting pictures: all coordinates are device pixels of the view."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPixmap, QRegion

from studio.document import Array, Rect
from studio.qt.canvas.display import Display

CRISP = 2.0
"""From this zoom on, pixels are shown as squares."""
GRID_ABOVE = 8.0
GRID_GRAY = (55, 55, 55, 110)
"""Premultiplied: half gray at 43 %, which shows on every colour."""


@dataclass(frozen=True)
class Placement:
    """Where a picture lies: its left top corner and the size of one of its pixels."""

    x: float
    y: float
    scale_x: float
    scale_y: float


@dataclass(frozen=True)
class Colors:
    """Neutral grays for everything around a picture, so that its colours are judged fairly."""

    background: QColor
    border: QColor
    checks: tuple[QColor, QColor]

    @classmethod
    def of(cls, palette: QPalette) -> Colors:
        """The grays that suit a palette."""
        level = palette.color(QPalette.ColorRole.Window).lightness()
        dark = level < 128
        background = _gray(level * 0.72 if dark else level * 0.86)
        checks = (_gray(68), _gray(88)) if dark else (_gray(204), _gray(244))
        return cls(background, _gray(0 if dark else 128), checks)


def as_qrect(rect: Rect) -> QRect:
    """The same rectangle for Qt."""
    return QRect(rect.x, rect.y, rect.width, rect.height)


def checkerboard(colors: tuple[QColor, QColor], cell: int) -> QPixmap:
    """A tile of the pattern under transparency, large enough to be repeated cheaply."""
    size = 2 * cell * math.ceil(128 / cell)
    pixmap = QPixmap(size, size)
    pixmap.fill(colors[0])
    painter = QPainter(pixmap)
    for row in range(size // cell):
        for column in range(row % 2, size // cell, 2):
            painter.fillRect(column * cell, row * cell, cell, cell, colors[1])
    painter.end()
    return pixmap


def draw_checkerboard(painter: QPainter, rect: QRect, pattern: QPixmap) -> None:
    """Fill ``rect`` with cells that stay where they are on the screen when the picture moves."""
    offset = QPoint(rect.x() % pattern.width(), rect.y() % pattern.height())
    painter.drawTiledPixmap(rect, pattern, offset)


def draw_display(
    painter: QPainter, display: Display, placement: Placement, clip: QRegion, pattern: QPixmap
) -> None:
    """Draw a picture over the checkerboard inside ``clip``.

    While it is being built, its preview fills the parts that are not ready.
    """
    seen = clip.boundingRect()
    if seen.isEmpty():
        return
    scale = min(placement.scale_x, placement.scale_y)
    level = display.level_for(scale)
    in_picture = _source(placement, seen, display.picture.bounds)
    if display.building:
        display.prioritise(in_picture)
    parts = display.sharp(level, in_picture)
    if parts is None:
        draw_checkerboard_in(painter, clip, pattern)
        painter.setClipRegion(clip)
        _draw_level(painter, display, level, placement, seen)
        return
    ready = QRegion()
    for part in parts:
        ready += _covered(placement, part)
    for region, shown in ((clip - ready, display.preview_level), (clip & ready, level)):
        if not region.isEmpty():
            draw_checkerboard_in(painter, region, pattern)
            painter.setClipRegion(region)
            _draw_level(painter, display, shown, placement, seen)


def draw_checkerboard_in(painter: QPainter, region: QRegion, pattern: QPixmap) -> None:
    """Fill a region with the checkerboard; leaves it as the clip."""
    painter.setClipRegion(region)
    draw_checkerboard(painter, region.boundingRect(), pattern)


def draw_image(painter: QPainter, image: QImage, target: QRectF, source: QRectF) -> None:
    """Draw a part of an image; squares from 200 % on, smooth below, untouched at 100 %."""
    scale = target.width() / source.width()
    smooth = scale < CRISP - 1e-9
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, image, source)


def draw_grid(painter: QPainter, zoom: float, origin: tuple[int, int], canvas: QRect) -> None:
    """Lines of one device pixel between the pixels of the picture, inside ``canvas`` in view."""
    columns = _lines(canvas.left(), canvas.width(), origin[0], zoom)
    rows = _lines(canvas.top(), canvas.height(), origin[1], zoom)
    # All vertical lines at once, as one row that is stretched: one by one they cost a span each
    # on every row of the screen.
    row = np.zeros((1, canvas.width(), 4), np.uint8)
    row[0, columns] = GRID_GRAY
    form = QImage.Format.Format_ARGB32_Premultiplied
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(canvas, QImage(row.data, canvas.width(), 1, row.nbytes, form))
    line = QColor(128, 128, 128, GRID_GRAY[3])
    for y in rows:
        painter.fillRect(canvas.left(), canvas.top() + int(y), canvas.width(), 1, line)


def draw_border(painter: QPainter, canvas: QRect, color: QColor) -> None:
    """A line of one device pixel around the canvas."""
    painter.setPen(color)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(canvas.adjusted(-1, -1, 0, 0))


def _lines(start: int, length: int, origin: int, zoom: float) -> Array:
    """Offsets from ``start`` of the lines between pixels within ``length`` device pixels."""
    first = max(math.floor((start - origin) / zoom), 1)
    indices = np.arange(first, math.ceil((start + length - origin) / zoom) + 1)
    offsets: Array = origin - start + np.floor(indices * zoom + 0.5).astype(int)
    return offsets[(offsets >= 0) & (offsets < length)]


def _source(placement: Placement, seen: QRect, bounds: Rect) -> Rect:
    """The pixels of a picture under the device pixels ``seen``, and one more on each side."""
    x = math.floor((seen.left() - placement.x) / placement.scale_x) - 1
    y = math.floor((seen.top() - placement.y) / placement.scale_y) - 1
    right = math.ceil((seen.right() + 1 - placement.x) / placement.scale_x) + 1
    bottom = math.ceil((seen.bottom() + 1 - placement.y) / placement.scale_y) + 1
    return Rect(x, y, right - x, bottom - y).intersected(bounds)


def _covered(placement: Placement, part: Rect) -> QRect:
    """Device pixels that lie wholly on ``part`` of the picture."""
    x = math.ceil(placement.x + part.x * placement.scale_x)
    y = math.ceil(placement.y + part.y * placement.scale_y)
    right = math.floor(placement.x + part.right * placement.scale_x)
    bottom = math.floor(placement.y + part.bottom * placement.scale_y)
    return QRect(x, y, right - x, bottom - y)


def _draw_level(
    painter: QPainter, display: Display, level: int, placement: Placement, seen: QRect
) -> None:
    """Draw what is in view of a level; only whole pixels of it, so that partial frames agree."""
    image, size = display.images[level], 1 << level
    scale_x, scale_y = placement.scale_x * size, placement.scale_y * size
    at_level = Placement(placement.x, placement.y, scale_x, scale_y)
    part = _source(at_level, seen, Rect(0, 0, image.width(), image.height()))
    if part.empty:
        return
    # The last pixel of a level may reach beyond the picture by less than its own size.
    width = min(part.right, display.picture.width / size) - part.x
    height = min(part.bottom, display.picture.height / size) - part.y
    target = QRectF(
        placement.x + part.x * scale_x,
        placement.y + part.y * scale_y,
        width * scale_x,
        height * scale_y,
    )
    draw_image(painter, image, target, QRectF(part.x, part.y, width, height))


def _gray(level: float) -> QColor:
    value = round(min(max(level, 0), 255))
    return QColor(value, value, value)
