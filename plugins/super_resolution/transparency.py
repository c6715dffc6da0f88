"""Enlarging transparent pictures without halos."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_REACH = 2  # pixels around one within which alpha may take its values from


def filled(color: Tensor, alpha: Tensor) -> Tensor:
    """Give fully transparent pixels the colour of what is near them.

    What lies under them is arbitrary, often black or white, and a network or a resampling kernel
    would mix it into the edges. Averages weighted by alpha are taken over ever larger squares until
    one of them has seen something ("push-pull" of Gortler et al. 1996).

    Args:
        color: 1 x 3 x H x W.
        alpha: 1 x 1 x H x W in [0, 1].

    Returns:
        ``color`` with other values where ``alpha`` is 0; all black if alpha is 0 everywhere.
    """
    clear = alpha <= 0
    if not bool(clear.any()):
        return color
    near = _averages(color * alpha, alpha)
    return torch.where(clear, near, color)


def _averages(weighted: Tensor, weight: Tensor) -> Tensor:
    """Colours of the smallest squares around each pixel that are not empty."""
    known = weight > 0
    own = torch.where(known, weighted / weight.clamp(min=1e-6), 0.0)
    if bool(known.all()) or max(weight.shape[2:]) == 1:
        return own
    coarse = _averages(_halved(weighted), _halved(weight))
    height, width = weight.shape[2:]
    wide = F.interpolate(coarse, scale_factor=2.0, mode="bilinear")[..., :height, :width]
    return torch.where(known, own, wide)


def _halved(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, 2, ceil_mode=True)


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
