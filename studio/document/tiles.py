"""Rasters made of copy-on-write tiles: the truth, the snapshot and the undo of a picture.

A `Raster` is an immutable value. Writing returns a new one that shares every tile it did not
touch, so that a snapshot costs nothing and an undo step holds only the tiles that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.document.geometry import Rect

TILE = 256
Array = NDArray[Any]
Index = tuple[int, int]


class Raster:
    """An unbounded plane of pixels, zero wherever nothing was written.

    Tiles are read-only ``TILE x TILE x channels`` arrays of uint8 or uint16 under their
    (column, row); a missing tile is all zeros, which is transparent for RGBA.

    Args:
        dtype: ``uint8`` or ``uint16``.
        channels: 4 for straight RGBA, 1 for a mask.
        tiles: tiles to start from; they must never be written again.
    """

    __slots__ = ("_tiles", "channels", "dtype")

    def __init__(
        self, dtype: Any = np.uint8, channels: int = 4, tiles: Mapping[Index, Array] | None = None
    ) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
            raise ValueError(f"a raster holds uint8 or uint16, not {self.dtype}")
        self.channels = channels
        self._tiles: dict[Index, Array] = dict(tiles or {})

    @classmethod
    def from_array(cls, pixels: Array, x: int = 0, y: int = 0) -> Raster:
        """A raster with ``pixels`` (H x W x channels) at (x, y) and nothing else."""
        return cls(pixels.dtype, pixels.shape[2]).write(x, y, pixels)

    @property
    def tiles(self) -> Mapping[Index, Array]:
        """The stored tiles by (column, row). Read only."""
        return self._tiles

    @property
    def nbytes(self) -> int:
        """Bytes held by the tiles, shared ones included."""
        return len(self._tiles) * TILE * TILE * self.channels * self.dtype.itemsize

    @property
    def maximum(self) -> int:
        """The value of full intensity: 255 or 65535."""
        return int(np.iinfo(self.dtype).max)

    @property
    def blank(self) -> bool:
        """Whether every value is zero."""
        return not any(tile.any() for tile in self._tiles.values())

    @property
    def bounds(self) -> Rect:
        """The smallest tile-aligned rectangle around all stored tiles."""
        if not self._tiles:
            return Rect(0, 0, 0, 0)
        columns, rows = zip(*self._tiles, strict=True)
        left, top = min(columns), min(rows)
        return Rect(
            left * TILE,
            top * TILE,
            (max(columns) - left + 1) * TILE,
            (max(rows) - top + 1) * TILE,
        )

    def read(self, rect: Rect) -> Array:
        """A new writable H x W x channels array of the pixels in ``rect``, anywhere on the plane."""
        shape = (max(rect.height, 0), max(rect.width, 0), self.channels)
        touched = list(indices(rect))
        covered = all(index in self._tiles for index in touched)
        out = np.empty(shape, self.dtype) if covered else np.zeros(shape, self.dtype)
        for index in touched:
            tile = self._tiles.get(index)
            if tile is not None:
                inside, outside = _slices(rect, index)
                out[outside] = tile[inside]
        return out

    def write(self, x: int, y: int, pixels: Array) -> Raster:
        """A raster with ``pixels`` (H x W x channels) at (x, y); untouched and equal tiles are shared.

        Raises:
            ValueError: if the depth or the number of channels differs.
        """
        self._require_same_kind(pixels)
        rect = Rect(x, y, pixels.shape[1], pixels.shape[0])
        tiles = dict(self._tiles)
        for index in indices(rect):
            inside, outside = _slices(rect, index)
            old = tiles.get(index)
            part = pixels[outside]
            if old is None:
                if not part.any():
                    continue
                new = np.zeros((TILE, TILE, self.channels), self.dtype)
            elif np.array_equal(old[inside], part):
                continue
            else:
                new = old.copy()
            new[inside] = part
            new.flags.writeable = False
            tiles[index] = new
        return Raster(self.dtype, self.channels, tiles)

    def blend(self, x: int, y: int, pixels: Array, mask: Array) -> Raster:
        """Write ``pixels`` weighted by ``mask``; where the mask is 0 every bit stays.

        Args:
            x: left column of both arrays.
            y: top row of both arrays.
            pixels: H x W x channels, this raster's depth.
            mask: H x W floats in [0, 1]; 1 takes the new pixel exactly.

        Raises:
            ValueError: if depth, number of channels or the size of the mask differ.

        Colours are mixed as straight values weighted by alpha, so that a transparent pixel's
        colour does not bleed into an opaque one.
        """
        self._require_same_kind(pixels)
        if mask.shape != pixels.shape[:2]:
            raise ValueError(f"a mask of {mask.shape} for pixels of {pixels.shape}")
        old = self.read(Rect(x, y, pixels.shape[1], pixels.shape[0]))
        weight = np.clip(mask, 0, 1).astype(np.float32)[..., None]
        soft = (weight > 0) & (weight < 1)
        out = np.where(weight >= 1, pixels, old)
        if soft.any():
            out = np.where(soft, _mixed(old, pixels, weight, self.channels == 4), out)
        return self.write(x, y, out.astype(self.dtype))

    def with_tiles(self, changes: Mapping[Index, Array | None]) -> Raster:
        """A raster in which some tiles are others; None takes a tile away.

        Args:
            changes: ``TILE x TILE x channels`` arrays of this depth, by index. They must never be
                written again, and are made read-only here.

        Raises:
            ValueError: if a tile has another shape or depth.
        """
        if not changes:
            return self
        tiles = dict(self._tiles)
        for index, tile in changes.items():
            if tile is None:
                tiles.pop(index, None)
                continue
            self._require_same_kind(tile)
            if tile.shape[:2] != (TILE, TILE):
                raise ValueError(f"a tile of {tile.shape}")
            tile.flags.writeable = False
            tiles[index] = tile
        return Raster(self.dtype, self.channels, tiles)

    def cropped(self, rect: Rect) -> Raster:
        """The same pixels inside ``rect``, zeros outside; whole tiles inside are shared."""
        kept: dict[Index, Array] = {}
        for index, tile in self._tiles.items():
            area = Rect(index[0] * TILE, index[1] * TILE, TILE, TILE)
            common = area.intersected(rect)
            if common == area:
                kept[index] = tile
            elif not common.empty:
                inside, _ = _slices(rect, index)
                new = np.zeros_like(tile)
                new[inside] = tile[inside]
                new.flags.writeable = False
                kept[index] = new
        return Raster(self.dtype, self.channels, kept)

    def shifted(self, columns: int, rows: int) -> Raster:
        """The same tiles, shared, moved by whole tiles."""
        moved = {(x + columns, y + rows): tile for (x, y), tile in self._tiles.items()}
        return Raster(self.dtype, self.channels, moved)

    def changed_tiles(self, other: Raster) -> set[Index]:
        """Indices whose tile is not the same object in both: a fast superset of what differs."""
        if self._tiles is other._tiles:
            return set()
        return {
            index
            for index in self._tiles.keys() | other._tiles.keys()
            if self._tiles.get(index) is not other._tiles.get(index)
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Raster):
            return NotImplemented
        if (self.dtype, self.channels) != (other.dtype, other.channels):
            return False
        zero = np.zeros((TILE, TILE, self.channels), self.dtype)
        return all(
            np.array_equal(self._tiles.get(index, zero), other._tiles.get(index, zero))
            for index in self.changed_tiles(other)
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.channels))  # equal rasters must hash alike

    def _require_same_kind(self, pixels: Array) -> None:
        if pixels.dtype != self.dtype or pixels.ndim != 3 or pixels.shape[2] != self.channels:
            raise ValueError(
                f"{pixels.dtype} {pixels.shape} into a {self.dtype} raster of {self.channels} channels"
            )


def _mixed(old: Array, new: Array, weight: Array, straight_alpha: bool) -> Array:
    """Linear mix of two straight-alpha arrays, rounded, as float."""
    a, b = old.astype(np.float32), new.astype(np.float32)
    if not straight_alpha:
        return np.rint(a + (b - a) * weight)
    share_old, share_new = a[..., 3:] * (1 - weight), b[..., 3:] * weight
    alpha = share_old + share_new
    safe = np.where(alpha > 0, alpha, 1)
    color = np.where(
        alpha > 0, (a[..., :3] * share_old + b[..., :3] * share_new) / safe, b[..., :3]
    )
    mixed: Array = np.rint(np.concatenate([color, alpha], axis=2))
    return mixed


def indices(rect: Rect) -> Iterator[Index]:
    """The tiles that ``rect`` touches, row by row."""
    if rect.empty:
        return
    for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
            yield column, row


def _slices(rect: Rect, index: Index) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where ``rect`` and a tile meet: slices into the tile and into an array of the rect."""
    left, top = index[0] * TILE, index[1] * TILE
    common = rect.intersected(Rect(left, top, TILE, TILE))
    inside = (
        slice(common.y - top, common.bottom - top),
        slice(common.x - left, common.right - left),
    )
    outside = (
        slice(common.y - rect.y, common.bottom - rect.y),
        slice(common.x - rect.x, common.right - rect.x),
    )
    return inside, outside
