"""Arithmetic on whole pictures: depth, alpha, orientation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.files.codec import Samples

_BAND = 1 << 20  # pixels handled at a time, so that a large picture needs no large temporaries


def bands(height: int, width: int) -> list[slice]:
    """Slices of whole rows, about a million pixels each."""
    rows = max(1, _BAND // max(1, width))
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


def full_scale(samples: Samples) -> int:
    """The value of white: 255 or 65535."""
    return int(np.iinfo(samples.dtype).max)


def to_rgba(samples: Samples) -> Samples:
    """H x W x (1 gray, 2 gray + alpha, 3 RGB, 4 RGBA) to contiguous H x W x 4."""
    channels = samples.shape[2]
    if channels == 4:
        return np.ascontiguousarray(samples)
    pixels = np.empty((*samples.shape[:2], 4), samples.dtype)
    pixels[..., :3] = samples[..., :3] if channels == 3 else samples[..., :1]
    pixels[..., 3] = samples[..., 1] if channels == 2 else full_scale(samples)
    return pixels


def orient(pixels: Samples, orientation: int) -> Samples:
    """Turn stored pixels upright by an EXIF orientation (1 to 8; anything else is 1)."""
    turned = {
        2: lambda: pixels[:, ::-1],
        3: lambda: pixels[::-1, ::-1],
        4: lambda: pixels[::-1],
        5: lambda: pixels.swapaxes(0, 1),
        6: lambda: pixels[::-1].swapaxes(0, 1),
        7: lambda: pixels[::-1, ::-1].swapaxes(0, 1),
        8: lambda: pixels[:, ::-1].swapaxes(0, 1),
    }.get(orientation, lambda: pixels)()
    return np.ascontiguousarray(turned)


def to_8_bits(pixels: Samples) -> NDArray[np.uint8]:
    """uint16 to uint8, rounded to nearest: 65535 is 257 times 255."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    reduced = np.empty(pixels.shape, np.uint8)
    for rows in bands(*pixels.shape[:2]):
        reduced[rows] = (pixels[rows].astype(np.uint32) + 128) // 257
    return reduced


def is_opaque(pixels: Samples) -> bool:
    """Whether every alpha is full."""
    return bool((pixels[..., 3] == full_scale(pixels)).all())


def is_neutral(pixels: Samples) -> bool:
    """Whether red, green and blue are equal everywhere."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool((red == green).all() and (red == blue).all())


def flatten(pixels: Samples, background: tuple[int, int, int]) -> Samples:
    """Blend onto an 8-bit RGB background, rounded to nearest; the result is opaque."""
    white = full_scale(pixels)
    paper = np.array(background, np.uint64) * (white // 255)
    flat = np.empty_like(pixels)
    flat[..., 3] = white
    for rows in bands(*pixels.shape[:2]):
        alpha = pixels[rows, :, 3:].astype(np.uint64)
        mixed = pixels[rows, :, :3] * alpha + paper * (white - alpha)
        flat[rows, :, :3] = (mixed + white // 2) // white
    return flat


def unpremultiply(pixels: Samples) -> Samples:
    """Associated to straight alpha, H x W x 4; where alpha is 0 the color stays as it was."""
    white = full_scale(pixels)
    straight = pixels.copy()
    for rows in bands(*pixels.shape[:2]):
        alpha = pixels[rows, :, 3:].astype(np.uint64)
        color = (pixels[rows, :, :3] * np.uint64(white) + alpha // 2) // np.maximum(alpha, 1)
        np.copyto(
            straight[rows, :, :3],
            np.minimum(color, white).astype(pixels.dtype),
            where=alpha > 0,
        )
    return straight


def resize(pixels: Samples, width: int, height: int) -> Samples:
    """H x W x 4 at another size, weighted by alpha: areas when smaller, cubic when larger."""
    if pixels.shape[:2] == (height, width):
        return pixels
    white = full_scale(pixels)
    values: NDArray[Any] = pixels.astype(np.float32)
    values[..., :3] *= values[..., 3:] / white
    smaller = width < pixels.shape[1] or height < pixels.shape[0]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    resized: NDArray[Any] = np.asarray(cv2.resize(values, (width, height), interpolation=method))
    resized = resized.reshape(height, width, 4)
    alpha = resized[..., 3:]
    resized[..., :3] *= white / np.where(alpha > 0, alpha, white)
    result: Samples = np.rint(np.clip(resized, 0, white)).astype(pixels.dtype)
    return result
