"""From chroma at a network's size to chroma at the picture's, whose edges guide it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.resample import bicubic_resize, bicubic_rows
from studio_plugins.colorization.preparing import resized

GUIDE = 512
"""Pixels of the longer side at which chroma is brought to the edges of the lightness."""
_NEAR = 0.7  # deviation of the weights by distance, in pixels of the network's result
_ALIKE = 12.0  # the same by difference of lightness, of 100
_ROUNDS = 2  # of bringing the averages back to what the network said
_RADIUS = 2  # of the windows in which chroma is linear in lightness, in pixels of the guide
_SMOOTH = 4.0  # variance of lightness that counts as none
_STEEPEST = 3.0  # chroma per lightness


def at_edges(ab: Tensor, lightness: Tensor) -> Tensor:
    """Enlarge chroma to the size of its guide so that it changes where the lightness does.

    Joint bilateral upsampling (Kopf et al. 2007) over the nearest 3 x 3 values; then the difference
    that its averages have to what was given is added back, which keeps small colored things.

    Args:
        ab: 1 x 2 x h x w in CIELAB units.
        lightness: 1 x 1 x H x W in [0, 100], no smaller.

    Returns:
        1 x 2 x H x W.
    """
    height, width = lightness.shape[2:]
    coarse = resized(lightness, *ab.shape[2:])
    rows, columns = _places(ab.shape[2], height, ab), _places(ab.shape[3], width, ab)
    padded = F.pad(torch.cat([coarse, ab], dim=1), (1, 1, 1, 1), mode="replicate")
    total, weights = ab.new_zeros(1, 2, height, width), ab.new_full((1, 1, height, width), 1e-8)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, near_row = _neighbor(rows, down)
            column, near_column = _neighbor(columns, across)
            there = padded[:, :, row + 1][..., column + 1]
            alike = (lightness - there[:, :1]).div_(_ALIKE).square_().mul_(-0.5).exp_()
            weight = alike.mul_(near_row[:, None] * near_column)
            total.add_(weight * there[:, 1:])
            weights.add_(weight)
    fine = total.div_(weights)
    for _ in range(_ROUNDS):
        missing = ab - resized(fine, *ab.shape[2:])
        fine = fine + bicubic_resize(missing, height, width)
    return fine


def _places(given: int, made: int, like: Tensor) -> tuple[Tensor, Tensor, int]:
    """Where the pixels of a longer axis lie on a shorter one, and which of its pixels is nearest."""
    place = (torch.arange(made, device=like.device) + 0.5) * (given / made) - 0.5
    return place, place.round().long().clamp_(0, given - 1), given


def _neighbor(axis: tuple[Tensor, Tensor, int], offset: int) -> tuple[Tensor, Tensor]:
    """Index of a neighbor of the nearest pixel (one beyond the border is padding); its weight."""
    place, nearest, _ = axis
    index = nearest + offset
    return index, torch.exp(-((index - place) ** 2) / (2 * _NEAR**2))


@dataclass(frozen=True)
class Chroma:
    """Chroma as a function of lightness around each place: ``slope * L + base``.

    The guided filter's model (He et al. 2013) at a reduced size, as in the fast guided filter (He
    and Sun 2015): its coefficients are smooth, and enlarged they follow the edges of a lightness
    that is many times as large.

    Attributes:
        slope: 1 x 2 x h x w.
        base: 1 x 2 x h x w.
    """

    slope: Tensor
    base: Tensor

    @classmethod
    def of(cls, ab: Tensor, lightness: Tensor, *, edges: bool = True) -> Chroma:
        """Of chroma at the size of its guide; without ``edges`` it does not depend on lightness."""
        if not edges:
            return cls(torch.zeros_like(ab), ab)
        mean, mean_ab = _around(lightness), _around(ab)
        variance = _around(lightness * lightness) - mean * mean
        covariance = _around(lightness * ab) - mean * mean_ab
        slope = (covariance / (variance.clamp(min=0) + _SMOOTH)).clamp(-_STEEPEST, _STEEPEST)
        base = ab - slope * lightness  # so that at the guide's own size nothing is smoothed
        return cls(slope, base)

    def rows(self, lightness: Tensor, height: int, start: int) -> Tensor:
        """Rows of the chroma of a picture of ``height`` rows, of which ``lightness`` is a strip.

        Args:
            lightness: 1 x 1 x rows x W in [0, 100].
            height: rows of the whole picture.
            start: first row of the strip.

        Returns:
            1 x 2 x rows x W.
        """
        stop, width = start + lightness.shape[2], lightness.shape[3]
        base = bicubic_rows(self.base, height, width, start, stop)
        if not bool(self.slope.any()):
            return base
        slope = bicubic_rows(self.slope, height, width, start, stop)
        return base.add_(slope.mul_(lightness))


def _around(image: Tensor) -> Tensor:
    """Mean over a square window, cut off at the borders."""
    side = 2 * _RADIUS + 1
    return F.avg_pool2d(image, side, stride=1, padding=_RADIUS, count_include_pad=False)
