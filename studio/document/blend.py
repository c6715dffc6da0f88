"""Blend modes: how the colour of a layer meets the colour below it.

The formulas are those of the W3C recommendation Compositing and Blending Level 1, which OpenRaster
refers to; ``plus`` is its compositing operator "lighter" taken as a blend function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np

from studio.document.tiles import Array

Blend = Callable[[Array, Array], Array]
"""(below, above) to the mixed colour: float32, 3 x H x W, straight RGB in [0, 1]. Neither changes."""


class BlendMode(StrEnum):
    """The modes by their W3C names."""

    NORMAL = "normal"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    SOFT_LIGHT = "soft-light"
    HARD_LIGHT = "hard-light"
    DARKEN = "darken"
    LIGHTEN = "lighten"
    DIFFERENCE = "difference"
    COLOR = "color"
    LUMINOSITY = "luminosity"
    HUE = "hue"
    SATURATION = "saturation"
    COLOR_DODGE = "color-dodge"
    COLOR_BURN = "color-burn"
    EXCLUSION = "exclusion"
    PLUS = "plus"


def blended(mode: BlendMode, below: Array, above: Array) -> Array:
    """B(Cb, Cs) of a mode, where both colours are opaque.

    Args:
        mode: any but needless for ``NORMAL``, which gives ``above``.
        below: the backdrop's colour, float32, 3 x H x W (or any 3 x ...), in [0, 1].
        above: the layer's colour, of the same shape.
    """
    return _FUNCTIONS[mode](below, above)


def _screen(below: Array, above: Array) -> Array:
    out: Array = below + above - below * above
    return out


def _hard_light(below: Array, above: Array) -> Array:
    # Multiply by 2 Cs where Cs <= 0.5, else screen with 2 Cs - 1.
    product = below * above
    product *= 2
    return np.where(above <= 0.5, product, 2 * (below + above) - product - 1)


def _soft_light(below: Array, above: Array) -> Array:
    # Where Cs <= 0.5 the backdrop is darkened by B - B^2, elsewhere brightened towards D(Cb).
    dark = below - below * below
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    light = curve - below
    out: Array = below + (2 * above - 1) * np.where(above <= 0.5, dark, light)
    return out


def _color_dodge(below: Array, above: Array) -> Array:
    room = 1 - above
    ratio = np.minimum(below / np.where(room > 0, room, 1), 1)
    return np.where(below <= 0, 0, np.where(room > 0, ratio, 1)).astype(np.float32)


def _color_burn(below: Array, above: Array) -> Array:
    ratio = np.minimum((1 - below) / np.where(above > 0, above, 1), 1)
    return np.where(below >= 1, 1, np.where(above > 0, 1 - ratio, 0)).astype(np.float32)


def _luminance(color: Array) -> Array:
    """Lum(C) of the recommendation: weights 0.3, 0.59 and 0.11 on encoded values."""
    out: Array = color[0] * np.float32(0.3)
    out += color[1] * np.float32(0.59)
    out += color[2] * np.float32(0.11)
    return out


def _with_luminance(color: Array, luminance: Array) -> Array:
    """SetLum and ClipColor: the colour moved to a luminance, pulled towards gray to stay in [0, 1]."""
    moved: Array = color + (luminance - _luminance(color))
    lowest = np.minimum(np.minimum(moved[0], moved[1]), moved[2])
    highest = np.maximum(np.maximum(moved[0], moved[1]), moved[2])
    if lowest.min() < 0:
        scale = np.where(lowest < 0, luminance / np.maximum(luminance - lowest, 1e-12), 1)
        moved = luminance + (moved - luminance) * scale
    if highest.max() > 1:
        room = np.maximum(highest - luminance, 1e-12)
        scale = np.where(highest > 1, (1 - luminance) / room, 1)
        moved = luminance + (moved - luminance) * scale
    return moved.astype(np.float32, copy=False)


def _saturation(color: Array) -> Array:
    highest: Array = np.maximum(np.maximum(color[0], color[1]), color[2])
    highest -= np.minimum(np.minimum(color[0], color[1]), color[2])
    return highest


def _with_saturation(color: Array, saturation: Array) -> Array:
    """SetSat: lowest channel to 0, highest to ``saturation``, the middle one in proportion."""
    lowest: Array = np.minimum(np.minimum(color[0], color[1]), color[2])
    present = _saturation(color)
    scale = np.where(present > 0, saturation / np.where(present > 0, present, 1), 0)
    out: Array = (color - lowest) * scale
    return out


_FUNCTIONS: Mapping[BlendMode, Blend] = {
    BlendMode.NORMAL: lambda _, above: above,
    BlendMode.MULTIPLY: lambda below, above: below * above,
    BlendMode.SCREEN: _screen,
    BlendMode.OVERLAY: lambda below, above: _hard_light(above, below),
    BlendMode.SOFT_LIGHT: _soft_light,
    BlendMode.HARD_LIGHT: _hard_light,
    BlendMode.DARKEN: np.minimum,
    BlendMode.LIGHTEN: np.maximum,
    BlendMode.DIFFERENCE: lambda below, above: np.abs(below - above),
    BlendMode.COLOR: lambda below, above: _with_luminance(above, _luminance(below)),
    BlendMode.LUMINOSITY: lambda below, above: _with_luminance(below, _luminance(above)),
    BlendMode.HUE: lambda below, above: _with_luminance(
        _with_saturation(above, _saturation(below)), _luminance(below)
    ),
    BlendMode.SATURATION: lambda below, above: _with_luminance(
        _with_saturation(below, _saturation(above)), _luminance(below)
    ),
    BlendMode.COLOR_DODGE: _color_dodge,
    BlendMode.COLOR_BURN: _color_burn,
    BlendMode.EXCLUSION: lambda below, above: below + above - 2 * below * above,
    BlendMode.PLUS: lambda below, above: np.minimum(below + above, 1),
}
