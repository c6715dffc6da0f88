"""How two selections become one. Soft ones follow the lattice of fuzzy sets, exactly in integers.

Union is the larger value, intersection the smaller, the complement 255 minus the value, so that all
laws of sets but that of the excluded middle hold for soft edges too: adding a selection to itself
changes nothing, and what is outside of a union is what is outside of both.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from studio.document.edits import Edit, select
from studio.document.geometry import Rect
from studio.document.picture import Picture
from studio.document.regions.masks import (
    FULL,
    filled_rectangle,
    from_mask,
    frozen,
)
from studio.document.tiles import TILE, Array, Index, Raster


class Mode(StrEnum):
    """What a new selection does with the one before."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def union(a: Raster, b: Raster) -> Raster:
    """What is selected in either: the larger value of both."""
    tiles = dict(a.tiles)
    for index, tile in b.tiles.items():
        old = tiles.get(index)
        if old is None:
            tiles[index] = tile
        elif old is not tile and old is not FULL:
            tiles[index] = _kept(old, np.maximum(old, tile))
    return Raster(np.uint8, 1, tiles)


def intersect(a: Raster, b: Raster) -> Raster:
    """What is selected in both: the smaller value of both."""
    tiles: dict[Index, Array] = {}
    for index, tile in a.tiles.items():
        other = b.tiles.get(index)
        if other is None:
            continue
        if other is FULL or other is tile:
            tiles[index] = tile
        elif (both := np.minimum(tile, other)).any():
            tiles[index] = _kept(tile, both)
    return Raster(np.uint8, 1, tiles)


def subtract(a: Raster, b: Raster) -> Raster:
    """What is selected in ``a`` and not in ``b``: the intersection with its complement."""
    tiles = dict(a.tiles)
    for index, tile in b.tiles.items():
        old = tiles.get(index)
        if old is None:
            continue
        rest = np.minimum(old, ~tile)
        if rest.any():
            tiles[index] = _kept(old, rest)
        else:
            del tiles[index]
    return Raster(np.uint8, 1, tiles)


def invert(selection: Raster, bounds: Rect) -> Raster:
    """What of ``bounds`` is not selected; nothing outside of them is."""
    return subtract(filled_rectangle(bounds), selection)


def within(selection: Raster, bounds: Rect) -> Raster:
    """The part of a selection that lies in ``bounds``."""
    return intersect(selection, filled_rectangle(bounds))


def combine(old: Raster | None, new: Raster, mode: Mode, bounds: Rect) -> Raster:
    """The selection after ``new`` was drawn over ``old``.

    Args:
        old: the selection so far. None, with nothing in particular selected, counts as nothing to
            add to, and as everything to subtract from and to intersect with.
        new: what was drawn; parts outside of the canvas are dropped.
        mode: what becomes of both.
        bounds: the canvas.
    """
    new = within(new, bounds)
    if mode is Mode.REPLACE or (old is None and mode is not Mode.SUBTRACT):
        return new
    if old is None:
        return invert(new, bounds)
    combined: dict[Mode, Callable[[Raster, Raster], Raster]] = {
        Mode.ADD: union,
        Mode.SUBTRACT: subtract,
        Mode.INTERSECT: intersect,
    }
    return combined[mode](old, new)


def moved(selection: Raster, dx: int, dy: int, bounds: Rect) -> Raster:
    """The selection shifted by whole pixels; what leaves ``bounds`` is dropped."""
    (columns, left), (rows, top) = divmod(dx, TILE), divmod(dy, TILE)
    if not left and not top:
        return within(selection.shifted(columns, rows), bounds)
    area = selection.bounds
    target = Rect(area.x + dx, area.y + dy, area.width, area.height).intersected(bounds)
    if target.empty:
        return Raster(np.uint8, 1)
    source = Rect(target.x - dx, target.y - dy, target.width, target.height)
    return from_mask(selection.read(source)[..., 0], target.x, target.y)


def change_selection(new: Raster | None, mode: Mode = Mode.REPLACE) -> Edit:
    """The edit that combines ``new`` with the picture's selection.

    Nothing left is no selection at all: None.
    """

    def edit(picture: Picture) -> Picture:
        selection = None
        if new is not None:
            selection = combine(picture.selection, new, mode, picture.bounds)
        return select(selection)(picture)

    return edit


def select_all() -> Edit:
    """The edit that selects the whole canvas."""

    def edit(picture: Picture) -> Picture:
        return change_selection(filled_rectangle(picture.bounds))(picture)

    return edit


def _kept(old: Array, new: Array) -> Array:
    """``old`` itself if nothing differs, so that the tile stays shared."""
    return old if np.array_equal(old, new) else frozen(new)
