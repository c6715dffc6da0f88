"""Selections that fit pictures of any size: geometry in shares of width and height."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any, Self

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.document import Array, Raster, Rect
from studio.document.regions.masks import from_mask
from studio.document.regions.shapes import polygon, rectangle
from studio.document.transforms.sampling import content_bounds

_OUTLINED = 2048  # longest side at which outlines are traced
_GRAY = 256  # longest side of a soft mask that is kept
_POINTS = 800  # more of them, and a small mask is shorter
_OFF = 0.004  # how far an outline may be off: the share of what is selected
_DIGITS = 5  # of a share: a pixel of a picture of 100 000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Box(_Frozen):
    """A rectangle: left, top, width and height."""

    rectangle: tuple[float, float, float, float]


class Outline(_Frozen):
    """The inside of closed outlines, each of points (x, y); one inside another is a hole."""

    outlines: tuple[tuple[tuple[float, float], ...], ...]


class Soft(_Frozen):
    """A small gray picture over the whole: width, height, and zlib of its bytes in base64."""

    width: int = Field(ge=1, le=4096)
    height: int = Field(ge=1, le=4096)
    gray: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        self.mask()
        return self

    def mask(self) -> Array:
        """Height x width uint8.

        Raises:
            ValueError: if that is not what it holds.
        """
        return _inflated(self.gray, self.width * self.height).reshape(self.height, self.width)


class Changed(_Frozen):
    """Wherever an operation would change the picture: it finds the selection anew on each."""

    changed_by: str
    parameters: Mapping[str, Any] = {}


Selection = Box | Outline | Soft | Changed


def relative(selection: Raster, width: int, height: int) -> Box | Outline | Soft:
    """A selection as geometry, the simplest that is as good.

    Args:
        selection: one channel of 8 bits.
        width: of the picture it belongs to.
        height: of the picture it belongs to.
    """
    area = content_bounds(selection).intersected(Rect(0, 0, width, height))
    mask = selection.read(area)[..., 0]
    if not area.empty and bool((mask == 255).all()):
        x, y, across, down = area
        shares = (x / width, y / height, across / width, down / height)
        left, top, wide, high = (round(share, _DIGITS + 2) for share in shares)
        return Box(rectangle=(left, top, wide, high))
    whole = selection.read(Rect(0, 0, width, height))[..., 0]
    return _outline(whole) or _soft(whole)


def placed(selection: Box | Outline | Soft, width: int, height: int) -> Raster:
    """The selection on a picture of ``width`` x ``height`` pixels."""
    bounds = Rect(0, 0, width, height)
    if isinstance(selection, Box):
        x, y, across, down = selection.rectangle
        left, top = round(x * width), round(y * height)
        right, bottom = round((x + across) * width), round((y + down) * height)
        # At least a pixel: what is selected on a large picture shall not vanish on a small one.
        return rectangle(left, top, max(right - left, 1), max(bottom - top, 1), bounds)
    if isinstance(selection, Outline):
        return from_mask(_filled(selection, width, height))
    mask = cv2.resize(selection.mask(), (width, height), interpolation=cv2.INTER_LINEAR)
    return from_mask(np.asarray(mask))


def _outline(mask: Array) -> Outline | None:
    """Outlines of a mask with hard edges; None if they are too many points, or the mask is soft."""
    small = _reduced(mask, _OUTLINED)
    scale = np.array([1 / small.shape[1], 1 / small.shape[0]])
    found, _ = cv2.findContours(_corners(small), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    lines = [cv2.approxPolyDP(line, 1.5, closed=True)[:, 0] for line in found]
    shares = [line / 2 * scale for line in lines if len(line) >= 3]
    if not shares or sum(len(line) for line in shares) > _POINTS:
        return None
    outline = Outline(
        outlines=tuple(
            tuple((round(float(x), _DIGITS), round(float(y), _DIGITS)) for x, y in line)
            for line in shares
        )
    )
    again = _filled(outline, small.shape[1], small.shape[0]).astype(np.float32)
    off = float(np.abs(again - small).sum())
    edge = sum(cv2.arcLength(line, closed=True) for line in lines) / 2
    # Along an edge a pixel may be off by a good part of itself: that is no softness.
    return outline if off <= 255 * (_OFF * float((small > 0).sum()) + 0.35 * edge) else None


def _soft(mask: Array) -> Soft:
    small = _reduced(mask, _GRAY)
    packed = base64.b64encode(zlib.compress(small.tobytes(), 9)).decode()
    return Soft(width=small.shape[1], height=small.shape[0], gray=packed)


def _filled(outline: Outline, width: int, height: int) -> Array:
    """The inside, every pixel by the share that is covered; what lies in another is a hole."""
    mask = np.zeros((height, width), np.uint8)
    for line in outline.outlines:
        points = np.array(line, np.float64) * (width, height)
        low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int)
        box = Rect(int(low[0]), int(low[1]), *(int(side) for side in high - low))
        box = box.intersected(Rect(0, 0, width, height))
        if box.empty:
            continue
        covered = polygon(points, box).read(box)[..., 0]
        part = mask[box.y : box.bottom, box.x : box.right]
        np.subtract(np.maximum(part, covered), np.minimum(part, covered), out=part)
    return mask


def _corners(mask: Array) -> Array:
    """Black or white where the corners and middles of pixels are: at half a pixel's distance.

    Contours of this run along the borders of pixels, and what is one pixel wide has an inside.
    """
    inside = np.repeat(np.repeat((mask >= 128).astype(np.uint8), 2, axis=0), 2, axis=1)
    out = np.pad(inside, ((0, 1), (0, 1)))
    for rows, columns in ((1, 0), (0, 1), (1, 1)):
        out |= np.pad(inside, ((rows, 1 - rows), (columns, 1 - columns)))
    return out


def _reduced(mask: Array, longest: int) -> Array:
    height, width = mask.shape
    factor = min(longest / max(height, width), 1)
    if factor == 1:
        return np.ascontiguousarray(mask)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA))


def _inflated(text: str, count: int) -> Array:
    try:
        packed = base64.b64decode(text, validate=True)
        # Never more than is asked for: a few bytes could unfold to gigabytes.
        return np.frombuffer(zlib.decompressobj().decompress(packed, count), np.uint8)
    except zlib.error as error:
        raise ValueError("it is damaged") from error
