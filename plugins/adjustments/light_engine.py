"""Light and dark: levels, curves, brightness and contrast, exposure, invert."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from studio.api import Context, Curve, Levels, Parameters, curve_values
from studio_plugins.adjustments.light import (
    AutoLevelsParameters,
    BrightnessContrastParameters,
    CurvesParameters,
    ExposureParameters,
    LevelsParameters,
)
from studio_plugins.adjustments.spaces import to_encoded, to_linear
from studio_plugins.adjustments.strips import in_strips

BINS = 4096
STRAIGHT = CurvesParameters().rgb


def apply_levels(
    pixels: Tensor, _mask: Tensor | None, parameters: LevelsParameters, context: Context
) -> Tensor:
    """Levels of each channel, then of all: t = clamp((x - black) / (white - black)) ^ (1 / gamma).

    The result is ``output_black + t * (output_white - output_black)``. The order, channel first,
    is that of GIMP.
    """
    if parameters == LevelsParameters():
        return pixels
    channels = (parameters.red, parameters.green, parameters.blue)

    def strip(part: Tensor) -> Tensor:
        own = [leveled(part[:, i : i + 1], levels) for i, levels in enumerate(channels)]
        return leveled(torch.cat(own, dim=1), parameters.rgb)

    return in_strips(pixels, strip, context)


def leveled(x: Tensor, levels: Levels) -> Tensor:
    """One setting of levels on any tensor."""
    if levels == Levels():
        return x
    t = ((x - levels.black) / (levels.white - levels.black)).clamp(0, 1)
    if levels.gamma != 1:
        t = t ** (1 / levels.gamma)
    return levels.output_black + t * (levels.output_white - levels.output_black)


def auto_levels(
    pixels: Tensor, mask: Tensor | None, parameters: AutoLevelsParameters, context: Context
) -> Tensor:
    """Levels whose black and white leave ``clip`` percent of the pixels below and above.

    Counted over what is selected and not fully transparent.
    """
    counted = torch.ones_like(pixels[:, :1], dtype=torch.bool)
    for weight in (mask, context.alpha):
        if weight is not None:
            counted &= weight > 0
    values = [pixels[:, i : i + 1][counted] for i in range(3)]
    if parameters.method == "together":
        values = [torch.cat(values)]
    levels = [spanned(each, parameters.clip / 100) for each in values]
    red, green, blue = levels if len(levels) == 3 else levels * 3
    return apply_levels(pixels, mask, LevelsParameters(red=red, green=green, blue=blue), context)


def spanned(values: Tensor, clip: float) -> Levels:
    """Levels from the ``clip`` quantile to the ``1 - clip`` quantile of a histogram's bins."""
    if not values.numel():
        return Levels()
    counts = torch.histc(values, BINS, 0, 1).cpu().double().numpy()
    below = np.cumsum(counts) / max(counts.sum(), 1)
    low = int(np.searchsorted(below, clip, side="right"))
    high = int(np.searchsorted(below, 1 - clip, side="left"))
    if high <= low:
        return Levels()
    return Levels(black=low / BINS, white=min((high + 1) / BINS, 1.0))


def apply_curves(
    pixels: Tensor, _mask: Tensor | None, parameters: CurvesParameters, context: Context
) -> Tensor:
    """The curve of each channel, then that of all, from tables with an entry per 16-bit value.

    The curves are monotone cubics (`studio.api.curve_values`: Fritsch and Carlson 1980).
    """
    if parameters == CurvesParameters():
        return pixels
    channels = (parameters.red, parameters.green, parameters.blue)
    made = {points: table(points, parameters.rgb).to(pixels.device) for points in set(channels)}
    tables = [made[points] for points in channels]

    def strip(part: Tensor) -> Tensor:
        index = (part.clamp(0, 1) * 65535).round_().int()
        return torch.stack([table[index[:, i]] for i, table in enumerate(tables)], dim=1)

    return in_strips(pixels, strip, context)


def table(channel: Curve, every: Curve) -> Tensor:
    """What the curve of a channel, and then that of all, make of each 16-bit value."""
    values = np.linspace(0, 1, 65536)
    for points in (channel, every):
        if points != STRAIGHT:
            values = curve_values(points, values)
    return torch.tensor(values, dtype=torch.float32)


def brightness_contrast(
    pixels: Tensor, _mask: Tensor | None, parameters: BrightnessContrastParameters, context: Context
) -> Tensor:
    """Brightness b / 2 moves towards white or black, contrast c is a slope of tan((c + 1) pi / 4).

    The formula of GIMP's operation of that name: at full contrast only black and white are left.
    """
    if parameters == BrightnessContrastParameters():
        return pixels
    shift = parameters.brightness / 200
    slope = math.tan((min(parameters.contrast / 100, 0.9999) + 1) * math.pi / 4)

    def strip(part: Tensor) -> Tensor:
        moved = part + (1 - part) * shift if shift > 0 else part * (1 + shift)
        return ((moved - 0.5) * slope + 0.5).clamp(0, 1)

    return in_strips(pixels, strip, context)


def exposure(
    pixels: Tensor, _mask: Tensor | None, parameters: ExposureParameters, context: Context
) -> Tensor:
    """(light * 2^exposure + offset) ^ (1 / gamma), in linear light (the sRGB curve undone)."""
    if parameters == ExposureParameters():
        return pixels

    def strip(part: Tensor) -> Tensor:
        light = to_linear(part) * 2**parameters.exposure + parameters.offset
        if parameters.gamma != 1:
            light = light.clamp(min=0) ** (1 / parameters.gamma)
        return to_encoded(light).clamp(0, 1)

    return in_strips(pixels, strip, context)


def invert(
    pixels: Tensor, _mask: Tensor | None, _parameters: Parameters, _context: Context
) -> Tensor:
    """1 - x: twice is the picture again, bit by bit."""
    return 1 - pixels
