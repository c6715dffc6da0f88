"""Colour spaces: the sRGB curve, luma, and HSL."""

from __future__ import annotations

import torch
from torch import Tensor

REC709 = (0.2126, 0.7152, 0.0722)
"""Share of each primary in the luminance (ITU-R BT.709)."""


def to_linear(encoded: Tensor) -> Tensor:
    """The sRGB curve undone (IEC 61966-2-1); values below 0 stay on its straight part."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def to_encoded(linear: Tensor) -> Tensor:
    """The sRGB curve (IEC 61966-2-1)."""
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curved)


def luma(pixels: Tensor) -> Tensor:
    """Rec. 709 luma of the encoded values: 1 x 1 x H x W."""
    red, green, blue = pixels[:, 0:1], pixels[:, 1:2], pixels[:, 2:3]
    return REC709[0] * red + REC709[1] * green + REC709[2] * blue


def to_hsl(pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in degrees [0, 360), saturation and lightness in [0, 1] (Joblove and Greenberg 1978)."""
    red, green, blue = pixels[:, 0:1], pixels[:, 1:2], pixels[:, 2:3]
    high, low = pixels.amax(1, keepdim=True), pixels.amin(1, keepdim=True)
    chroma, lightness = high - low, (high + low) / 2
    divisor = chroma.clamp(min=1e-12)
    hue = torch.where(
        high == red,
        (green - blue) / divisor,
        torch.where(high == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    saturation = chroma / (1 - (2 * lightness - 1).abs()).clamp(min=1e-12)
    return (60 * hue) % 360, saturation.clamp(0, 1), lightness


def from_hsl(hue: Tensor, saturation: Tensor, lightness: Tensor) -> Tensor:
    """The way back, as CSS Color 4 has it (section 7.1): no branches by the sector of the hue."""
    reach = saturation * torch.minimum(lightness, 1 - lightness)

    def channel(n: int) -> Tensor:
        k = (n + hue / 30) % 12
        return lightness - reach * torch.minimum(k - 3, 9 - k).clamp(-1, 1)

    return torch.cat([channel(0), channel(8), channel(4)], dim=1)


def rgb_of(color: str) -> tuple[float, float, float]:
    """``#rrggbb`` as red, green and blue in [0, 1]."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
