"""Between the document's pixels and the tensors that operations see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from studio.api.parameters import Parameters, describe
from studio.document import Array
from studio.files.profiles import convert, is_srgb_like, wide_gamut_profile

if TYPE_CHECKING:
    from torch import Tensor

P = TypeVar("P", bound=Parameters)
_STRIP = 256  # rows converted at a time, so that temporaries stay small


def to_tensors(pixels: Array, icc: bytes | None) -> tuple[Tensor, Tensor | None]:
    """Colour (1 x 3 x H x W) and alpha (1 x 1 x H x W, None when opaque), float32 in [0, 1].

    Colours stay in the document's own profile if its curve is sRGB-like; otherwise they are in a
    wide-gamut space with that curve, which no colour of the picture falls out of.
    """
    import torch

    height, width = pixels.shape[:2]
    maximum = np.iinfo(pixels.dtype).max
    color = torch.empty((1, 3, height, width), dtype=torch.float32)
    foreign = not is_srgb_like(icc)
    for top in range(0, height, _STRIP):
        strip = pixels[top : top + _STRIP, :, :3].astype(np.float32)
        strip /= maximum
        if foreign:
            strip = convert(strip, icc, wide_gamut_profile()).astype(np.float32)
        color[0, :, top : top + _STRIP] = torch.from_numpy(strip).permute(2, 0, 1)
    channel = pixels[..., 3]
    if bool((channel == maximum).all()):
        return color, None
    alpha = torch.from_numpy(channel.astype(np.float32) / maximum)
    return color, alpha[None, None]


def with_colors_of(parameters: P, icc: bytes | None) -> P:
    """Parameters whose colors, which people choose in sRGB, are in the space of `to_tensors`."""
    space = icc if is_srgb_like(icc) else wide_gamut_profile()
    chosen = {
        spec.name: _in_space(color, space)
        for spec in describe(type(parameters))
        if spec.kind == "color" and (color := getattr(parameters, spec.name)) is not None
    }
    return parameters.model_copy(update=chosen) if chosen else parameters


def _in_space(color: str, icc: bytes | None) -> str:
    """``#rrggbb`` in a profile, to the nearest of 255 levels."""
    samples = np.array([[[int(color[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint16) * 257
    values = (convert(samples.astype(np.uint16), None, icc).astype(np.uint32) + 128) // 257
    return "#" + "".join(f"{value:02x}" for value in values.reshape(3).tolist())


def to_pixels(
    color: Tensor, alpha: Tensor | None, dtype: np.dtype[Any], icc: bytes | None
) -> Array:
    """The way back: H x W x 4 straight RGBA of ``dtype``, values clamped and rounded."""
    height, width = color.shape[2:]
    maximum = np.iinfo(dtype).max
    out = np.empty((height, width, 4), dtype)
    foreign = not is_srgb_like(icc)
    for top in range(0, height, _STRIP):
        rows = slice(top, top + _STRIP)
        strip = color[0, :, rows].float().cpu().permute(1, 2, 0).numpy()
        if foreign:
            strip = convert(np.ascontiguousarray(strip), wide_gamut_profile(), icc)
        out[rows, :, :3] = np.rint(np.clip(strip, 0, 1) * maximum)
    if alpha is None:
        out[..., 3] = maximum
    else:
        out[..., 3] = np.rint(alpha[0, 0].float().clamp(0, 1).cpu().numpy() * maximum)
    return out
