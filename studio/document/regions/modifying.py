"""Growing, shrinking, softening and smoothing a selection, near its edges only.

Everything here asks no further than some pixels around. So tiles whose surroundings are all
selected, or all not, are kept as they are, and the rest is worked on in blocks with a margin.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from studio.document.geometry import Rect
from studio.document.regions.combining import subtract
from studio.document.regions.masks import FULL, from_mask
from studio.document.selection import feathered
from studio.document.tiles import TILE, Array, Index, Raster, indices

DISK = 24
"""Largest radius of one dilation; its cost grows with the square, so larger ones are done in turns."""
COARSE = 12.0
"""Standard deviation in pixels beyond which a blur is computed on a smaller copy."""


def grow(selection: Raster, pixels: int, bounds: Rect) -> Raster:
    """Everything within ``pixels`` of what is selected; a soft edge moves outwards as it is.

    This is the grayscale dilation by a disk.
    """
    if pixels <= 0:
        return selection
    return _near_edges(selection, bounds, pixels, lambda mask: _dilated(mask, pixels))


def shrink(selection: Raster, pixels: int, bounds: Rect) -> Raster:
    """Only what is further than ``pixels`` from what is not selected.

    The edge of the canvas stays selected: nothing beyond it is unselected.
    """
    if pixels <= 0:
        return selection
    return _near_edges(selection, bounds, pixels, lambda mask: ~_dilated(~mask, pixels))


def feather(selection: Raster, pixels: float, bounds: Rect) -> Raster:
    """A soft edge that fades over about ``pixels`` to either side: a Gaussian of half that width."""
    if pixels <= 0:
        return selection
    reach = math.ceil(1.5 * pixels + 4)
    return _near_edges(selection, bounds, reach, lambda mask: _blurred(mask, pixels))


def border(selection: Raster, pixels: int, bounds: Rect) -> Raster:
    """A band along the edge, ``pixels`` wide on either side of it."""
    outer, inner = grow(selection, pixels, bounds), shrink(selection, pixels, bounds)
    return subtract(outer, inner)


def smooth(selection: Raster, pixels: float, bounds: Rect) -> Raster:
    """Round corners, and drop specks and holes smaller than about ``pixels``; the edge stays crisp.

    Blurred, and made as steep again as an antialiased edge.
    """
    if pixels <= 0:
        return selection
    slope = pixels / 2 * math.sqrt(2 * math.pi)
    levels = (np.arange(256) - 127.5) * max(slope, 1) + 127.5
    table = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)

    def steep(mask: Array) -> Array:
        crisp: Array = table[_blurred(mask, pixels)]
        return crisp

    return _near_edges(selection, bounds, math.ceil(1.5 * pixels + 4), steep)


def _dilated(mask: Array, pixels: int) -> Array:
    out: Array = mask
    turns = math.ceil(pixels / DISK)
    for turn in range(turns):
        radius = pixels * (turn + 1) // turns - pixels * turn // turns
        out = np.asarray(cv2.dilate(out, _disk(radius)))
    return out


def _disk(radius: int) -> Array:
    offset = np.arange(-radius, radius + 1)
    return (offset[:, None] ** 2 + offset**2 <= radius * radius).astype(np.uint8)


def _blurred(mask: Array, pixels: float) -> Array:
    """`feathered`; a wide blur of a copy that is smaller by a power of two and scaled back."""
    shrinks = max(int(math.log2(pixels / 2 / COARSE)), 0) if pixels > 2 * COARSE else 0
    factor = 1 << shrinks
    height, width = mask.shape
    if factor == 1 or min(height, width) < 4 * factor:
        return feathered(mask, pixels)  # type: ignore[arg-type]  # a fraction of a pixel is meant
    pad = ((0, -height % factor), (0, -width % factor))
    padded = np.pad(mask, pad, mode="edge")
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    small = np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA))
    soft = feathered(small, pixels / factor)  # type: ignore[arg-type]  # as above
    back = cv2.resize(soft, padded.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(back)[:height, :width]


def _near_edges(
    selection: Raster, bounds: Rect, reach: int, change: Callable[[Array], Array]
) -> Raster:
    """Change what lies within ``reach`` pixels of an edge; ``change`` leaves flat areas alone."""
    needed = _needed(selection, bounds, reach)
    tiles = {index: tile for index, tile in selection.tiles.items() if index not in needed}
    side = min(max(2 * math.ceil(reach / TILE), 1), 8)
    blocks: dict[Index, list[Index]] = {}
    for column, row in needed:
        blocks.setdefault((column // side, row // side), []).append((column, row))
    for members in blocks.values():
        columns, rows = zip(*members, strict=True)
        area = Rect(
            min(columns) * TILE,
            min(rows) * TILE,
            (max(columns) - min(columns) + 1) * TILE,
            (max(rows) - min(rows) + 1) * TILE,
        ).intersected(bounds)
        read = area.grown(reach).intersected(bounds)
        out = change(np.ascontiguousarray(selection.read(read)[..., 0]))
        inner = out[area.y - read.y : area.bottom - read.y, area.x - read.x : area.right - read.x]
        made = from_mask(inner, area.x, area.y)
        for index in members:
            if index in made.tiles:
                old, new = selection.tiles.get(index), made.tiles[index]
                same = old is not None and np.array_equal(old, new)
                tiles[index] = old if old is not None and same else new
    return Raster(np.uint8, 1, tiles)


def _needed(selection: Raster, bounds: Rect, reach: int) -> set[Index]:
    """Tiles with an edge of the selection within ``reach`` pixels."""
    left, top = bounds.x // TILE, bounds.y // TILE
    columns, rows = (bounds.right - 1) // TILE - left + 1, (bounds.bottom - 1) // TILE - top + 1
    lowest, highest = np.zeros((rows, columns), np.uint8), np.zeros((rows, columns), np.uint8)
    for index in indices(bounds):
        tile = selection.tiles.get(index)
        if tile is None:
            continue
        at = index[1] - top, index[0] - left
        if tile is FULL:
            lowest[at] = highest[at] = 255
            continue
        seen = Rect(index[0] * TILE, index[1] * TILE, TILE, TILE).intersected(bounds)
        part = tile[
            seen.y - index[1] * TILE : seen.bottom - index[1] * TILE,
            seen.x - index[0] * TILE : seen.right - index[0] * TILE,
        ]
        lowest[at], highest[at] = part.min(), part.max()
    kernel = np.ones((2 * math.ceil(reach / TILE) + 1,) * 2, np.uint8)
    low, high = np.asarray(cv2.erode(lowest, kernel)), np.asarray(cv2.dilate(highest, kernel))
    flat = (low == high) & ((high == 0) | (low == 255))
    return {(int(x) + left, int(y) + top) for y, x in np.argwhere(~flat)}
