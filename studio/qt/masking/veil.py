"""A mask over the picture, in color where something will change."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter

from studio.document import Array, Raster, Rect
from studio.qt.canvas import CanvasView
from studio.qt.selecting.sampling import Sampler
from studio.qt.selecting.veil import SHIFTS

COLOR = QColor(255, 40, 90)
OPACITY = 0.5


class MaskVeil:
    """Draws one mask, in device pixels, and keeps what it has drawn until something moves."""

    def __init__(self) -> None:
        self._sampler = Sampler()
        self._pixels: Array = np.zeros((1, 1), np.uint32)
        self._drawn: object = None
        self._colors = _colors()

    def paint(self, painter: QPainter, canvas: CanvasView, mask: Raster) -> None:
        """Draw a mask of the canvas's document over it."""
        document = canvas.document
        if document is None:
            return
        port, picture = canvas.viewport, document.picture
        area = port.placed(picture.bounds).intersected(Rect(0, 0, port.width, port.height))
        if area.empty:
            return
        key = (port.origin, port.zoom, area)
        if key != self._drawn or self._sampler.selection is not mask:
            self._sampler.take(mask, picture.width, picture.height)
            self._pixels = self._colors.take(self._sampler.sample(port, area))
            self._drawn = key
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(self._pixels.data, area.width, area.height, area.width * 4, form)
        painter.drawImage(QPoint(area.x, area.y), image)


def _colors() -> Array:
    """Premultiplied ARGB by how much is masked."""
    parts = (255, COLOR.red(), COLOR.green(), COLOR.blue())
    return np.array(
        [
            sum(
                round(value / 255 * OPACITY * part) << shift
                for part, shift in zip(parts, SHIFTS, strict=True)
            )
            for value in range(256)
        ],
        np.uint32,
    )
