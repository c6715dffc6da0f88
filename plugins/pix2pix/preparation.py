"""What is made of a picture before a network sees it: edges, label colors, gray."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.api import ModelCard, UserError
from studio.nn.resample import bicubic_resize
from studio_plugins.pix2pix.palettes import colors_of

_LUMA = (0.299, 0.587, 0.114)


def over_white(color: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture as it looks on white paper, 1 x 3 x H x W."""
    return color if alpha is None else color * alpha + (1 - alpha)


def luma(image: Tensor) -> Tensor:
    """N x 3 x H x W to N x 1 x H x W."""
    weights = image.new_tensor(_LUMA)[:, None, None]
    return (image * weights).sum(dim=1, keepdim=True)


def gray(image: Tensor) -> Tensor:
    """Its brightness, in three channels."""
    return luma(image).expand(-1, 3, -1, -1)


def edges(image: Tensor) -> Tensor:
    """Edges of a photo as thin black lines on white (Canny 1986), of the same size.

    The thresholds follow the median brightness, so that a dark photo has edges, too.
    """
    levels = (luma(image)[0, 0] * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    levels = cv2.GaussianBlur(levels, (0, 0), 1.0)
    median = max(float(np.median(levels)), 32.0)
    found = cv2.Canny(levels, 0.66 * median, 1.33 * median)
    lines = 1 - torch.from_numpy(found).to(image) / 255
    return lines.expand(1, 3, -1, -1)


def palette_of(card: ModelCard) -> Tensor:
    """The colors that stand for the labels of a model, n x 3 in [0, 1], from ``extra["palette"]``.

    Raises:
        UserError: if its card names none.
    """
    words = card.extra.get("palette", "").split()
    if not words:
        raise UserError(
            f"The card of {card.title} names no colors of labels.",
            "Choose another input; “The picture as it is” takes a label map that is exact already.",
        )
    return colors_of(words)


def resized(image: Tensor, height: int, width: int, *, exact: bool = False) -> Tensor:
    """In [0, 1] at another size; ``exact`` makes no color that was not there, for label maps."""
    if tuple(image.shape[2:]) == (height, width):
        return image
    if exact:
        return torch.nn.functional.interpolate(image, size=(height, width), mode="nearest-exact")
    return bicubic_resize(image, height, width).clamp(0, 1)
