"""Enlarging transparent pictures without halos."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_REACH = 2  # pixels around one within which alpha may take its values from


def bounded(enlarged: Tensor, alpha: Tensor, scale: int) -> Tensor:
    """Keep an enlarged alpha within the values that the alpha has around each pixel.

    A network overshoots at edges and is a little off on flat areas: without this, opaque parts
    would come out as 0.99 and clear ones with a faint veil.

    Args:
        enlarged: 1 x 1 x (h * scale) x (w * scale).
        alpha: 1 x 1 x h x w.
        scale: enlargement factor.
    """
    side = 2 * _REACH + 1
    high = F.max_pool2d(alpha, side, stride=1, padding=_REACH)
    low = -F.max_pool2d(-alpha, side, stride=1, padding=_REACH)
    factor = float(scale)
    lower, upper = (
        F.interpolate(each, scale_factor=factor, mode="nearest") for each in (low, high)
    )
    return torch.minimum(torch.maximum(enlarged, lower), upper)
