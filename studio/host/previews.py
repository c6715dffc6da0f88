"""Pieces of a result on their way to the canvas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from studio.document import Array, Rect
from studio.files.profiles import is_srgb_like
from studio.host.convert import to_pixels

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 4_000_000
"""Pixels of an intermediate picture: many may come in a second, and none stays."""


@dataclass(frozen=True)
class TilePreview:
    """Finished pixels of a running job.

    Attributes:
        x: left column in the result.
        y: top row in the result.
        pixels: h x w x 3 uint8 RGB in the document's profile, or h x w x 4 where the result covers
            the picture only in part.
        size: (width, height) of the whole result.
        area: the canvas rectangle that the whole result covers; None for a picture that forms from
            nothing, which lies nowhere yet.
    """

    x: int
    y: int
    pixels: Array
    size: tuple[int, int]
    area: Rect | None


def tile_preview(
    image: Tensor,
    x: int,
    y: int,
    size: tuple[int, int],
    area: Rect,
    icc: bytes | None = None,
    share: Array | None = None,
) -> TilePreview:
    """A preview of 1 x 3 x h x w floats in [0, 1], for a document with the profile ``icc``.

    Args:
        image: the pixels.
        x: their left column in the result.
        y: their top row in the result.
        size: (width, height) of the whole result.
        area: the canvas rectangle that the whole result covers.
        icc: the document's profile.
        share: h' x w' floats in [0, 1] over all of ``area``: how far the result will cover what is
            there now; None = entirely.
    """
    pixels = _pixels(image, icc)
    if share is not None:
        pixels = np.dstack([pixels, _part(share, x, y, pixels.shape, size)])
    return TilePreview(x, y, np.ascontiguousarray(pixels), size, area)


def whole_preview(
    image: Tensor, area: Rect, icc: bytes | None = None, share: Array | None = None
) -> TilePreview:
    """A preview of a whole intermediate picture, no larger than a screen shows."""
    image = _no_larger(image)
    size = (image.shape[3], image.shape[2])
    return tile_preview(image, 0, 0, size, area, icc, share)


def forming_preview(image: Tensor, icc: bytes | None = None) -> TilePreview:
    """A preview of a picture that forms from nothing: 1 x 3 or 4 x h x w, straight RGBA."""
    image = _no_larger(image)
    pixels = _pixels(image[:, :3], icc)
    if image.shape[1] == 4:
        alpha = image[0, 3:].clamp(0, 1).mul(255).round().byte()
        pixels = np.dstack([pixels, alpha.permute(1, 2, 0).cpu().numpy()])
    size = (image.shape[3], image.shape[2])
    return TilePreview(0, 0, np.ascontiguousarray(pixels), size, None)


def _no_larger(image: Tensor) -> Tensor:
    import torch

    excess = math.sqrt(image.shape[2] * image.shape[3] / LARGEST)
    if excess <= 1:
        return image
    height, width = (max(round(side / excess), 1) for side in image.shape[2:])
    return torch.nn.functional.adaptive_avg_pool2d(image.float(), (height, width))


def _pixels(image: Tensor, icc: bytes | None) -> Array:
    import torch

    if not is_srgb_like(icc):
        return to_pixels(image, None, np.dtype(np.uint8), icc)[..., :3]
    pixels = image[0].clamp(0, 1).mul(255).round_().to(torch.uint8)
    found: Array = pixels.permute(1, 2, 0).contiguous().cpu().numpy()
    return found


def _part(share: Array, x: int, y: int, shape: tuple[int, ...], size: tuple[int, int]) -> Array:
    """The part of ``share`` that a tile covers, at the size of the tile, as uint8."""
    height, width = shape[:2]
    down, across = share.shape[0] / size[1], share.shape[1] / size[0]
    top, left = round(y * down), round(x * across)
    bottom, right = (
        max(round((y + height) * down), top + 1),
        max(round((x + width) * across), left + 1),
    )
    part = share[top:bottom, left:right].astype(np.float32)
    if part.shape != (height, width):
        part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA))
    alpha: Array = np.rint(np.clip(part, 0, 1) * 255).astype(np.uint8)
    return alpha
