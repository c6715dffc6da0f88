"""Pieces of a result on their way to the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.document import Array, Rect
from studio.files.profiles import is_srgb_like
from studio.host.convert import to_pixels

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TilePreview:
    """Finished pixels of a running job.

    Attributes:
        x: left column in the result.
        y: top row in the result.
        pixels: h x w x 3 uint8 RGB in the document's profile.
        size: (width, height) of the whole result.
        area: the canvas rectangle that the whole result covers.
    """

    x: int
    y: int
    pixels: Array
    size: tuple[int, int]
    area: Rect


def tile_preview(
    image: Tensor,
    x: int,
    y: int,
    size: tuple[int, int],
    area: Rect,
    icc: bytes | None = None,
) -> TilePreview:
    """A preview of 1 x 3 x h x w floats in [0, 1], for a document with the profile ``icc``."""
    import torch

    if not is_srgb_like(icc):
        converted = to_pixels(image, None, np.dtype(np.uint8), icc)
        return TilePreview(x, y, np.ascontiguousarray(converted[..., :3]), size, area)
    pixels = image[0].clamp(0, 1).mul(255).round_().to(torch.uint8)
    return TilePreview(x, y, pixels.permute(1, 2, 0).contiguous().cpu().numpy(), size, area)
