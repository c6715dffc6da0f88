"""Mixing paint into straight-alpha pixels by a weight, exact at 8 and 16 bits."""

from __future__ import annotations

import cv2
import numpy as np

from studio.document.tiles import Array

_SCALE = np.float32(2**30)
"""blendLinear divides by the sum of the weights plus 1e-5: large weights make that vanish."""


def over(before: Array, paint: Array, weight: Array, dither: Array | None = None) -> Array:
    """``paint`` laid over ``before`` (Porter and Duff's source-over on straight alpha).

    Args:
        before: H x W x 4 straight RGBA, uint8 or uint16.
        paint: H x W x 4 float32 at the same scale; its alpha is taken as full: what the paint
            lacks of it belongs into the weight.
        weight: H x W float32 in [0, 1]; where it is 0 every bit stays, where it is 1 the paint's
            colour comes out exactly.
        dither: H x W floats between -0.5 and 0.5, added before rounding.

    Returns:
        A new array like ``before``.
    """
    maximum = np.float32(np.iinfo(before.dtype).max)
    alpha = np.asarray(cv2.extractChannel(before, 3))
    if int(alpha.min()) == int(maximum):
        out = _rounded(_blended(before, paint, 1 - weight, weight), before, dither)
        if dither is not None:
            cv2.insertChannel(alpha, out, 3)
            _keep(before, weight <= 0, out)
        return out
    share = np.multiply(alpha, 1 / maximum, dtype=np.float32)
    keep = share * (1 - weight)
    out = _rounded(_blended(before, paint, keep, weight), before, dither)
    # What is kept of the pixel and what is laid over it, together.
    covered = np.add(keep, weight, out=keep)
    covered *= maximum
    covered += np.float32(0.5) if dither is None else dither + np.float32(0.5)
    new_alpha = np.maximum(covered.astype(before.dtype), alpha)
    cv2.insertChannel(new_alpha, out, 3)
    _keep(before, (weight <= 0) | (new_alpha == 0), out)
    return out


def _keep(before: Array, where: Array, out: Array) -> None:
    """Put the pixels as they were into ``out``."""
    if where.any():
        cv2.copyTo(before, where.view(np.uint8), out)


def erased(before: Array, weight: Array) -> Array:
    """``before`` with its alpha taken away by ``weight``; colours stay.

    Args:
        before: H x W x 4 straight RGBA, uint8 or uint16.
        weight: H x W float32 in [0, 1].
    """
    out = before.copy()
    alpha = before[..., 3].astype(np.float32)
    out[..., 3] = alpha * (1 - weight) + np.float32(0.5)
    return out


def toward(
    before: Array, value: float | Array, weight: Array, dither: Array | None = None
) -> Array:
    """One channel moved towards ``value`` by ``weight``.

    Args:
        before: H x W x 1, uint8 or uint16.
        value: what a weight of 1 leads to, or H x W float32 of that.
        weight: H x W float32 in [0, 1].
        dither: H x W floats between -0.5 and 0.5, added before rounding.
    """
    old = before[..., 0].astype(np.float32)
    mixed = old + (value - old) * weight + np.float32(0.5)
    if dither is not None:
        mixed += np.where(weight > 0, dither, np.float32(0))
    return mixed.astype(before.dtype)[..., None]


def _blended(before: Array, paint: Array, keep: Array, weight: Array) -> Array:
    return np.asarray(
        cv2.blendLinear(before.astype(np.float32), paint, keep * _SCALE, weight * _SCALE)
    )


def _rounded(mixed: Array, like: Array, dither: Array | None) -> Array:
    if dither is None:
        np.add(mixed, np.float32(0.5), out=mixed)
    else:
        half = dither + np.float32(0.5)
        # Four equal planes: adding them costs a fifth of what broadcasting over channels does.
        np.add(mixed, np.asarray(cv2.merge((half, half, half, half))), out=mixed)
    return mixed.astype(like.dtype)
