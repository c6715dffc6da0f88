"""Between arrays, as scripts have them, and what the host works on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from studio.api.errors import UserError
from studio.automation.services import max_pixels
from studio.document import Array, Picture
from studio.files.images import read_image
from studio.files.pixels import to_rgba
from studio.host import inputs
from studio.host.hints import Dab, Hints, dab_radius, dabs_from

_SHAPES = "Pixels are H x W, or H x W x 1 to 4: uint8, uint16, or floats in [0, 1]."


def to_pixels(source: Any) -> Array:
    """An array, or what becomes one, as H x W x 4 straight RGBA.

    Args:
        source: H x W (gray) or H x W x (1 gray, 2 gray and alpha, 3 RGB, 4 RGBA) of uint8, uint16, or
            floats in [0, 1], which become uint16; bool is black and white. A picture of Pillow in
            mode L, LA, RGB or RGBA is such an array, too.

    Raises:
        UserError: if it is no picture.
    """
    if getattr(source, "mode", None) in ("1", "P", "CMYK", "YCbCr", "LAB", "HSV"):
        source = source.convert("RGBA")
    values = np.asarray(source)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 4 or 0 in values.shape:
        raise UserError(f"An array of shape {values.shape} is no picture.", _SHAPES)
    return to_rgba(_samples(values))


def to_mask(source: Any, picture: Picture) -> Array:
    """A mask as H x W uint8, 255 = change.

    Args:
        source: a path of a gray picture; an array of the picture's size, bool, uint8, uint16 or floats
            in [0, 1]; or a box (left, top, width, height) in pixels.
        picture: what it is for.

    Raises:
        UserError: if it cannot be read, is coloured, or has another size.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        mask = inputs.mask_of(read_image(path, max_pixels=max_pixels()).pixels, f"The mask {path}")
    elif isinstance(source, tuple):
        mask = _box(source, picture)
    else:
        mask = inputs.mask_of(to_pixels(source))
    return mask


def to_hints(source: Any, picture: Picture) -> Hints:
    """Colors that are known: a path, an array H x W x 4, or tuples (x, y, ``#rrggbb``).

    Raises:
        UserError: if it is none of them.
    """
    if source is None:
        return ()
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        read = read_image(path, max_pixels=max_pixels())
        return inputs.hints_of(read.pixels, read.metadata.icc, f"The hints {path}")
    if isinstance(source, list | tuple):
        return _dabs(source, dab_radius(picture))
    return inputs.hints_of(to_pixels(source), None)


def _dabs(source: list[Any] | tuple[Any, ...], radius: float) -> tuple[Dab, ...]:
    items = [(*each[:2], radius, each[2]) if len(each) == 3 else each for each in source]
    return dabs_from(items)


def _box(box: tuple[Any, ...], picture: Picture) -> Array:
    whole = len(box) == 4 and all(isinstance(side, int | np.integer) for side in box)
    if not whole or box[2] < 1 or box[3] < 1:
        raise UserError(
            f"{box} is no box to select.", "A box is (left, top, width, height) in whole pixels."
        )
    left, top, width, height = box
    mask = np.zeros((picture.height, picture.width), np.uint8)
    mask[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = 255
    return mask


def _samples(values: np.ndarray[Any, Any]) -> Array:
    if values.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(values)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if not np.issubdtype(values.dtype, np.floating):
        raise UserError(f"An array of {values.dtype} is no picture.", _SHAPES)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise UserError("The floats are not in [0, 1].", _SHAPES)
    return np.rint(values * 65535.0).astype(np.uint16)
