"""What runs; imported at the first run, so torch may be imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional as F

from studio.api import Context

if TYPE_CHECKING:
    from . import BlendIn, Despeckle


def despeckle(
    pixels: Tensor, _mask: Tensor | None, parameters: Despeckle, context: Context
) -> Tensor:
    """Each pixel becomes the median of the square around it, tile by tile."""
    radius = parameters.size

    def median(tile: Tensor) -> Tensor:
        padded = F.pad(tile, (radius,) * 4, mode="replicate")
        rows = padded.unfold(2, 2 * radius + 1, 1).unfold(3, 2 * radius + 1, 1)
        return rows.flatten(-2).median(-1).values

    return context.tiled(median, pixels, overlap=2 * radius, tile=256)


def blend_in(pixels: Tensor, mask: Tensor | None, parameters: BlendIn, context: Context) -> Tensor:
    """Mean and contrast of the selected part become those of a ring around it (Reinhard 2001)."""
    assert mask is not None  # the host asks for a selection first
    context.progress(0.0, "Looking around")
    ring = parameters.ring
    grown = F.max_pool2d(mask, (2 * ring + 1, 1), 1, (ring, 0))
    around = F.max_pool2d(grown, (1, 2 * ring + 1), 1, (0, ring)) - mask
    if context.alpha is not None:
        around = around * context.alpha
    if around.sum() < 1:
        context.note("Nothing lies around the selection, so there is nothing to match.")
        return pixels
    (here, spread), (there, wanted) = _moments(pixels, mask), _moments(pixels, around)
    context.progress(0.5, "Matching")
    matched = (pixels - here) * (wanted / spread.clamp(min=1e-3)).clamp(0.5, 2) + there
    return pixels.lerp(matched.clamp(0, 1), parameters.amount / 100)


def _moments(pixels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, 1 x 3 x 1 x 1, each pixel counting by its weight."""
    total = weights.sum((2, 3), keepdim=True).clamp(min=1e-6)
    mean = (pixels * weights).sum((2, 3), keepdim=True) / total
    variance = ((pixels - mean).square() * weights).sum((2, 3), keepdim=True) / total
    return mean, variance.sqrt()
