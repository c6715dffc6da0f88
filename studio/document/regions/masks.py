"""Selections as rasters: the shared tile of what is wholly selected, and making them of arrays."""

from __future__ import annotations

import numpy as np

from studio.document.geometry import Rect
from studio.document.tiles import TILE, Array, Index, Raster, indices

FULL: Array = np.full((TILE, TILE, 1), 255, np.uint8)
"""The one tile of everything that is wholly selected; shared, never written."""
FULL.flags.writeable = False


def frozen(tile: Array) -> Array:
    """The tile, made read-only, or `FULL` if it is equal to that."""
    if tile.min() == 255:
        return FULL
    tile.flags.writeable = False
    return tile


def from_mask(mask: Array, x: int = 0, y: int = 0) -> Raster:
    """A selection of H x W uint8 ``mask`` at (x, y); empty tiles are left out, full ones shared."""
    area = Rect(x, y, mask.shape[1], mask.shape[0])
    tiles: dict[Index, Array] = {}
    for index in indices(area):
        left, top = index[0] * TILE, index[1] * TILE
        part = area.intersected(Rect(left, top, TILE, TILE))
        values = mask[part.y - y : part.bottom - y, part.x - x : part.right - x]
        if not values.any():
            continue
        tile = np.zeros((TILE, TILE, 1), np.uint8)
        tile[part.y - top : part.bottom - top, part.x - left : part.right - left, 0] = values
        tiles[index] = frozen(tile)
    return Raster(np.uint8, 1, tiles)


def filled_rectangle(rect: Rect) -> Raster:
    """A selection of whole pixels: everything in ``rect``."""
    tiles: dict[Index, Array] = {}
    for column, row in indices(rect):
        left, top = column * TILE, row * TILE
        part = rect.intersected(Rect(left, top, TILE, TILE))
        if (part.width, part.height) == (TILE, TILE):
            tiles[column, row] = FULL
            continue
        tile = np.zeros((TILE, TILE, 1), np.uint8)
        tile[part.y - top : part.bottom - top, part.x - left : part.right - left] = 255
        tiles[column, row] = frozen(tile)
    return Raster(np.uint8, 1, tiles)
