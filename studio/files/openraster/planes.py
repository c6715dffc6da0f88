"""Rasters as PNG entries, cut to what they hold."""

from __future__ import annotations

import io

import numpy as np

from studio.document import TILE, Array, Raster, Rect
from studio.files import png
from studio.files.codec import Decoded, SaveOptions, Tags, check_size
from studio.files.openraster.archive import Archive

# Measured on a photo of 4 megapixels: 0.10 s and 20 % of its bytes, against 0.20 s and 20 % with
# libpng's own level 1; level 4 takes 1.4 times and level 6 four times as long as that for a tenth
# less. A project is saved often; an export takes its time.
_OPTIONS = SaveOptions(compression=1)


def content_box(raster: Raster) -> Rect:
    """The smallest rectangle around all that is not zero; empty if nothing is."""
    box = Rect(0, 0, 0, 0)
    for (column, row), tile in raster.tiles.items():
        found = _any_of_four(tile) if tile.shape[2] == 4 else tile[..., 0] != 0
        rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
        if rows.size:
            part = Rect(
                column * TILE + int(columns[0]),
                row * TILE + int(rows[0]),
                int(columns[-1] - columns[0]) + 1,
                int(rows[-1] - rows[0]) + 1,
            )
            box = box.united(part)
    return box


def _any_of_four(tile: Array) -> Array:
    """As ``tile.any(axis=2)``, in one comparison a pixel."""
    whole = np.ascontiguousarray(tile).view(f"u{4 * tile.dtype.itemsize}")
    return np.asarray(whole[..., 0] != 0)


def encode(samples: Array, icc: bytes | None = None) -> bytes:
    """H x W x (1 or 4) samples as PNG."""
    out = io.BytesIO()
    png.write_png(out, samples, Tags(icc, None, None, None), _OPTIONS)
    return out.getvalue()


def decode(archive: Archive, name: str, max_pixels: int) -> Decoded:
    """A PNG entry of the archive."""
    data = archive.picture(name)
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    check_size(width, height, max_pixels)
    archive.count_pixels(width * height)
    return png.read_png(io.BytesIO(data), max_pixels)


def encode_plane(raster: Raster) -> tuple[bytes | None, Rect]:
    """A one-channel raster as PNG and where it lies; None if all of it is zero."""
    box = content_box(raster)
    return (None if box.empty else encode(raster.read(box))), box
