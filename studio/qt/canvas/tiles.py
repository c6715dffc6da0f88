"""Tiles of a running job, drawn where they will be in the result."""

from __future__ import annotations

import math
from typing import Protocol

import cv2
import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QRegion

from studio.document import Array, Rect
from studio.qt.canvas.pyramid import ToDisplay, premultiplied, to_eight_bits
from studio.qt.canvas.rendering import as_qrect, draw_image
from studio.qt.canvas.viewport import Viewport

LARGEST_RESULT = 16_000_000
"""Pixels kept of a whole result; tiles of a larger one are shrunk when they arrive."""


class TilePreview(Protocol):
    """What a job reports of a finished tile."""

    @property
    def x(self) -> int:
        """Left column in the result."""

    @property
    def y(self) -> int:
        """Top row in the result."""

    @property
    def pixels(self) -> Array:
        """H x W x 3 or 4, uint8, straight alpha."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole result."""

    @property
    def area(self) -> Rect:
        """The canvas rectangle that the whole result covers."""


class TileStore:
    """The tiles that have arrived, as images no larger than they need to be."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[float, float, float, float], tuple[QImage, Array]] = {}
        self._of: tuple[tuple[int, int], Rect] | None = None

    def __bool__(self) -> bool:
        return bool(self._tiles)

    @property
    def area(self) -> Rect | None:
        """The canvas rectangle that the whole result covers; None without tiles."""
        return self._of[1] if self._of is not None else None

    def clear(self) -> None:
        """Forget all tiles."""
        self._tiles.clear()
        self._of = None

    def add(self, tile: TilePreview, to_display: ToDisplay | None, icc: bytes | None) -> QRectF:
        """Keep a tile, on top of older ones; returns the canvas rectangle it covers.

        A tile of a result of another size or place begins anew.
        """
        if self._of != (tile.size, tile.area):
            self.clear()
            self._of = (tile.size, tile.area)
        image, memory = _image(tile, to_display, icc)
        scale_x, scale_y = tile.area.width / tile.size[0], tile.area.height / tile.size[1]
        height, width = tile.pixels.shape[:2]
        x, y = tile.area.x + tile.x * scale_x, tile.area.y + tile.y * scale_y
        key = (x, y, width * scale_x, height * scale_y)
        self._tiles.pop(key, None)
        self._tiles[key] = (image, memory)
        return QRectF(*key)

    def draw(self, painter: QPainter, viewport: Viewport, clip: QRegion) -> None:
        """Draw the tiles in view; their edges lie on whole device pixels, so none show between."""
        painter.setClipRegion(clip)
        for (x, y, width, height), (image, _) in self._tiles.items():
            left, top = (math.floor(value + 0.5) for value in viewport.from_image(x, y))
            right, bottom = (
                math.floor(value + 0.5) for value in viewport.from_image(x + width, y + height)
            )
            placed = Rect(left, top, max(right - left, 1), max(bottom - top, 1))
            if clip.intersects(as_qrect(placed)):
                draw_image(painter, image, QRectF(*placed), QRectF(image.rect()))


def _image(
    tile: TilePreview, to_display: ToDisplay | None, icc: bytes | None
) -> tuple[QImage, Array]:
    """A tile as a premultiplied image, and the memory that it shares."""
    pixels = tile.pixels
    if pixels.shape[2] == 3:
        pixels = np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2RGBA))
    if to_display is not None:
        pixels = to_display(pixels, icc)
    pixels = to_eight_bits(pixels)
    memory = np.empty_like(pixels, order="C")
    premultiplied(pixels, memory)
    excess = math.sqrt(tile.size[0] * tile.size[1] / LARGEST_RESULT)
    if excess > 1:
        width, height = (
            max(round(side / excess), 1) for side in (pixels.shape[1], pixels.shape[0])
        )
        memory = np.ascontiguousarray(
            cv2.resize(memory, (width, height), interpolation=cv2.INTER_AREA)
        )
    height, width = memory.shape[:2]
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(memory.data, width, height, width * 4, form), memory
