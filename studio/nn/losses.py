"""Losses shared by training recipes."""

from __future__ import annotations

import torch
from torch import Tensor


def charbonnier(output: Tensor, target: Tensor, epsilon: float = 1e-3) -> Tensor:
    """A differentiable L1: mean of sqrt(d^2 + epsilon^2) (Charbonnier et al. 1994; Lai et al. 2017).

    Args:
        output: any shape, values in [0, 1].
        target: the same shape.
        epsilon: below this difference the loss is quadratic.
    """
    return torch.sqrt((output - target).square() + epsilon**2).mean()
