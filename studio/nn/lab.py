"""CIELAB under D65, and colors brought into gamut without touching their lightness."""

from __future__ import annotations

import torch
from torch import Tensor

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
# IEC 61966-2-1. The white is that of the matrix itself, so that gray has no chroma at all.
_WHITE = tuple(sum(row) for row in _TO_XYZ)
_TO_RGB = torch.linalg.inv(torch.tensor(_TO_XYZ, dtype=torch.float64)).tolist()
_EPSILON = 6 / 29  # of f, below which CIELAB is linear
_SLOPE = 3 * _EPSILON**2
_OFFSET = 4 / 29
_HALVINGS = 12  # of the interval in which chroma fits: 1/4096 of it is left
_SLACK = 1e-5  # of linear light out of gamut that is nothing but rounding


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB to CIELAB (CIE 15:2004, 2 degree observer, D65).

    Args:
        rgb: N x 3 x H x W in [0, 1], sRGB-encoded.

    Returns:
        N x 3 x H x W: L in [0, 100], a and b within about -110 to 110.
    """
    red, green, blue = _linear(rgb).unbind(1)
    f_x, f_y, f_z = (
        _f((row[0] / white) * red + (row[1] / white) * green + (row[2] / white) * blue)
        for row, white in zip(_TO_XYZ, _WHITE, strict=True)
    )
    return torch.stack([116 * f_y - 16, 500 * (f_x - f_y), 200 * (f_y - f_z)], dim=1)


def srgb_to_lightness(rgb: Tensor) -> Tensor:
    """The L of `srgb_to_lab` alone: N x 1 x H x W in [0, 100]."""
    red, green, blue = torch.split(_linear(rgb), 1, dim=1)
    row = _TO_XYZ[1]
    return 116 * _f(row[0] * red + row[1] * green + row[2] * blue) - 16


def lab_to_srgb(lab: Tensor) -> Tensor:
    """Convert CIELAB to sRGB; colors that sRGB does not have come out beyond [0, 1].

    Args:
        lab: N x 3 x H x W, as from `srgb_to_lab`.

    Returns:
        N x 3 x H x W, sRGB-encoded, not clamped.
    """
    return _encoded(torch.stack(_linear_rgb(*lab.unbind(1)), dim=1))


def lab_in_gamut(lab: Tensor) -> Tensor:
    """Bring colors that sRGB does not have onto its border, at the same lightness and hue.

    Clipping channels would change the lightness. Here chroma is scaled toward the gray axis until
    the color is there: the largest share is found by bisection, for the colors concerned only.

    Args:
        lab: N x 3 x H x W with L in [0, 100].

    Returns:
        The same, with smaller a and b where needed.
    """
    light, a, b = lab.unbind(1)
    outside = ~_fits(light, a, b)
    if not bool(outside.any()):
        return lab
    light, a, b = light[outside], a[outside], b[outside]
    low, high = torch.zeros_like(light), torch.ones_like(light)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = _fits(light, middle * a, middle * b)
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    result = lab.clone()
    result[:, 1][outside] = low * a
    result[:, 2][outside] = low * b
    return result


def _fits(light: Tensor, a: Tensor, b: Tensor) -> Tensor:
    fits = torch.ones_like(light, dtype=torch.bool)
    for channel in _linear_rgb(light, a, b):
        fits &= (channel >= -_SLACK) & (channel <= 1 + _SLACK)
    return fits


def _linear_rgb(light: Tensor, a: Tensor, b: Tensor) -> list[Tensor]:
    f_y = (light + 16) / 116
    white = _WHITE
    x, y, z = white[0] * _inverse(f_y + a / 500), _inverse(f_y), white[2] * _inverse(f_y - b / 200)
    return [row[0] * x + row[1] * y + row[2] * z for row in _TO_RGB]


def _f(ratio: Tensor) -> Tensor:
    root = ratio.clamp(min=_EPSILON**3) ** (1 / 3)
    return torch.where(ratio > _EPSILON**3, root, ratio / _SLOPE + _OFFSET)


def _inverse(f: Tensor) -> Tensor:
    return torch.where(f > _EPSILON, f * f * f, _SLOPE * (f - _OFFSET))


def _linear(encoded: Tensor) -> Tensor:
    curved = ((encoded.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= 0.04045, encoded / 12.92, curved)


def _encoded(linear: Tensor) -> Tensor:
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curved)
