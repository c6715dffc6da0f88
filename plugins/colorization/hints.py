"""Colors that are known at a few places, as the network is given them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio_plugins.colorization.networks import AB

_LARGEST = 9  # side of a dab in pixels
_REVEALED = 0.02  # share of the pictures that are shown all their colors
_FEW = 1 / 4  # of the geometric distribution that says how many there are: four on average
_TRIED = 4  # places of which the most colorful one is taken, at most


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
    """Some dabs, few as a rule, where the colors are those that one would want to tell.

    Zhang et al. 2017, section 3.2, draw places around the middle. Here each is the one of a few
    random ones whose color is furthest from the picture's mean: nobody says what is expected anyway.

    Args:
        ab: 2 x H x W in CIELAB units.
        random: where chance comes from.
        count: how many; left open, by chance, and now and then all colors are given.

    Returns:
        3 x H x W as `Colorizer.forward` takes them.
    """
    height, width = ab.shape[1:]
    if count is None:
        if random.random() < _REVEALED:
            return torch.cat([ab / AB, torch.ones_like(ab[:1])])
        count = int(random.geometric(_FEW))
    apart = (ab - ab.mean((1, 2), keepdim=True)).norm(dim=0)
    places = []
    for _ in range(count):
        side = int(random.integers(1, _LARGEST + 1))
        tried = int(random.integers(1, _TRIED + 1))
        tops = random.integers(0, height - side + 1, tried)
        lefts = random.integers(0, width - side + 1, tried)
        best = int(apart[tops + side // 2, lefts + side // 2].argmax())
        places.append((int(tops[best]), int(lefts[best]), side))
    return dabs(ab, places)
