"""The brush: its settings, and the round dabs that a stroke is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from studio.document.geometry import Rect
from studio.document.tiles import Array

SMALLEST, LARGEST = 1.0, 1000.0
SMALL_DAB = 24
"""Dabs up to this diameter are sampled more finely: a pixel is a large part of them."""
SAMPLES = 8
LEAST_STEP = 0.7
"""Pixels between two dabs at least; closer ones add nothing to be seen."""


@dataclass(frozen=True)
class Brush:
    """How a stroke looks.

    Attributes:
        size: diameter in canvas pixels, 1 to 1000.
        hardness: share of the radius that is full, 0 to 1; the rest fades.
        opacity: ceiling of one stroke, 0 to 1.
        flow: share of the way to the ceiling that each dab goes, 0 to 1.
        spacing: distance of dabs as a share of the diameter.
        smoothing: canvas pixels by which the brush trails the pointer.
        pressure_size: whether a pen's pressure changes the size.
        pressure_opacity: whether a pen's pressure changes the ceiling.
    """

    size: float = 20.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.1
    smoothing: float = 0.0
    pressure_size: bool = False
    pressure_opacity: bool = False

    def diameter(self, pressure: float) -> float:
        """Canvas pixels across at a pressure of 0 to 1."""
        return max(self.size * pressure if self.pressure_size else self.size, SMALLEST)

    def ceiling(self, pressure: float) -> float:
        """The coverage that dabs of this pressure lead to, 0 to 1."""
        return self.opacity * pressure if self.pressure_opacity else self.opacity

    def step(self, pressure: float) -> float:
        """Canvas pixels to the next dab."""
        return max(self.spacing * self.diameter(pressure), LEAST_STEP)


class Dab(NamedTuple):
    """One touch of a brush.

    Attributes:
        x: left column.
        y: top row.
        shape: H x W float32 in [0, 1]: how much of each pixel it covers. Read only.
    """

    x: int
    y: int
    shape: Array

    @property
    def rect(self) -> Rect:
        """The pixels it may touch."""
        return Rect(self.x, self.y, self.shape.shape[1], self.shape.shape[0])


def dab(x: float, y: float, diameter: float, hardness: float) -> Dab:
    """A round dab around the point (x, y) of the canvas, antialiased.

    The place is rounded to a 16th of a pixel, that of large dabs to a quarter, so that shapes can
    be used again.
    """
    parts = 16 if diameter <= 100 else 4
    across, down = round(x * parts), round(y * parts)
    (left, phase_x), (top, phase_y) = divmod(across, parts), divmod(down, parts)
    diameter = round(diameter * 8) / 8 if diameter > SMALL_DAB else round(diameter * 32) / 32
    shape = (_shape if diameter <= 100 else _large_shape)(
        diameter, round(hardness, 3), phase_x / parts, phase_y / parts
    )
    reach = shape.shape[0] // 2
    return Dab(left - reach, top - reach, shape)


def _make_shape(diameter: float, hardness: float, phase_x: float, phase_y: float) -> Array:
    """A dab whose middle lies ``phase`` right of and below the corner of its middle pixel.

    Full inside ``hardness`` of the radius and fading to nothing at the radius, but never over less
    than a pixel, which is what antialiases a hard edge.
    """
    radius = diameter / 2
    reach = int(np.ceil(radius + 1))
    fine = SAMPLES if diameter <= SMALL_DAB else 1
    ticks = (np.arange(2 * reach * fine, dtype=np.float32) + 0.5) / fine - reach
    across, down = ticks - np.float32(phase_x), ticks - np.float32(phase_y)
    distance = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
    blur = 1 / fine
    inner = min(hardness * radius, radius - blur / 2)
    outer = max(radius, inner + blur)
    # 1 at the inner circle, 0 at the outer one.
    shape: Array = np.clip((outer - distance) / (outer - inner), 0, 1, out=distance)
    if outer - inner > 1:
        shape = shape * shape * (3 - 2 * shape)
    if fine > 1:
        shape = shape.reshape(2 * reach, fine, 2 * reach, fine).mean(axis=(1, 3))
    shape = np.ascontiguousarray(shape, np.float32)
    shape.flags.writeable = False
    return shape


_shape = lru_cache(maxsize=512)(_make_shape)
_large_shape = lru_cache(maxsize=16)(_make_shape)
