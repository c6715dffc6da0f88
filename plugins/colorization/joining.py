"""Chroma and lightness joined at the picture's own size, without touching the lightness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context
from studio.nn.lab import lab_in_gamut, lab_to_srgb, srgb_to_lab, srgb_to_lightness
from studio_plugins.colorization.hinting import enforced
from studio_plugins.colorization.preparing import Hints
from studio_plugins.colorization.upsampling import Chroma

ROWS = 64
_UNDER = 5  # pixels of the guide over which the lightness under hints is averaged


@dataclass(frozen=True)
class Dabs:
    """Hints at the picture's size.

    Attributes:
        rgba: 1 x 4 x H x W in [0, 1].
        light: 1 x 2 x h x w: lightness under the hints times their cover, and the cover.
    """

    rgba: Tensor
    light: Tensor

    @classmethod
    def of(cls, rgba: Tensor, lightness: Tensor, hints: Hints) -> Dabs:
        """From the hints at both sizes and the lightness of the guide, 1 x 1 x h x w."""
        known = torch.cat([lightness * hints.cover, hints.cover], dim=1)
        return cls(rgba, F.avg_pool2d(known, _UNDER, stride=1, padding=_UNDER // 2))

    def applied(self, ab: Tensor, lightness: Tensor, start: int) -> Tensor:
        """A strip of chroma that begins at row ``start``, with the hints in it."""
        stop, (height, width) = start + ab.shape[2], self.rgba.shape[2:]
        rgba = self.rgba[:, :, start:stop]
        if not bool((rgba[:, 3:] > 0).any()):
            return ab
        rows = torch.arange(start, stop, device=ab.device) * self.light.shape[2] // height
        columns = torch.arange(width, device=ab.device) * self.light.shape[3] // width
        near = self.light[:, :, rows][..., columns]
        light = near[:, :1] / near[:, 1:].clamp(min=1e-9)
        return enforced(ab, lightness, rgba, srgb_to_lab(rgba[:, :3])[:, 1:], light)


def joined(
    image: Tensor,
    chroma: Chroma,
    strength: float,
    tone: Callable[[Tensor], Tensor] | None,
    dabs: Dabs | None,
    context: Context,
) -> Tensor:
    """Give a picture chroma, in strips.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        chroma: what it gets.
        strength: 1 for that alone, 0 for its own.
        tone: what becomes of lightness in [0, 100]; None leaves it exactly as it is.
        dabs: hints to hold to.
        context: of the run.

    Returns:
        1 x 3 x H x W in [0, 1]. Colors that sRGB lacks at their lightness are less colorful.
    """
    out = torch.empty_like(image)
    height = image.shape[2]
    rows = ROWS if image.device.type == "cpu" else height
    for start in range(0, height, rows):
        context.progress(start / height, "Joining")
        strip = image[:, :, start : start + rows]
        if strength < 1:
            given = srgb_to_lab(strip)
            light, own = given[:, :1], given[:, 1:]
        else:
            light, own = srgb_to_lightness(strip), None
        ab = chroma.rows(light, height, start)
        if dabs is not None:
            ab = dabs.applied(ab, light, start)
        if own is not None:
            ab = torch.lerp(own, ab, strength)
        if tone is not None:
            light = tone(light)
        made = lab_to_srgb(lab_in_gamut(torch.cat([light, ab], dim=1)))
        out[:, :, start : start + rows] = made.clamp_(0, 1)
    return out
