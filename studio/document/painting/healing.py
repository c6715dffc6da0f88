"""Healing: a copy of another place whose colours are fitted to the surroundings.

What is added to the copy is the membrane: the smoothest surface that equals, all around the stroke,
the difference between the picture and the copy (Pérez, Gangnet and Blake, "Poisson Image Editing",
2003, with the gradients of the source; the harmonic surface is found on a pyramid).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from studio.document.geometry import Rect
from studio.document.painting.inks import CloneInk
from studio.document.painting.mixing import over
from studio.document.painting.stroke import Stroke
from studio.document.tiles import Array

SOLVED_PIXELS = 1_000_000
"""Larger strokes are solved at a lower resolution: the surface is smooth anyway."""
MARGIN = 2
ROUNDS = 12
_NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
_SMALLEST = 4


class HealInk:
    """The copy fitted to the surroundings of a stroke that is complete.

    Args:
        clone: the ink that the stroke was painted with.
        stroke: gives the coverage and the pixels before.
    """

    def __init__(self, clone: CloneInk, stroke: Stroke) -> None:
        self._clone = clone
        area = stroke.touched.grown(MARGIN)
        self._area = area
        scale = max(math.ceil(math.sqrt(area.width * area.height / SOLVED_PIXELS)), 1)
        difference, known = _differences(clone, stroke, area, scale)
        self._membrane = membrane(difference, known)
        self._scale = scale

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:
        """Laid over the pixels."""
        if before.shape[2] == 1:
            return self._clone.applied(before, weight, rect)
        source = self._clone.source(rect).astype(np.float32)
        maximum = np.float32(np.iinfo(before.dtype).max)
        weight = weight * (source[..., 3] / maximum)
        source[..., :3] += self._fitting(rect)
        np.clip(source, 0, maximum, out=source)
        source[..., 3] = maximum
        return over(before, source, weight)

    def _fitting(self, rect: Rect) -> Array:
        """The membrane over ``rect``."""
        x, y = rect.x - self._area.x, rect.y - self._area.y
        if self._scale == 1:
            return self._membrane[y : y + rect.height, x : x + rect.width]
        columns = (np.arange(x, x + rect.width, dtype=np.float32) + 0.5) / self._scale - 0.5
        rows = (np.arange(y, y + rect.height, dtype=np.float32) + 0.5) / self._scale - 0.5
        across, down = np.meshgrid(columns, rows)
        return np.asarray(
            cv2.remap(
                self._membrane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        )


def membrane(difference: Array, known: Array) -> Array:
    """The harmonic surface through what is known of ``difference``.

    Args:
        difference: H x W x 3 float32.
        known: H x W float32; above 0 where the difference is given. Nothing known gives zeros.

    Returns:
        H x W x 3 float32, equal to ``difference`` where that is known.
    """
    given = known > 0
    if given.all():
        return difference
    height, width = known.shape
    if min(height, width) <= _SMALLEST:
        total = float(known.sum())
        mean = (difference * known[..., None]).sum((0, 1)) / max(total, 1e-9)
        return np.where(given[..., None], difference, mean.astype(np.float32))
    half = ((width + 1) // 2, (height + 1) // 2)
    weights = np.asarray(cv2.resize(known, half, interpolation=cv2.INTER_AREA))
    sums = cv2.resize(difference * known[..., None], half, interpolation=cv2.INTER_AREA)
    coarse = np.asarray(sums) / np.maximum(weights, 1e-9)[..., None]
    rough = cv2.resize(membrane(coarse, weights), (width, height), interpolation=cv2.INTER_LINEAR)
    surface = np.where(given[..., None], difference, np.asarray(rough))
    unknown = ~given[..., None]
    for _ in range(ROUNDS):
        # Jacobi: each value becomes the mean of its four neighbours.
        mean = cv2.filter2D(surface, -1, _NEIGHBOURS, borderType=cv2.BORDER_REPLICATE)
        np.copyto(surface, np.asarray(mean), where=unknown)
    return surface


def _differences(clone: CloneInk, stroke: Stroke, area: Rect, scale: int) -> tuple[Array, Array]:
    """The picture less the copy where the stroke did not paint, and where that is known."""
    width, height = math.ceil(area.width / scale), math.ceil(area.height / scale)
    difference = np.zeros((height, width, 3), np.float32)
    known = np.zeros((height, width), np.float32)
    rows = max(256 // scale, 1)
    for top in range(0, height, rows):
        strip = Rect(area.x, area.y + top * scale, width * scale, min(rows, height - top) * scale)
        before = stroke.target.raster.read(strip).astype(np.float32)
        source = clone.source(strip).astype(np.float32)
        free = stroke.coverage(strip) <= 0
        if before.shape[2] == 4:
            free &= (before[..., 3] > 0) & (source[..., 3] > 0)
        share = free.astype(np.float32)
        missing = (before - source)[..., :3] * share[..., None]
        if missing.shape[2] == 1:
            missing = np.repeat(missing, 3, axis=2)
        size = (width, strip.height // scale)
        sums = np.asarray(cv2.resize(missing, size, interpolation=cv2.INTER_AREA))
        part = np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_AREA))
        below = slice(top, top + size[1])
        difference[below] = sums / np.maximum(part, 1e-9)[..., None]
        known[below] = part
    return difference, known
