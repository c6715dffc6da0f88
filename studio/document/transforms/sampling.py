"""Resampling of pixels: alpha-weighted, without aliasing, in the depth that goes in."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from studio.document.geometry import Rect
from studio.document.tiles import TILE, Array, Index, Raster

ALPHA = 3


class Resampling(StrEnum):
    """How pixels of another grid are made."""

    AUTOMATIC = "automatic"
    """Lanczos where the picture shrinks, cubic where it grows."""
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    AREA = "area"

    def resolved(self, across: float, down: float) -> Resampling:
        """The method itself, or what automatic means for these scale factors."""
        if self is not Resampling.AUTOMATIC:
            return self
        return Resampling.LANCZOS if min(across, down) < 1 else Resampling.BICUBIC


_PILLOW = {
    Resampling.BILINEAR: Image.Resampling.BILINEAR,
    Resampling.BICUBIC: Image.Resampling.BICUBIC,
    Resampling.LANCZOS: Image.Resampling.LANCZOS,
    Resampling.AREA: Image.Resampling.BOX,
}
SUPPORT = 3
"""Pixels that the widest kernel, Lanczos3, reaches to either side at scale 1."""

Box = tuple[float, float, float, float]
Filter = Callable[[Array], Array]


def resized(
    pixels: Array,
    width: int,
    height: int,
    method: Resampling = Resampling.AUTOMATIC,
    *,
    linear: bool = False,
    box: Box | None = None,
) -> Array:
    """Straight RGBA or a mask at another size.

    Kernels widen with the factor by which the picture shrinks, so that it does not alias, and stop
    at the border, so that what is opaque up to there stays so (Lanczos: Duchon 1979; kernels as in
    Pillow). Colours are weighted by alpha.

    Args:
        pixels: H x W x 4 or H x W x 1, uint8 or uint16.
        width: new width.
        height: new height.
        method: the kernel.
        linear: mix light instead of sRGB values; of no effect on masks and alpha.
        box: the part of ``pixels`` (left, top, right, bottom) to show; default all.

    Returns:
        A new height x width array of the same kind.
    """
    across = width / (pixels.shape[1] if box is None else box[2] - box[0])
    down = height / (pixels.shape[0] if box is None else box[3] - box[1])
    method = method.resolved(across, down)
    if method is Resampling.NEAREST:
        return _nearest(pixels, width, height, box)
    kernel = _PILLOW[method]
    maximum = int(np.iinfo(pixels.dtype).max)

    def again(plane: Array) -> Array:
        picture = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
        return np.asarray(picture.resize((width, height), kernel, box=box))

    if pixels.shape[2] == 1:
        return _rounded(again(pixels[..., 0]), maximum, pixels.dtype)[..., None]
    return Planes(pixels, linear=linear).mapped(again, (height, width))


class Planes:
    """Straight RGBA taken apart for a linear filter: colours times alpha, one plane at a time.

    Args:
        pixels: H x W x 4, uint8 or uint16.
        linear: whether the colours are turned into linear light.
    """

    def __init__(self, pixels: Array, *, linear: bool = False) -> None:
        self._pixels = pixels
        self._linear = linear
        self.maximum = int(np.iinfo(pixels.dtype).max)
        self.opaque = bool(pixels[..., ALPHA].size and pixels[..., ALPHA].min() == self.maximum)

    def mapped(
        self, filtered: Filter, shape: tuple[int, int], *, opaque: bool | None = None
    ) -> Array:
        """The pixels after ``filtered`` was applied to every plane.

        Args:
            filtered: from a float32 plane to one of ``shape``; linear, and 1 stays 1 where nothing
                comes in from outside.
            shape: height and width of the result.
            opaque: whether what is opaque everywhere stays so; default yes.
        """
        out = np.empty((*shape, 4), self._pixels.dtype)
        whole = self.opaque and opaque is not False
        alpha: Array | None = None
        share: Array | None = None
        if whole:
            out[..., ALPHA] = self.maximum
        else:
            share = self._pixels[..., ALPHA].astype(np.float32) / self.maximum
            alpha = filtered(share)
            out[..., ALPHA] = _rounded(alpha * self.maximum, self.maximum, out.dtype)
        for channel in range(ALPHA):
            plane = self._decoded(self._pixels[..., channel])
            if share is not None:
                plane *= share
            plane = filtered(plane)
            if alpha is not None:
                # By the alpha before clipping: colour and alpha overshoot alike at an edge.
                plane = plane / np.where(alpha > 0, alpha, 1)
            out[..., channel] = _rounded(self._encoded(plane), self.maximum, out.dtype)
        if not whole:
            out[out[..., ALPHA] == 0] = 0
        return out

    def _decoded(self, plane: Array) -> Array:
        if self._linear:
            table: Array = _linear_light(self.maximum)[plane]
            return table
        return plane.astype(np.float32)

    def _encoded(self, plane: Array) -> Array:
        if not self._linear:
            return plane
        light = np.clip(plane, 0, 1)
        low = light * 12.92
        high = 1.055 * np.power(light, np.float32(1 / 2.4)) - 0.055
        return np.where(light <= 0.0031308, low, high) * np.float32(self.maximum)


def scaled(
    raster: Raster,
    across: float,
    down: float,
    method: Resampling = Resampling.AUTOMATIC,
    *,
    linear: bool = False,
    offset: tuple[float, float] = (0.0, 0.0),
) -> Raster:
    """A raster on a plane that is scaled about (0, 0), then moved by ``offset``.

    What lies off the canvas goes along. A side of the content that comes to lie between two pixels
    fades out over the one it cuts; others stay sharp.
    """
    area = content_bounds(raster)
    if area.empty:
        return Raster(raster.dtype, raster.channels)
    left, right = area.x * across + offset[0], area.right * across + offset[0]
    top, bottom = area.y * down + offset[1], area.bottom * down + offset[1]
    x0, x1 = _outwards(left, right)
    y0, y1 = _outwards(top, bottom)
    reach = [SUPPORT * max(1 / factor, 1) + 1 for factor in (across, down)]
    pads = [
        0 if abs(side - round(side)) < 1e-6 else int(reach[axis]) + 1
        for side, axis in ((left, 0), (top, 1), (right, 0), (bottom, 1))
    ]
    grown = Rect(
        area.x - pads[0],
        area.y - pads[1],
        area.width + pads[0] + pads[2],
        area.height + pads[1] + pads[3],
    )
    box = (
        max((x0 - offset[0]) / across - grown.x, 0.0),
        max((y0 - offset[1]) / down - grown.y, 0.0),
        min((x1 - offset[0]) / across - grown.x, float(grown.width)),
        min((y1 - offset[1]) / down - grown.y, float(grown.height)),
    )
    pixels = raster.read(grown)
    return Raster.from_array(
        resized(pixels, x1 - x0, y1 - y0, method, linear=linear, box=box), x0, y0
    )


def content_bounds(raster: Raster) -> Rect:
    """The smallest rectangle around all pixels that are not fully transparent, or not zero."""
    area = Rect(0, 0, 0, 0)
    around = raster.bounds
    middle = (around.x + around.width / 2, around.y + around.height / 2)

    def distance(index: Index) -> float:
        return max(abs(index[0] * TILE - middle[0]), abs(index[1] * TILE - middle[1]))

    # From the outside in: what lies within the area found so far need not be looked at.
    for column, row in sorted(raster.tiles, key=distance, reverse=True):
        place = Rect(column * TILE, row * TILE, TILE, TILE)
        if place.intersected(area) == place:
            continue
        shown = raster.tiles[column, row][..., -1] != 0
        rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        if rows.size:
            left, top = place.x + int(columns[0]), place.y + int(rows[0])
            size = int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
            area = area.united(Rect(left, top, *size))
    return area


def _outwards(low: float, high: float) -> tuple[int, int]:
    """The whole numbers around an interval, forgiving what rounding adds; at least one apart."""
    first = int(np.floor(low + 1e-6))
    return first, max(int(np.ceil(high - 1e-6)), first + 1)


def _nearest(pixels: Array, width: int, height: int, box: Box | None) -> Array:
    left, top, right, bottom = box or (0, 0, pixels.shape[1], pixels.shape[0])
    columns = left + (np.arange(width) + 0.5) * ((right - left) / width)
    rows = top + (np.arange(height) + 0.5) * ((bottom - top) / height)
    columns = np.clip(np.floor(columns + 1e-9).astype(np.intp), 0, pixels.shape[1] - 1)
    rows = np.clip(np.floor(rows + 1e-9).astype(np.intp), 0, pixels.shape[0] - 1)
    picked: Array = pixels[rows[:, None], columns]
    return picked


def _rounded(plane: Array, maximum: int, dtype: np.dtype[Any]) -> Array:
    whole: Array = np.rint(np.clip(plane, 0, maximum)).astype(dtype)
    return whole


@lru_cache(maxsize=2)
def _linear_light(maximum: int) -> Array:
    """Light in [0, 1] of every sRGB value (IEC 61966-2-1)."""
    value = np.arange(maximum + 1) / maximum
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)
