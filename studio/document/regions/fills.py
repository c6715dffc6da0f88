"""Clearing and filling what is selected, as edits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.document.edits import Edit, paint_target
from studio.document.geometry import Rect
from studio.document.picture import Picture, tile_rect
from studio.document.regions.masks import FULL, filled_rectangle
from studio.document.tiles import TILE, Array, Index, Raster

Change = Callable[[Array, Array], Array]


def clear_selected() -> Edit:
    """Make what is selected of the active layer transparent; of its active mask, hidden.

    Without a selection that is everything on the canvas. Colours stay under the transparency. The
    edit raises UserError as `paint_target` does.
    """

    def cleared(old: Array, weight: Array) -> Array:
        new = old.copy()
        kept = 255 - weight[..., 0].astype(np.uint32)
        alpha = old[..., -1].astype(np.uint32)
        new[..., -1] = (alpha * kept + 127) // 255
        return new

    return _on_target(cleared, cleared)


def fill_selected(color: tuple[int, int, int]) -> Edit:
    """Fill what is selected of the active layer with an opaque colour; its active mask with its gray.

    Args:
        color: RGB in the picture's profile and depth.
    """

    def painted(old: Array, weight: Array) -> Array:
        pixels = np.empty_like(old)
        pixels[...] = (*color, np.iinfo(old.dtype).max)
        if weight is FULL:
            return pixels
        whole = Raster(old.dtype, 4, {(0, 0): old})
        share = weight[..., 0].astype(np.float32) / np.float32(255)
        return whole.blend(0, 0, pixels, share).tiles.get((0, 0), old)

    def edit(picture: Picture) -> Picture:
        red, green, blue = color
        gray = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / np.iinfo(picture.dtype).max

        def masked(old: Array, weight: Array) -> Array:
            share = weight.astype(np.float32) / np.float32(255)
            value = np.float32(gray * np.iinfo(old.dtype).max)
            mixed: Array = np.rint(old + (value - old) * share).astype(old.dtype)
            return mixed

        return _on_target(painted, masked)(picture)

    return edit


def _on_target(pixels: Change, mask: Change) -> Edit:
    def edit(picture: Picture) -> Picture:
        layer = paint_target(picture)
        selection = picture.selection or filled_rectangle(picture.bounds)
        if picture.mask_active and layer.mask is not None:
            scaled = _changed(layer.mask, selection, picture.bounds, mask)
            return (
                picture if scaled is layer.mask else picture.with_layer(layer.replaced(mask=scaled))
            )
        raster = _changed(layer.raster, selection, picture.bounds, pixels)
        if raster is layer.raster:
            return picture
        return picture.with_layer(layer.replaced(raster=raster, text=None))

    return edit


def _changed(raster: Raster, selection: Raster, bounds: Rect, change: Change) -> Raster:
    """Change the tiles that are selected; equal inputs, such as empty tiles, give one result."""
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
            new.flags.writeable = False
            tiles[index] = new
    return raster.with_tiles(tiles) if tiles else raster
