"""Quick mask: what is not selected lies under a veil of colour."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter

from studio.document import Array, Rect
from studio.qt.canvas import CanvasView
from studio.qt.selecting.sampling import Sampler
from studio.qt.selecting.state import SelectionView

SHIFTS = (24, 16, 8, 0)


class Veil:
    """Draws the veil over the picture while quick mask is on.

    Args:
        view: whether it is on, its colour and opacity.
    """

    def __init__(self, view: SelectionView) -> None:
        self._view = view
        self._sampler = Sampler()
        self._pixels: Array = np.zeros((1, 1), np.uint32)
        self._pixels_of: object = None

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw it in device pixels; without a selection nothing is veiled."""
        document = canvas.document
        selection = None if document is None else self._view.shown(document.picture)
        if document is None or not self._view.quick_mask or selection is None:
            self._pixels_of = None
            return
        port, picture = canvas.viewport, document.picture
        window = Rect(0, 0, port.width, port.height)
        area = port.placed(picture.bounds).intersected(window)
        options = self._view.options
        key = (port.origin, port.zoom, area, self._view.offset, options["mask_color"],
               options["mask_opacity"])  # fmt: skip
        if area.empty:
            return
        if key != self._pixels_of or self._sampler.selection is not selection:
            self._sampler.take(selection, picture.width, picture.height)
            values = self._sampler.sample(port, area, self._view.offset)
            self._pixels = self._colors().take(values)
            self._pixels_of = key
        width, height = area.width, area.height
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(self._pixels.data, width, height, width * 4, form)
        painter.drawImage(QPoint(area.x, area.y), image)

    def _colors(self) -> Array:
        """Premultiplied ARGB by how much is selected."""
        color = QColor(self._view.options["mask_color"])
        opacity = self._view.options["mask_opacity"] / 100
        table = []
        for value in range(256):
            alpha = (255 - value) / 255 * opacity
            parts = (255, color.red(), color.green(), color.blue())
            table.append(
                sum(round(alpha * part) << shift for part, shift in zip(parts, SHIFTS, strict=True))
            )
        return np.array(table, np.uint32)
