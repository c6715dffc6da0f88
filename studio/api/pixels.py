"""Pixels as operations see and return them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Pixels:
    """A result that brings its own transparency, or has another size than the input.

    Attributes:
        color: float32, 1 x 3 x H x W, RGB in [0, 1], sRGB-encoded, straight (not premultiplied).
        alpha: float32, 1 x 1 x H x W in [0, 1], or None for opaque.
        title: name for a new layer or for a variation; the operation's title if empty.
    """

    color: Tensor
    alpha: Tensor | None = None
    title: str = ""
