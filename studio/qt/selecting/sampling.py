"""The selection at the resolution of the screen: what the outline and quick mask are drawn from.

Above 100 % the visible pixels are read as they are. Below, tiles are averaged down to the level of
the screen when they first come into view, and again only once they change: the cost follows the
screen, never the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from studio.document import TILE, Array, Raster, Rect
from studio.qt.canvas.viewport import Viewport


@dataclass
class _Level:
    """One level: averaged tiles side by side, and which of them are up to date."""

    pixels: Array
    valid: Array


@dataclass
class Sampler:
    """Samples of one selection after another.

    Attributes:
        selection: what is sampled.
    """

    selection: Raster = field(default_factory=lambda: Raster(channels=1))
    _canvas: tuple[int, int] = (0, 0)
    _levels: dict[int, _Level] = field(default_factory=dict)

    def take(self, selection: Raster, width: int, height: int) -> None:
        """Go on with another selection on a canvas of this size."""
        if (width, height) != self._canvas:
            self._canvas = (width, height)
            self._levels.clear()
        for column, row in self.selection.changed_tiles(selection):
            for level in self._levels.values():
                rows, columns = level.valid.shape
                if 0 <= row < rows and 0 <= column < columns:
                    level.valid[row, column] = False
        self.selection = selection

    def sample(self, port: Viewport, area: Rect, offset: tuple[int, int] = (0, 0)) -> Array:
        """How much is selected at device pixels: H x W uint8, 0 outside of the canvas.

        Args:
            port: where the canvas lies.
            area: device pixels of the view, within the canvas as it is placed.
            offset: canvas pixels by which the selection is moved.
        """
        left, top = port.origin
        level = max(math.floor(math.log2(1 / port.zoom) + 1e-9), 0) if port.zoom < 1 else 0
        level = min(level, 8)
        if area.empty:
            return np.zeros((max(area.height, 0), max(area.width, 0)), np.uint8)
        width, height = self._canvas
        across = _places(area.x, area.right, left, port.zoom, width, offset[0]) >> level
        down = _places(area.y, area.bottom, top, port.zoom, height, offset[1]) >> level
        x, y = int(across[0]), int(down[0])
        part = Rect(x, y, int(across[-1]) - x + 1, int(down[-1]) - y + 1)
        pixels = self._read(level, part)
        return pixels.take(down - y, axis=0).take(across - x, axis=1)

    def _read(self, level: int, part: Rect) -> Array:
        """The pixels of a level; zeros beyond the canvas."""
        if level == 0:
            return self.selection.read(part)[..., 0]
        width, height = self._canvas
        stored = self._levels.get(level)
        if stored is None:
            columns, rows = math.ceil(width / TILE), math.ceil(height / TILE)
            side = TILE >> level
            stored = self._levels[level] = _Level(
                np.zeros((rows * side, columns * side), np.uint8), np.zeros((rows, columns), bool)
            )
        rows, columns = stored.pixels.shape
        inside = part.intersected(Rect(0, 0, columns, rows))
        self._refresh(stored, level, inside)
        if inside == part:
            return stored.pixels[part.y : part.bottom, part.x : part.right]
        out = np.zeros((part.height, part.width), np.uint8)
        out[
            inside.y - part.y : inside.bottom - part.y, inside.x - part.x : inside.right - part.x
        ] = stored.pixels[inside.y : inside.bottom, inside.x : inside.right]
        return out

    def _refresh(self, stored: _Level, level: int, part: Rect) -> None:
        """Bring the tiles under a part of a level up to date."""
        if part.empty:
            return
        side = TILE >> level
        first_row, first_column = part.y // side, part.x // side
        rows = slice(first_row, (part.bottom - 1) // side + 1)
        columns = slice(first_column, (part.right - 1) // side + 1)
        for down, across in np.argwhere(~stored.valid[rows, columns]).tolist():
            row, column = first_row + down, first_column + across
            tile = self.selection.tiles.get((column, row))
            target = stored.pixels[
                row * side : (row + 1) * side, column * side : (column + 1) * side
            ]
            if tile is None:
                target[...] = 0
            else:
                target[...] = cv2.resize(tile[..., 0], (side, side), interpolation=cv2.INTER_AREA)
            stored.valid[row, column] = True


def _places(start: int, stop: int, origin: int, zoom: float, count: int, offset: int) -> Array:
    """The canvas columns (or rows) under device pixels, as they are before they were moved."""
    middles = (np.arange(start, stop) + 0.5 - origin) / zoom
    # The outermost device pixels of a canvas may lie beyond it by less than half of one.
    places: Array = np.clip(np.floor(middles).astype(np.int64), 0, count - 1) - offset
    return places
