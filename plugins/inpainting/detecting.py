"""Finding dust and scratches: what is small, stands out, and stands alone.

What is narrower than a square vanishes when the picture is opened (what is bright) or closed (what is
dark) with it; the difference, the top-hat (Meyer 1979), is compared with how much of that there is
in the neighbourhood, so that grain and texture, which are full of it, are left alone.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Kind = Literal["both", "bright", "dark"]

_LUMA = (0.299, 0.587, 0.114)
_AROUND = 6  # widths of the square over which what is usual is averaged
_STRIP = 1024  # rows at a time: no plane of a large scan is held more than a few times
_LEAST = 4  # pixels of a speck that is none but noise


def find(image: Tensor, sensitivity: float, largest: int, kind: Kind) -> Tensor:
    """Mark what looks like dust or scratches.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        sensitivity: 0 to 1.
        largest: the widest speck or scratch, in pixels; odd.
        kind: whether they are bright, dark or both.

    Returns:
        1 x 1 x H x W, bool, with a rim of a pixel or more around each find.
    """
    side = max(3, largest | 1)
    reach = side * (_AROUND + 3)
    height = image.shape[2]
    found = torch.zeros(1, 1, height, image.shape[3], dtype=torch.bool, device=image.device)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        first, last = max(0, top - reach), min(height, bottom + reach)
        gray = _gray(image[:, :, first:last])
        marked = _marked(gray, sensitivity, side, kind)
        found[:, :, top:bottom] = marked[:, :, top - first : bottom - first]
    return found


def _gray(image: Tensor) -> Tensor:
    weights = torch.tensor(_LUMA, device=image.device).view(1, 3, 1, 1)
    return (image * weights).sum(dim=1, keepdim=True)


def _marked(gray: Tensor, sensitivity: float, side: int, kind: Kind) -> Tensor:
    found = torch.zeros_like(gray, dtype=torch.bool)
    if kind != "dark":
        found |= _standing_out(gray - _opened(gray, side), sensitivity, side)
    if kind != "bright":
        found |= _standing_out(_opened(1 - gray, side) * -1 + (1 - gray), sensitivity, side)
    rim = 3 if side < 15 else 5
    return F.max_pool2d(found.float(), rim, stride=1, padding=rim // 2) > 0


def _standing_out(hat: Tensor, sensitivity: float, side: int) -> Tensor:
    """Strong places of a top-hat, and what is weaker but hangs together with them."""
    usual = _averaged(hat.clamp(max=0.1), side * _AROUND | 1)
    times = 9.0 - 6.0 * sensitivity
    least = 0.16 - 0.13 * sensitivity
    strong = (hat > times * usual) & (hat > least)
    weak = ((hat > 0.5 * times * usual) & (hat > 0.5 * least)).float()
    # Single pixels are noise; a strong one needs others beside it.
    crowd = _averaged(weak, 3) * 9
    seed = (strong & (crowd >= _LEAST)).float()
    for _ in range(side):
        seed = F.max_pool2d(seed, 3, stride=1, padding=1) * weak
    return seed > 0


def _opened(gray: Tensor, side: int) -> Tensor:
    """The picture without what is bright and narrower than ``side``."""
    half = side // 2
    padded = F.pad(gray, (half, half, half, half), mode="replicate")
    low = -_highest(-padded, side)
    padded = F.pad(low, (half, half, half, half), mode="replicate")
    return _highest(padded, side)


def _highest(padded: Tensor, side: int) -> Tensor:
    rows = F.max_pool2d(padded, (side, 1), stride=1)
    return F.max_pool2d(rows, (1, side), stride=1)


def _averaged(image: Tensor, side: int) -> Tensor:
    half = min(side // 2, min(image.shape[2:]) - 1)
    side = 2 * half + 1
    padded = F.pad(image, (half, half, half, half), mode="reflect")
    return F.avg_pool2d(F.avg_pool2d(padded, (side, 1), stride=1), (1, side), stride=1)
