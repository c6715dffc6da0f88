"""Clearing and filling what is selected, as edits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.document.edits import Edit
from studio.document.painting import Target
from studio.document.picture import Picture, tile_rect
from studio.document.regions.masks import FULL, filled_rectangle
from studio.document.tiles import TILE, Array, Index, Raster

Change = Callable[[Array, Array], Array]
Find = Callable[[Picture], Target]
"""What an edit is to change; raises UserError if that is locked, hidden or a group."""


def clear_selected(find: Find = Target.of) -> Edit:
    """Make what is selected of the target transparent; of a mask, hidden.

    Without a selection that is everything on the canvas. Colours stay under the transparency. The
    edit raises UserError as ``find`` does.
    """

    def cleared(old: Array, weight: Array) -> Array:
        new = old.copy()
        kept = 255 - weight[..., 0].astype(np.uint32)
        alpha = old[..., -1].astype(np.uint32)
        new[..., -1] = (alpha * kept + 127) // 255
        return new

    return lambda picture: _changed(find(picture), cleared)


def fill_selected(color: Callable[[Target], tuple[int, ...]], find: Find = Target.of) -> Edit:
    """Fill what is selected of the target with an opaque colour.

    Args:
        color: as the target takes it: RGB in the picture's profile and depth, or one value for a
            mask.
        find: what is filled.
    """

    def edit(picture: Picture) -> Picture:
        target = find(picture)
        paint = color(target)

        def painted(old: Array, weight: Array) -> Array:
            pixels = np.empty_like(old)
            pixels[...] = paint if target.on_mask else (*paint, np.iinfo(old.dtype).max)
            if weight is FULL:
                return pixels
            whole = Raster(old.dtype, old.shape[2], {(0, 0): old})
            share = weight[..., 0].astype(np.float32) / np.float32(255)
            return whole.blend(0, 0, pixels, share).tiles.get((0, 0), old)

        return _changed(target, painted)

    return edit


def _changed(target: Target, change: Change) -> Picture:
    """Change the tiles that are selected; equal inputs, such as empty tiles, give one result."""
    raster, bounds = target.raster, target.bounds
    selection = target.selection or filled_rectangle(bounds)
    empty = np.zeros((TILE, TILE, raster.channels), raster.dtype)
    on_nothing: Array | None = None
    tiles: dict[Index, Array | None] = {}
    for index, weight in selection.tiles.items():
        if tile_rect(index).intersected(bounds).empty:
            continue
        old = raster.tiles.get(index)
        if old is None and weight is FULL:
            on_nothing = change(empty, FULL) if on_nothing is None else on_nothing
            new = on_nothing
        else:
            new = change(empty if old is None else old, weight)
        if not np.array_equal(empty if old is None else old, new):
            tiles[index] = new
    return target.painted(raster.with_tiles(tiles))
