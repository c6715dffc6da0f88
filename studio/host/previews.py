"""Pieces of a result on their way to the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.document import Array, Rect

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TilePreview:
    """Finished pixels of a running job.

    Attributes:
        x: left column in the result.
        y: top row in the result.
        pixels: h x w x 3 uint8 RGB.
        size: (width, height) of the whole result.
        area: the canvas rectangle that the whole result covers.
    """

    x: int
    y: int
    pixels: Array
    size: tuple[int, int]
    area: Rect


def tile_preview(image: Tensor, x: int, y: int, size: tuple[int, int], area: Rect) -> TilePreview:
    """A preview of 1 x 3 x h x w floats in [0, 1]."""
    import torch

    pixels = image[0].clamp(0, 1).mul(255).round_().to(torch.uint8)
    return TilePreview(x, y, pixels.permute(1, 2, 0).contiguous().cpu().numpy(), size, area)
