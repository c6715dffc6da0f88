"""Colors that are known at a few places, as the network is given them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio_plugins.colorization.networks import AB

_LARGEST = 9  # side of a dab in pixels
_REVEALED = 0.02  # share of the pictures that are shown all their colors


def no_hints(like: Tensor) -> Tensor:
    """Hints that say nothing, for N x C x H x W."""
    return like.new_zeros(like.shape[0], 3, *like.shape[2:])


def dabs(ab: Tensor, places: list[tuple[int, int, int]]) -> Tensor:
    """Hints that show a picture's own colors at some places.

    Args:
        ab: 2 x H x W in CIELAB units.
        places: row and column of the upper left pixel, and the side of each dab.

    Returns:
        3 x H x W as `Colorizer.forward` takes them; within a dab the color is its mean.
    """
    hints = ab.new_zeros(3, *ab.shape[1:])
    for top, left, side in places:
        spot = ab[:, top : top + side, left : left + side]
        hints[:2, top : top + side, left : left + side] = spot.mean((1, 2), keepdim=True) / AB
        hints[2, top : top + side, left : left + side] = 1
    return hints


def random_dabs(ab: Tensor, random: np.random.Generator, count: int | None = None) -> Tensor:
    """Some dabs around the middle, their number drawn from a geometric distribution.

    As Zhang et al. 2017, section 3.2; there are at least one, and now and then all colors.

    Args:
        ab: 2 x H x W in CIELAB units.
        random: where chance comes from.
        count: how many, instead of by chance.

    Returns:
        3 x H x W as `Colorizer.forward` takes them.
    """
    height, width = ab.shape[1:]
    if count is None:
        if random.random() < _REVEALED:
            return torch.cat([ab / AB, torch.ones_like(ab[:1])])
        count = int(random.geometric(1 / 8))
    places = []
    for _ in range(count):
        side = int(random.integers(1, _LARGEST + 1))
        top, left = (
            int(np.clip(random.normal(length / 2, length / 4), 0, length - side))
            for length in (height, width)
        )
        places.append((top, left, side))
    return dabs(ab, places)
