"""Pictures as generative networks see them: gray, RGB, or RGB with transparency, in one tensor.

Color and alpha cannot be learned apart: under transparent pixels a file holds arbitrary colors. Here
color is premultiplied, so that such pixels are black and differences count as they show.
"""

from __future__ import annotations

import torch
from torch import Tensor

GRAY, RGB, RGBA = 1, 3, 4


def pack(color: Tensor, alpha: Tensor | None, channels: int) -> Tensor:
    """Make planes of a picture.

    Args:
        color: N x 3 x H x W, straight RGB in [0, 1].
        alpha: N x 1 x H x W in [0, 1], or None for opaque.
        channels: 1 (mean of RGB over black), 3 (over white), or 4 (premultiplied, and alpha).

    Returns:
        N x ``channels`` x H x W in [-1, 1].
    """
    opaque = torch.ones_like(color[:, :1]) if alpha is None else alpha
    shown = color * opaque
    if channels == GRAY:
        planes = shown.mean(1, keepdim=True)
    elif channels == RGB:
        planes = shown + (1 - opaque)
    else:
        planes = torch.cat([shown, opaque], 1)
    return planes * 2 - 1


def unpack(planes: Tensor) -> tuple[Tensor, Tensor | None]:
    """The picture that planes show.

    Args:
        planes: N x 1, 3 or 4 x H x W; values beyond [-1, 1] are clamped.

    Returns:
        Straight color, N x 3 x H x W in [0, 1], and alpha, N x 1 x H x W, or None for opaque.
    """
    values = (planes.float() / 2 + 0.5).clamp(0, 1)
    if values.shape[1] == GRAY:
        return values.expand(-1, 3, -1, -1), None
    if values.shape[1] == RGB:
        return values, None
    color, alpha = values[:, :3], values[:, 3:]
    return (color / alpha.clamp(min=1 / 255)).clamp(0, 1), alpha


def over(planes: Tensor, background: float = 1.0) -> Tensor:
    """Planes laid on a gray: N x 3 x H x W, in [0, 1] where the planes are in [-1, 1].

    Gradients pass, also those of values that are out of range.
    """
    values = planes / 2 + 0.5
    if values.shape[1] == GRAY:
        return values.expand(-1, 3, -1, -1)
    if values.shape[1] == RGB:
        return values
    return values[:, :3] + background * (1 - values[:, 3:])
