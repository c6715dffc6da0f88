"""Transparent pictures: what a network should see where there is nothing to be seen."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def filled(color: Tensor, alpha: Tensor) -> Tensor:
    """Give fully transparent pixels the colour of what is near them.

    What lies under them is arbitrary, often black or white, and a network or a resampling kernel
    would mix it into the edges. Averages weighted by alpha are taken over ever larger squares until
    one of them has seen something ("push-pull" of Gortler et al. 1996).

    Args:
        color: N x 3 x H x W.
        alpha: N x 1 x H x W in [0, 1].

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
