"""Shapes as selections, with the exact share of every pixel that a shape covers.

The coverage of a polygon is summed up from its edges, as font rasterisers do (R. Levien, "Inside
the fastest font renderer in the world", 2016): an edge is cut where it crosses from pixel to pixel,
each piece adds the area to its right, and a running sum over every row gives the covered share.
The work grows with the length of the outline; tiles without an edge are shared or left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from studio.document.geometry import Rect
from studio.document.regions.masks import FULL, frozen
from studio.document.tiles import TILE, Array, Index, Raster

CHORD = 0.005
"""Largest distance in pixels between an ellipse and the polygon that stands for it."""


def rectangle(
    x: float, y: float, width: float, height: float, bounds: Rect, *, antialias: bool = True
) -> Raster:
    """A rectangle in canvas coordinates; fractions of pixels are selected in part.

    Without ``antialias`` the edges go to the nearest pixel border.
    """
    if not antialias:
        x, y, right, bottom = (math.floor(edge + 0.5) for edge in (x, y, x + width, y + height))
        width, height = right - x, bottom - y
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return polygon(corners, bounds, antialias=antialias)


def ellipse(
    x: float, y: float, width: float, height: float, bounds: Rect, *, antialias: bool = True
) -> Raster:
    """The ellipse in a rectangle of canvas coordinates."""
    radius = max(abs(width), abs(height)) / 2
    count = max(math.ceil(math.pi / math.sqrt(2 * CHORD / max(radius, 1))), 16)
    angle = np.arange(count) * (2 * math.pi / count)
    points = np.stack(
        [x + width / 2 * (1 + np.cos(angle)), y + height / 2 * (1 + np.sin(angle))], axis=1
    )
    return polygon(points, bounds, antialias=antialias)


def polygon(
    points: Sequence[tuple[float, float]] | Array, bounds: Rect, *, antialias: bool = True
) -> Raster:
    """The inside of a closed outline, by the rule of non-zero winding.

    Args:
        points: at least three (x, y) in canvas coordinates; the last joins the first.
        bounds: the canvas; what lies outside is left out.
        antialias: whether pixels are selected by the share that is covered, to 1/255; otherwise
            wholly from one half on.
    """
    corners = np.asarray(points, np.float64).reshape(-1, 2) - (bounds.x, bounds.y)
    if len(corners) < 3 or bounds.empty:
        return Raster(np.uint8, 1)
    pieces = _pieces(corners, bounds.width, bounds.height)
    return _summed(*pieces, bounds, antialias)


def _pieces(corners: Array, width: int, height: int) -> tuple[Array, Array, Array, Array]:
    """The outline cut at pixel borders: row, column, signed height, mean distance from the column.

    Pieces left of the canvas are moved onto its left edge, where they count the same for what is
    to their right; those above, below and to the right count for nothing.
    """
    start, end = corners, np.roll(corners, -1, axis=0)
    sloped = start[:, 1] != end[:, 1]
    start, end = _clipped_rows(start[sloped], end[sloped], height)
    if not len(start):
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0), np.zeros(0)
    edge, t = _cuts(start, end, width)
    order = np.lexsort((t, edge))
    edge, t = edge[order], t[order]
    joined = edge[1:] == edge[:-1]
    which, first, last = edge[1:][joined], t[:-1][joined], t[1:][joined]
    rise = (end - start)[which]
    middle = start[which] + rise * ((first + last) / 2)[:, None]
    height_of = rise[:, 1] * (last - first)
    seen = (middle[:, 0] < width) & (height_of != 0)
    x = np.maximum(middle[seen, 0], 0)
    column = np.minimum(np.floor(x).astype(np.int64), width - 1)
    row = np.clip(np.floor(middle[seen, 1]).astype(np.int64), 0, height - 1)
    return row, column, height_of[seen], x - column


def _clipped_rows(start: Array, end: Array, height: int) -> tuple[Array, Array]:
    """The parts of edges between row 0 and ``height``."""
    rise = end - start
    with np.errstate(over="ignore"):
        at_top, at_bottom = -start[:, 1] / rise[:, 1], (height - start[:, 1]) / rise[:, 1]
    low = np.clip(np.minimum(at_top, at_bottom), 0, 1)
    high = np.clip(np.maximum(at_top, at_bottom), 0, 1)
    seen = high > low
    start, rise, low, high = start[seen], rise[seen], low[seen], high[seen]
    return start + rise * low[:, None], start + rise * high[:, None]


def _cuts(start: Array, end: Array, width: int) -> tuple[Array, Array]:
    """Edge numbers and where along them (0 to 1) they begin, end and meet pixel borders."""
    number = np.arange(len(start))
    edges, places = [number, number], [np.zeros(len(start)), np.ones(len(start))]
    for axis in (0, 1):
        a, b = start[:, axis], end[:, axis]
        low, high = np.minimum(a, b), np.maximum(a, b)
        if axis == 0:
            # Beyond the sides of the canvas nothing has to be told apart.
            low, high = np.clip(low, -1, width + 1), np.clip(high, -1, width + 1)
        first = np.floor(low).astype(np.int64) + 1
        count = np.maximum(np.ceil(high).astype(np.int64) - first, 0)
        which = np.repeat(number, count)
        border = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        border = border + first[which]
        edges.append(which)
        places.append(np.clip((border - a[which]) / (b - a)[which], 0, 1))
    return np.concatenate(edges), np.concatenate(places)


def _summed(
    row: Array, column: Array, height: Array, right: Array, bounds: Rect, antialias: bool
) -> Raster:
    """Add up the pieces, band of tiles by band of tiles, from left to right."""
    # Tiles lie on the plane's grid, not on that of the canvas.
    row, column = row + bounds.y, column + bounds.x
    band, across = row // TILE, column // TILE
    order = np.lexsort((across, band))
    row, column, height, right = row[order], column[order], height[order], right[order]
    band, across = band[order], across[order]
    tiles: dict[Index, Array] = {}
    last = (bounds.right - 1) // TILE
    if not len(band):
        return Raster(np.uint8, 1)
    starts = np.flatnonzero(np.diff(band, prepend=band[:1] - 1))
    for begin, stop in zip(starts, [*starts[1:], len(band)], strict=True):
        carry = np.zeros(TILE)
        number = int(band[begin])
        own = slice(begin, stop)
        cuts = np.searchsorted(across[own], np.arange(int(across[begin]), last + 2)) + begin
        for offset, tile_column in enumerate(range(int(across[begin]), last + 1)):
            part = slice(cuts[offset], cuts[offset + 1])
            tile, carry = _tile(
                row[part] - number * TILE,
                column[part] - tile_column * TILE,
                height[part],
                right[part],
                carry,
                antialias,
            )
            if tile is not None:
                tiles[tile_column, number] = tile
    return _trimmed(tiles, bounds)


def _tile(
    row: Array, column: Array, height: Array, right: Array, carry: Array, antialias: bool
) -> tuple[Array | None, Array]:
    """One tile of coverage, None if empty, and the winding of its rows beyond its right edge."""
    if not len(row):
        if np.abs(carry).max() < 1e-6:
            return None, carry
        if np.abs(carry).min() > 1 - 1e-6:
            return FULL, carry
        area = np.repeat(carry[:, None], TILE, axis=1)
    else:
        side = TILE + 1  # a piece in the last column adds to the one after it
        at = row * side + column
        sums = np.bincount(at, height * (1 - right), TILE * side)
        sums += np.bincount(at + 1, height * right, TILE * side)[: TILE * side]
        sums = sums.reshape(TILE, side)
        sums[:, 0] += carry
        area = np.cumsum(sums, axis=1)
        carry = area[:, TILE]
        area = area[:, :TILE]
    share = np.minimum(np.abs(area), 1)
    # A half is rounded up, whatever the last bits of the sum.
    values = np.floor(share * 255 + (0.5 + 1e-6)) if antialias else (share > 0.5 - 1e-9) * 255
    tile = values.astype(np.uint8)[..., None]
    return (frozen(tile) if tile.any() else None), carry


def _trimmed(tiles: dict[Index, Array], bounds: Rect) -> Raster:
    """Cut what a closed band has left beyond the right edge of the canvas."""
    raster = Raster(np.uint8, 1, tiles)
    return raster if not bounds.right % TILE else raster.cropped(bounds)
