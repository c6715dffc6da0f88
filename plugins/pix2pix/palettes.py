"""The colors that stand for labels: found in label maps, and given back to blurred ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from studio.nn.pictures import Picture

_COLORS = 32  # of a palette at most


def palette(pictures: Sequence[Picture]) -> list[str]:
    """The flat colors of label maps, as ``#rrggbb``, the most frequent first.

    Shades that compression or resampling made of a color count with it: colors are gathered in cells
    of 32 levels, and a cell holds a label if it has one pixel in two hundred.
    """
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in pictures])
    _, member, counts = np.unique(pixels // 32, axis=0, return_inverse=True, return_counts=True)
    found = []
    for cell in np.argsort(-counts)[:_COLORS]:
        if counts[cell] * 200 >= len(pixels):
            colors, often = np.unique(pixels[member.ravel() == cell], axis=0, return_counts=True)
            found.append("#{:02x}{:02x}{:02x}".format(*colors[often.argmax()]))
    return found


def colors_of(words: Sequence[str]) -> Tensor:
    """Colors written as ``#rrggbb``, n x 3 in [0, 1]."""
    return torch.tensor([[int(word[i : i + 2], 16) / 255 for i in (1, 3, 5)] for word in words])


def labels(image: Tensor, palette: Tensor) -> Tensor:
    """Each pixel in the nearest of the palette's colors."""
    colors = palette.to(image)
    nearest = torch.zeros_like(image[:, 0], dtype=torch.long)
    least = torch.full_like(image[:, 0], torch.inf)
    for number, color in enumerate(colors):
        distance = (image - color[:, None, None]).square().sum(dim=1)
        closer = distance < least
        least = torch.where(closer, distance, least)
        nearest = torch.where(closer, number, nearest)
    return colors[nearest].movedim(3, 1)
