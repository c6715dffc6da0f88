"""Colors that the user knows at places of a picture: as points, or as a picture of their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.api.errors import UserError
from studio.document import Array, Picture, Rect
from studio.files.profiles import convert, is_srgb_like, wide_gamut_profile

if TYPE_CHECKING:
    from torch import Tensor

RADIUS = 0.012
"""Of a dab, where nothing else is said: the share of the picture's longer side."""
_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Dab:
    """One color at one place.

    Attributes:
        x: column of its middle on the canvas; pixel i covers [i, i + 1).
        y: row.
        radius: in pixels.
        color: sRGB as ``#rrggbb``.
    """

    x: float
    y: float
    radius: float
    color: str

    def moved(self, origin: tuple[float, float], scale: float) -> Dab:
        """The same on a picture that begins at ``origin`` and is ``scale`` times as large."""
        x, y = (self.x - origin[0]) * scale, (self.y - origin[1]) * scale
        return replace(self, x=x, y=y, radius=self.radius * scale)


Hints = tuple[Dab, ...] | Array
"""Dabs, or H x W x 4 straight sRGB of the picture's size; alpha above 0 is a hint."""


def dab_radius(picture: Picture) -> float:
    """The radius of new dabs on a picture, in pixels."""
    return max(RADIUS * max(picture.width, picture.height), 1.0)


def dabs_from(value: Any) -> tuple[Dab, ...]:
    """Dabs out of a record, as `plain` made it; none if there are none, or they were a picture.

    Raises:
        UserError: if it is neither.
    """
    if not isinstance(value, Sequence):
        return ()
    try:
        return tuple(_dab(*item) for item in value)
    except (TypeError, ValueError) as error:
        raise UserError(
            "The color hints cannot be read.", "Each is x, y, radius and #rrggbb."
        ) from error


def _dab(x: float, y: float, radius: float, color: str) -> Dab:
    if not _COLOR.fullmatch(color.lower()):
        raise ValueError(color)
    return Dab(float(x), float(y), float(radius), color.lower())


def plain(hints: Hints) -> Any:
    """What a record keeps of hints: the dabs, or the hash of a picture."""
    if isinstance(hints, tuple):
        return [[dab.x, dab.y, dab.radius, dab.color] for dab in hints]
    return {"sha256": hashlib.sha256(hints.tobytes()).hexdigest()}


def given(hints: Hints) -> bool:
    """Whether there are any."""
    return len(hints) > 0 if isinstance(hints, tuple) else bool(hints[..., 3].any())


def hint_tensor(hints: Hints, area: Rect, icc: bytes | None) -> Tensor | None:
    """Hints on a part of a picture: 1 x 4 x h x w float32 RGBA in [0, 1]; None if it has none.

    Args:
        hints: on the whole picture.
        area: the part.
        icc: the picture's profile; colors are given in the space of an operation's pixels.
    """
    import torch

    space = icc if is_srgb_like(icc) else wide_gamut_profile()
    pixels = _drawn(hints, area, space) if isinstance(hints, tuple) else _cut(hints, area, space)
    if pixels is None:
        return None
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def _drawn(dabs: Iterable[Dab], area: Rect, space: bytes | None) -> Array | None:
    """Discs with a soft edge of one pixel; a later one lies on those before."""
    out: Array | None = None
    for dab in dabs:
        x, y, radius = dab.x - area.x, dab.y - area.y, max(dab.radius, 0.5)
        left, top = max(int(x - radius - 1), 0), max(int(y - radius - 1), 0)
        right, bottom = min(int(x + radius + 2), area.width), min(int(y + radius + 2), area.height)
        if left >= right or top >= bottom:
            continue
        if out is None:
            out = np.zeros((area.height, area.width, 4), np.float32)
        rows, columns = np.mgrid[top:bottom, left:right] + np.float32(0.5)
        share = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)
        part = out[top:bottom, left:right]
        on = share > 0
        part[on, :3] = _in_space(dab.color, space)
        part[..., 3] = np.maximum(part[..., 3], share)
    return out


def _in_space(color: str, space: bytes | None) -> Array:
    samples = np.array([[[int(color[i : i + 2], 16) for i in (1, 3, 5)]]], np.float32)
    samples /= 255
    values: Array = convert(samples, None, space).reshape(3).astype(np.float32)
    return values


def _cut(hints: Array, area: Rect, space: bytes | None) -> Array | None:
    part = hints[area.y : area.y + area.height, area.x : area.x + area.width]
    if part.shape[:2] != (area.height, area.width) or not part[..., 3].any():
        return None
    pixels = part.astype(np.float32)
    pixels /= np.iinfo(part.dtype).max
    if space is not None:
        pixels[..., :3] = convert(np.ascontiguousarray(pixels[..., :3]), None, space)
    return pixels
