"""What a network is given: the picture at its size, faded tones stretched, hints averaged."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.lab import srgb_to_lab
from studio_plugins.colorization.parameters import Print
from studio_plugins.colorization.predictors import AB

_FADED = 62.0  # range of lightness, of 100, below which a print counts as faded
_SMALLEST_RANGE = 4.0  # below it there is nothing to stretch but noise
_TAIL = 0.005  # share of the pixels at either end that do not count
_BLACK, _WHITE = 3.0, 97.0  # lightness of the darkest and the lightest tone once stretched


@dataclass(frozen=True)
class Tones:
    """The range of lightness that a picture uses, in [0, 100]."""

    low: float
    high: float

    @classmethod
    def of(cls, lightness: Tensor) -> Tones:
        """Of 1 x 1 x h x w, without the few darkest and lightest pixels."""
        values = lightness.flatten()
        low, high = torch.quantile(values, values.new_tensor([_TAIL, 1 - _TAIL])).tolist()
        return cls(low, high)

    @property
    def faded(self) -> bool:
        """Whether black and white are both missing, as in an old print."""
        return self.high - self.low < _FADED

    def stretched(self, lightness: Tensor) -> Tensor:
        """The lightness with this range spread over nearly all of [0, 100]."""
        if self.high - self.low < _SMALLEST_RANGE:
            return lightness
        share = (lightness - self.low) / (self.high - self.low)
        return (_BLACK + (_WHITE - _BLACK) * share).clamp(0, 100)


def resized(image: Tensor, height: int, width: int) -> Tensor:
    """Averages of areas where the picture shrinks, else a bilinear enlargement."""
    if image.shape[2] >= height and image.shape[3] >= width:
        return F.adaptive_avg_pool2d(image, (height, width))
    return F.interpolate(image, (height, width), mode="bilinear", align_corners=False)


def working_size(height: int, width: int, size: int, multiple: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture: about ``size`` squared pixels."""
    shrink = size / (height * width) ** 0.5
    longest = 4 * size  # of strips and panoramas
    sides = (min(max(side * shrink, multiple), longest) for side in (height, width))
    tall, wide = (max(round(side / multiple), 1) * multiple for side in sides)
    return tall, wide


def seen(lightness: Tensor, print_: Print) -> Tensor:
    """What the network sees of 1 x 1 x h x w lightness in [0, 100]; in [0, 1]."""
    tones = Tones.of(lightness)
    if print_ == "faded" or (print_ == "auto" and tones.faded):
        lightness = tones.stretched(lightness)
    return lightness / 100


@dataclass(frozen=True)
class Hints:
    """Colors that are known at some places of a reduced picture.

    Attributes:
        ab: 1 x 2 x h x w in CIELAB units; 0 where nothing is known.
        cover: 1 x 1 x h x w in [0, 1]: how much of a pixel's area is covered by hints.
    """

    ab: Tensor
    cover: Tensor

    @classmethod
    def of(cls, rgba: Tensor, height: int, width: int) -> Hints:
        """From 1 x 4 x H x W, straight RGBA in [0, 1]: averages, weighted by alpha."""
        cover = resized(rgba[:, 3:], height, width)
        weighted = resized(rgba[:, :3] * rgba[:, 3:], height, width)
        known = cover > 0
        color = torch.where(known, weighted / cover.clamp(min=1e-9), 0.5).clamp(0, 1)
        return cls(torch.where(known, srgb_to_lab(color)[:, 1:], 0.0), cover)

    @property
    def for_network(self) -> Tensor:
        """1 x 3 x h x w, as networks are given them."""
        known = (self.cover > 0).float()
        return torch.cat([self.ab * known / AB, known], dim=1)

    def with_spot(self, row: int, column: int, color: Tensor, side: int) -> Hints:
        """One more, a square of ``side`` pixels around a place; what is known already stays."""
        top, left = max(row - side // 2, 0), max(column - side // 2, 0)
        area = (..., slice(top, top + side), slice(left, left + side))
        free = self.cover[area] <= 0
        ab, cover = self.ab.clone(), self.cover.clone()
        ab[area] = torch.where(free, color.reshape(1, 2, 1, 1), ab[area])
        cover[area] = torch.where(free, 1.0, cover[area])
        return Hints(ab, cover)


def no_hints(like: Tensor) -> Hints:
    """Nothing known about a picture of the size of ``like``."""
    shape = (1, 1, *like.shape[2:])
    return Hints(like.new_zeros(1, 2, *like.shape[2:]), like.new_zeros(shape))
