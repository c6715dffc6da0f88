"""The pattern behind transparent pixels in thumbnails."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap

CHECK = 4
"""Side of one check in logical pixels."""

LIGHT, DARK = "#ffffff", "#cfcfcf"


@lru_cache(maxsize=4)
def _pattern(light: str, dark: str) -> QImage:
    image = QImage(2 * CHECK, 2 * CHECK, QImage.Format.Format_RGB32)
    image.fill(QColor(light))
    painter = QPainter(image)
    painter.fillRect(0, 0, CHECK, CHECK, QColor(dark))
    painter.fillRect(CHECK, CHECK, CHECK, CHECK, QColor(dark))
    painter.end()
    return image


def paint_checkerboard(painter: QPainter, area: QRect) -> None:
    """Fill ``area``, the pattern beginning in its corner."""
    origin = painter.brushOrigin()
    painter.setBrushOrigin(area.topLeft())
    painter.fillRect(area, QBrush(_pattern(LIGHT, DARK)))
    painter.setBrushOrigin(origin)


def fitted(size: QSize, area: QRect) -> QRect:
    """The largest rectangle of the shape of ``size`` in the middle of ``area``, at least 1 x 1."""
    if size.isEmpty():
        return QRect(area.center(), QSize(1, 1))
    scale = min(area.width() / size.width(), area.height() / size.height())
    width, height = max(round(size.width() * scale), 1), max(round(size.height() * scale), 1)
    corner = QPoint((area.width() - width) // 2, (area.height() - height) // 2)
    return QRect(area.topLeft() + corner, QSize(width, height))


def paint_thumbnail(painter: QPainter, pixmap: QPixmap, area: QRect) -> QRect:
    """Draw a picture into ``area``, keeping its shape, on checks; returns where it lies."""
    place = fitted(pixmap.size(), area)
    if pixmap.hasAlphaChannel():
        paint_checkerboard(painter, place)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(QRectF(place), pixmap, QRectF(pixmap.rect()))
    return place
