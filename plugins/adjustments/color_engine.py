"""Colour: hue and saturation, white balance, vibrance, black and white."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.api import Context
from studio_plugins.adjustments.color import (
    DAYLIGHT,
    BlackAndWhiteParameters,
    HueSaturationParameters,
    VibranceParameters,
    WhiteBalanceParameters,
)
from studio_plugins.adjustments.spaces import (
    from_hsl,
    luma,
    rgb_of,
    to_encoded,
    to_hsl,
    to_linear,
)
from studio_plugins.adjustments.strips import in_strips

CENTRES = {"reds": 0, "yellows": 60, "greens": 120, "cyans": 180, "blues": 240, "magentas": 300}
FAINT = 0.1  # of a range, colours of less chroma change less: their hue is mostly noise
Matrix = NDArray[np.float64]

# sRGB to CIE XYZ with D65 as white (IEC 61966-2-1).
RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
# CIE XYZ to the sharpened cone responses of Bradford (Lam 1985; ICC.1:2022, annex E).
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def hue_saturation(
    pixels: Tensor, _mask: Tensor | None, parameters: HueSaturationParameters, context: Context
) -> Tensor:
    """Hue, saturation and lightness of HSL moved, weighted by how far a colour is in the range.

    Ranges are 60 degrees apart, full within 15 of their middle and fading to 0 at 45, so that
    they add up to one. With ``colorize`` hue and saturation are set, and lightness is the luma.
    """
    hue_turn, stronger = parameters.hue, parameters.saturation / 100
    lighter = parameters.lightness / 100
    if not (parameters.colorize or hue_turn or stronger or lighter):
        return pixels

    def strip(part: Tensor) -> Tensor:
        if parameters.colorize:
            gray = _lightened(luma(part), lighter)
            saturation = torch.full_like(gray, (1 + stronger) / 2)
            return from_hsl(torch.full_like(gray, hue_turn % 360), saturation, gray)
        hue, saturation, lightness = to_hsl(part)
        weight: Tensor | float = 1.0
        if parameters.range != "all":
            away = (hue - CENTRES[parameters.range] + 180) % 360 - 180
            chroma = part.amax(1, keepdim=True) - part.amin(1, keepdim=True)
            weight = ((45 - away.abs()) / 30).clamp(0, 1) * (chroma / FAINT).clamp(max=1)
        saturation = (saturation * (1 + stronger * weight)).clamp(0, 1)
        return from_hsl(
            (hue + hue_turn * weight) % 360, saturation, _lightened(lightness, lighter * weight)
        )

    return in_strips(pixels, strip, context)


def _lightened(lightness: Tensor, amount: Tensor | float) -> Tensor:
    """A share of the way to white, or with a negative amount to black."""
    if isinstance(amount, float):
        return lightness + (1 - lightness) * amount if amount > 0 else lightness * (1 + amount)
    return torch.where(amount > 0, lightness + (1 - lightness) * amount, lightness * (1 + amount))


def white_balance(
    pixels: Tensor, _mask: Tensor | None, parameters: WhiteBalanceParameters, context: Context
) -> Tensor:
    """Linear light, adapted by Bradford's transform from the scene's white to the picture's.

    The white of ``temperature`` and ``tint`` lies on, or off, the Planckian locus
    (`planckian_white`); it goes to where 6500 K lies. Before that, ``neutral`` goes to gray.
    Computed with the primaries of sRGB.
    """
    matrix = np.eye(3)
    if parameters.neutral is not None:
        encoded = torch.tensor(rgb_of(parameters.neutral), dtype=torch.float64)
        light = to_linear(encoded).clamp(min=1e-4).numpy()
        matrix = adaptation(RGB_TO_XYZ @ light, RGB_TO_XYZ @ np.ones(3))
    if (parameters.temperature, parameters.tint) != (DAYLIGHT, 0):
        scene = planckian_white(parameters.temperature, parameters.tint * 3e-4)
        matrix = adaptation(scene, planckian_white(DAYLIGHT)) @ matrix
    if np.array_equal(matrix, np.eye(3)):
        return pixels
    in_rgb = np.linalg.inv(RGB_TO_XYZ) @ matrix @ RGB_TO_XYZ
    mix = torch.tensor(in_rgb, dtype=torch.float32, device=pixels.device)

    def strip(part: Tensor) -> Tensor:
        light = torch.einsum("ij,njhw->nihw", mix, to_linear(part))
        return to_encoded(light).clamp(0, 1)

    return in_strips(pixels, strip, context)


def adaptation(source: Matrix, target: Matrix) -> Matrix:
    """The XYZ matrix that takes the white ``source`` to ``target`` of the same luminance (Bradford)."""
    gain = (BRADFORD @ (target / target[1])) / (BRADFORD @ (source / source[1]))
    adapted: Matrix = np.linalg.inv(BRADFORD) @ np.diag(gain) @ BRADFORD
    return adapted


def planckian_white(temperature: float, off: float = 0.0) -> Matrix:
    """XYZ (Y = 1) of a black body, moved ``off`` (Duv) from the locus towards green.

    Krystek, An algorithm to calculate correlated colour temperature, Color Res. Appl. 10 (1985):
    CIE 1960 u, v within 8e-5 for 1000 to 15000 K.
    """
    t = np.array([temperature - 1, temperature, temperature + 1])
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    along = np.array([u[2] - u[0], v[2] - v[0]])
    across = np.array([along[1], -along[0]]) / np.hypot(*along)  # the side of larger v
    across *= np.sign(across[1])
    u_off, v_off = u[1] + off * across[0], v[1] + off * across[1]
    divisor = 2 * u_off - 8 * v_off + 4
    x, y = 3 * u_off / divisor, 2 * v_off / divisor
    return np.array([x / y, 1.0, (1 - x - y) / y])


def vibrance(
    pixels: Tensor, _mask: Tensor | None, parameters: VibranceParameters, context: Context
) -> Tensor:
    """Colours moved away from their luma by 1 + saturation + vibrance * (1 - s).

    ``s`` is the saturation of HSV, (max - min) / max: what is strong already moves little.
    """
    pale, even = parameters.vibrance / 100, parameters.saturation / 100
    if not (pale or even):
        return pixels

    def strip(part: Tensor) -> Tensor:
        high, low = part.amax(1, keepdim=True), part.amin(1, keepdim=True)
        strong = (high - low) / high.clamp(min=1e-6)
        gray = luma(part)
        factor = (1 + even + pale * (1 - strong)).clamp(min=0)
        return (gray + (part - gray) * factor).clamp(0, 1)

    return in_strips(pixels, strip, context)


def black_and_white(
    pixels: Tensor, _mask: Tensor | None, parameters: BlackAndWhiteParameters, context: Context
) -> Tensor:
    """Gray: red * R + green * G + blue * B of the encoded values; by default the luma of Rec. 709.

    A tint gives its hue, and its saturation times ``strength``, to every lightness of HSL.
    """
    red, green, blue = (
        share / 100 for share in (parameters.red, parameters.green, parameters.blue)
    )
    tint = torch.tensor(rgb_of(parameters.tint or "#000000")).view(1, 3, 1, 1)
    hue, saturation, _ = (float(value) for value in to_hsl(tint))
    saturation *= parameters.strength / 100

    def strip(part: Tensor) -> Tensor:
        mixed = red * part[:, 0:1] + green * part[:, 1:2] + blue * part[:, 2:3]
        gray = mixed.clamp(0, 1)
        if parameters.tint is None or saturation == 0:
            return gray.expand(-1, 3, -1, -1)
        return from_hsl(torch.full_like(gray, hue), torch.full_like(gray, saturation), gray)

    return in_strips(pixels, strip, context)
