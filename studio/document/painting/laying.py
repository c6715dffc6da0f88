"""Laying ink on many tiles at once: fills, gradients and the end of a heal stroke."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.document.geometry import Rect
from studio.document.painting.inks import Ink
from studio.document.painting.target import Target, in_tiles, slices
from studio.document.tiles import TILE, Array, Index, Raster

Weight = Callable[[Rect], Array | None]
"""H x W float32 in [0, 1] for a rectangle inside one tile; None where there is nothing to lay."""


def laid(target: Target, ink: Ink, weight: Weight, area: Rect) -> Raster:
    """The target's raster with ``ink`` on it by ``weight``, within canvas and selection.

    Tiles in which nothing changes are shared with the target's raster.
    """
    changed: dict[Index, Array | None] = {}
    raster = target.raster
    empty = np.zeros((TILE, TILE, raster.channels), raster.dtype)
    for index, part in in_tiles(area.intersected(target.bounds)):
        wanted = weight(part)
        wanted = None if wanted is None else target.selected(part, wanted)
        if wanted is None or not wanted.any():
            continue
        before = raster.tiles.get(index, empty)
        where = slices(part)
        painted = ink.applied(before[where], wanted, part)
        if not np.array_equal(painted, before[where]):
            tile = before.copy()
            tile[where] = painted
            changed[index] = tile
    return raster.with_tiles(changed)


def from_mask(mask: Array, opacity: float = 1.0) -> Weight:
    """The weight of an H x W uint8 mask of the canvas, 255 = full."""

    def weight(rect: Rect) -> Array | None:
        part = mask[rect.y : rect.bottom, rect.x : rect.right]
        if not part.any():
            return None
        return part.astype(np.float32) * np.float32(opacity / 255)

    return weight


def everywhere(opacity: float = 1.0) -> Weight:
    """The same weight for every pixel."""
    return lambda rect: np.full((rect.height, rect.width), opacity, np.float32)
