"""Where in a picture is drawn anew, and at which size a model sees it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.filling_parts import Box


def whole(height: int, width: int) -> Box:
    """All of a picture."""
    return Box(0, 0, height, width)


def around(mask: Tensor, margin: int) -> Box:
    """The selection with what is seen around it, moved inward at the picture's borders.

    Args:
        mask: 1 x 1 x H x W; above 0 somewhere.
        margin: in pixels.
    """
    seen = mask[0, 0] > 0
    sides = []
    for dim in (1, 0):
        found = torch.nonzero(seen.any(dim)).flatten()
        first, last, length = int(found[0]), int(found[-1]) + 1, seen.shape[1 - dim]
        side = min(last - first + 2 * margin, length)
        start = min(max(0, (first + last - side) // 2), length - side)
        sides.append((start, start + side))
    (top, bottom), (left, right) = sides
    return Box(top, left, bottom, right)


def working_size(height: int, width: int, side: int, multiple: int) -> tuple[int, int]:
    """Height and width of about ``side`` squared pixels, of the shape of the ones given.

    Args:
        height: in pixels.
        width: in pixels.
        side: of the square.
        multiple: both results are multiples of this.
    """
    scale = side / math.sqrt(height * width)
    return rounded(height * scale, multiple), rounded(width * scale, multiple)


def rounded(length: float, multiple: int) -> int:
    """The nearest multiple, at least one."""
    return max(round(length / multiple), 1) * multiple


def resized(image: Tensor, height: int, width: int) -> Tensor:
    """A picture, 1 x C x h x w in [0, 1], at another size, without aliasing."""
    if image.shape[2:] == (height, width):
        return image
    smaller = image.shape[2] > height or image.shape[3] > width
    return F.interpolate(image, size=(height, width), mode="bicubic", antialias=smaller).clamp(0, 1)


class Glance:
    """A small view of a picture, in which what is being drawn is shown at its place.

    Args:
        picture: 1 x 3 x H x W in [0, 1].
        box: where it is drawn.
        side: of the view, in pixels at most.
    """

    def __init__(self, picture: Tensor, box: Box, side: int = 512) -> None:
        height, width = picture.shape[2:]
        scale = min(1.0, side / max(height, width))
        small = (max(round(height * scale), 1), max(round(width * scale), 1))
        self._base = resized(picture, *small).cpu()
        top, left = (
            min(int(edge * scale), limit - 1)
            for edge, limit in zip((box.top, box.left), small, strict=True)
        )
        bottom = min(max(round(box.bottom * scale), top + 1), small[0])
        right = min(max(round(box.right * scale), left + 1), small[1])
        self._place = Box(top, left, bottom, right)

    def show(self, drawn: Tensor) -> Tensor:
        """The view, 1 x 3 x h x w, with a picture of any size in its place."""
        view = self._base.clone()
        place = self._place
        place.of(view).copy_(
            F.interpolate(drawn, size=(place.height, place.width), mode="bilinear")
        )
        return view
