"""Differentiable augmentation, with which GANs learn from few pictures.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training",
https://arxiv.org/abs/2006.10738: real and made pictures are changed alike before they are judged, so
that the discriminator cannot learn the few real ones by heart, and the gradient passes the change.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.nn.planes import RGBA

_SHIFT = 1 / 8
_CUT = 1 / 2


def augmented(planes: Tensor) -> Tensor:
    """Color, translation and cutout of the paper, other ones for each picture, from torch's generator.

    Args:
        planes: N x 1, 3 or 4 x H x W in [-1, 1]; of four channels the color is premultiplied.

    Returns:
        The same shape. What is moved in or cut out is transparent if there is alpha, else gray.
    """
    empty = -1.0 if planes.shape[1] == RGBA else 0.0
    # From here on, nothing is 0.
    values = _recolored(planes) - empty
    return _cut(_moved(values)) + empty


def _recolored(planes: Tensor) -> Tensor:
    """Brightness, saturation and contrast; alpha stays, and what is transparent stays black."""
    color, alpha = planes[:, :3] / 2 + 0.5, planes[:, 3:]
    cover = alpha / 2 + 0.5 if alpha.shape[1] else torch.ones_like(color[:, :1])
    brightness, saturation, contrast = torch.rand(3, len(planes), 1, 1, 1, device=planes.device)
    color = color + (brightness - 0.5) / 2 * cover
    gray = color.mean(1, keepdim=True)
    color = torch.lerp(gray.expand_as(color), color, saturation * 2)
    weight = cover.sum((1, 2, 3), keepdim=True).clamp(min=1)
    mean = color.mean(1, keepdim=True).sum((1, 2, 3), keepdim=True) / weight * cover
    color = torch.lerp(mean.expand_as(color), color, contrast + 0.5)
    return torch.cat([color * 2 - 1, alpha], 1)


def _moved(values: Tensor) -> Tensor:
    """Each picture shifted by up to an eighth of its sides."""
    number, _, height, width = values.shape
    device = values.device
    reach = (round(height * _SHIFT), round(width * _SHIFT))
    down = torch.randint(-reach[0], reach[0] + 1, (number, 1), device=device)
    across = torch.randint(-reach[1], reach[1] + 1, (number, 1), device=device)
    rows = (torch.arange(height, device=device) + down).clamp(-1, height) + 1
    columns = (torch.arange(width, device=device) + across).clamp(-1, width) + 1
    padded = torch.nn.functional.pad(values, (1, 1, 1, 1))
    index = torch.arange(number, device=device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


def _cut(values: Tensor) -> Tensor:
    """A square of half the sides taken out of each."""
    number, _, height, width = values.shape
    device = values.device
    reach = (height * _CUT / 2, width * _CUT / 2)
    top = torch.rand(number, 1, device=device) * height
    left = torch.rand(number, 1, device=device) * width
    rows = (torch.arange(height, device=device) - top).abs() < reach[0]
    columns = (torch.arange(width, device=device) - left).abs() < reach[1]
    kept = ~(rows[:, :, None] & columns[:, None])
    return values * kept[:, None]
