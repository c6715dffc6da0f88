"""Gradients between two colours, along a line or around a point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from studio.document.geometry import Rect
from studio.document.painting.mixing import over, toward
from studio.document.tiles import Array


class GradientKind(StrEnum):
    """How the share grows from the start of the line to its end."""

    LINEAR = "linear"
    RADIAL = "radial"


@dataclass(frozen=True)
class Line:
    """Where a gradient runs, in canvas coordinates."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def length(self) -> float:
        """Canvas pixels from start to end."""
        return math.hypot(self.x1 - self.x0, self.y1 - self.y0)


def shares(line: Line, kind: GradientKind, xs: Array, ys: Array) -> Array:
    """How far along a gradient points are: 0 up to its start, 1 from its end on.

    Args:
        line: where it runs; one without length is all end.
        kind: along or around.
        xs: W columns.
        ys: H rows.

    Returns:
        H x W float32.
    """
    length = line.length
    if length == 0:
        return np.ones((len(ys), len(xs)), np.float32)
    across: Array = ((np.asarray(xs, np.float64) - line.x0) / length).astype(np.float32)
    down: Array = ((np.asarray(ys, np.float64) - line.y0) / length).astype(np.float32)
    if kind == GradientKind.RADIAL:
        share: Array = np.sqrt((across**2)[None, :] + (down**2)[:, None])
    else:
        unit_x, unit_y = (line.x1 - line.x0) / length, (line.y1 - line.y0) / length
        along = (across * np.float32(unit_x))[None, :]
        share = along + (down * np.float32(unit_y))[:, None]
    np.clip(share, 0, 1, out=share)
    return share


class GradientInk:
    """A gradient as ink.

    Args:
        line: where it runs.
        kind: along it or around its start.
        first: colour at the start, as for `SolidInk`.
        last: colour at the end; None = the first one, fully transparent.
        dither: hide the steps between levels in noise, which 8 bits need.
    """

    def __init__(
        self,
        line: Line,
        kind: GradientKind,
        first: tuple[int, ...],
        last: tuple[int, ...] | None,
        *,
        dither: bool,
    ) -> None:
        self.line, self.kind, self.dither = line, kind, dither
        self._first = np.array(first, np.float32)
        self._last = self._first if last is None else np.array(last, np.float32)
        self._fades = last is None

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:
        """Laid over the pixels."""
        xs, ys = np.arange(rect.x, rect.right) + 0.5, np.arange(rect.y, rect.bottom) + 0.5
        share = shares(self.line, self.kind, xs, ys)
        if self._fades:
            weight = weight * (1 - share)
        noise = interleaved_noise(rect) if self.dither else None
        if before.shape[2] == 1:
            value = self._first[0] + (self._last[0] - self._first[0]) * share
            return toward(before, value, weight, noise)
        sheet = np.empty((*share.shape, 4), np.float32)
        for channel in range(3):
            start, end = self._first[channel], self._last[channel]
            sheet[..., channel] = start + (end - start) * share
        sheet[..., 3] = np.iinfo(before.dtype).max
        return over(before, sheet, weight, noise)


def interleaved_noise(rect: Rect) -> Array:
    """Interleaved gradient noise in (-0.5, 0.5), which depends on the place alone.

    Source: Jimenez, "Next Generation Post Processing in Call of Duty: Advanced Warfare", 2014.
    """
    xs = np.arange(rect.x, rect.right) * 0.06711056 % 1
    ys = np.arange(rect.y, rect.bottom) * 0.00583715 % 1
    noise = _fraction(xs.astype(np.float32)[None, :] + ys.astype(np.float32)[:, None])
    noise = _fraction(noise * np.float32(52.9829189))
    # Short of the whole range, so that values that are exact levels stay what they are.
    return (noise - np.float32(0.5)) * np.float32(0.98)


def _fraction(values: Array) -> Array:
    """What is behind the point, of values that are not negative; much faster than ``% 1``."""
    fraction: Array = values - np.floor(values)
    return fraction
