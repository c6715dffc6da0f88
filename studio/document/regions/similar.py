"""Selecting by colour: the connected surroundings of a pixel, or everything of its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from studio.document.composite import composite
from studio.document.nodes import Layer
from studio.document.picture import Picture
from studio.document.tiles import Array

STRIP = 512
"""Rows worked on at a time: intermediate results stay in the processor's cache."""
SOFT_EDGE = 1.5
"""Beside a contour, colours up to this multiple of the tolerance count in part."""


def sampled_pixels(picture: Picture, *, layer_only: bool) -> Array:
    """What colours are compared on: H x W x 4 straight RGBA of the canvas at the picture's depth.

    Args:
        picture: from a document.
        layer_only: of the active layer alone, hidden or not, instead of what shows.
    """
    layer: Layer = picture.active_layer
    if layer_only:
        return layer.raster.read(picture.bounds)
    return composite(picture, picture.bounds)


def wand(
    pixels: Array,
    x: int,
    y: int,
    tolerance: float,
    *,
    contiguous: bool = True,
    antialias: bool = True,
) -> Array:
    """What has about the colour of the pixel at (x, y).

    Colours are alike if no channel, alpha included, differs by more than ``tolerance``; the colour
    of transparent pixels counts for nothing.

    Args:
        pixels: H x W x 4 straight RGBA, uint8 or uint16.
        x: column of the pixel.
        y: its row.
        tolerance: 0 to 255, whatever the depth.
        contiguous: only what hangs together with the pixel, by the sides of pixels.
        antialias: select the pixels beside the contour in part, the more the nearer their colour.

    Returns:
        H x W uint8, 255 = selected.

    Raises:
        IndexError: if (x, y) is outside.
    """
    height, width = pixels.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise IndexError(f"({x}, {y}) is outside of {width} x {height} pixels")
    seed = pixels[y, x]
    found = _alike(pixels, seed, tolerance)
    if contiguous:
        found = _connected(found, x, y)
    if antialias and tolerance > 0:
        _soften(found, pixels, seed, tolerance)
    return found


def by_color(
    pixels: Array, colors: Sequence[Sequence[int]], tolerance: float, softness: float = 0.0
) -> Array:
    """Everything of some colours, wherever it is.

    Args:
        pixels: H x W x 4 straight RGBA, uint8 or uint16.
        colors: RGBA at the depth of ``pixels``; a pixel is as selected as by the nearest of them.
        tolerance: largest difference in a channel that is selected wholly, 0 to 255.
        softness: over how much more the selection fades to nothing, 0 to 255.

    Returns:
        H x W uint8, 255 = selected.
    """
    selected = np.zeros(pixels.shape[:2], np.uint8)
    table = _falloff(pixels.dtype, tolerance, softness)
    for top in range(0, pixels.shape[0], STRIP):
        strip = pixels[top : top + STRIP]
        nearest: Array | None = None
        for color in colors:
            distance = _distance(strip, np.asarray(color, pixels.dtype))
            nearest = distance if nearest is None else np.minimum(nearest, distance)
        if nearest is not None:
            selected[top : top + STRIP] = table[nearest]
    return selected


def _alike(pixels: Array, seed: Array, tolerance: float) -> Array:
    """H x W uint8: 255 where no channel differs by more than the tolerance."""
    unit = np.iinfo(pixels.dtype).max / 255
    reach = int(tolerance * unit)
    if seed[3] == 0:
        alpha = np.ascontiguousarray(pixels[..., 3])
        return np.where(alpha <= reach, np.uint8(255), np.uint8(0))
    low, high = (tuple(float(value) + side * reach for value in seed.tolist()) for side in (-1, 1))
    return np.asarray(cv2.inRange(np.ascontiguousarray(pixels), low, high))


def _connected(found: Array, x: int, y: int) -> Array:
    """The part of a 0/255 mask that hangs together with a pixel of it."""
    height, width = found.shape
    visited = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(found, visited, (x, y), 0, 0, 0, flags)
    return visited[1:-1, 1:-1].copy()


def _soften(found: Array, pixels: Array, seed: Array, tolerance: float) -> None:
    """Give the pixels beside a contour the share that their colour deserves, in place."""
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    beside = np.asarray(cv2.dilate(found, kernel)) ^ found
    where = np.flatnonzero(beside)
    if not len(where):
        return
    distance = _distance(pixels.reshape(1, -1, 4)[:, where], seed)[0]
    table = _falloff(pixels.dtype, tolerance, tolerance * (SOFT_EDGE - 1))
    found.reshape(-1)[where] = table[distance]


def _distance(pixels: Array, color: Array) -> Array:
    """Largest difference in a channel, at the depth of the pixels."""
    if color[3] == 0:
        return np.ascontiguousarray(pixels[..., 3])
    # A scalar, as OpenCV takes it, for which its stubs have no name.
    scalar: Any = tuple(float(value) for value in color.tolist())
    difference = cv2.absdiff(np.ascontiguousarray(pixels), scalar)
    channels = cv2.split(np.asarray(difference).reshape(pixels.shape))
    largest = cv2.max(cv2.max(channels[0], channels[1]), cv2.max(channels[2], channels[3]))
    return np.asarray(largest).reshape(pixels.shape[:2])


def _falloff(dtype: Any, tolerance: float, softness: float) -> Array:
    """How much is selected by difference: 255 up to the tolerance, then down to 0."""
    top = np.iinfo(dtype).max
    difference = np.arange(top + 1) * (255 / top)
    if softness <= 0:
        return np.where(difference <= tolerance + 1e-9, 255, 0).astype(np.uint8)
    share = np.clip((tolerance + softness - difference) / softness, 0, 1)
    table: Array = np.rint(share * 255).astype(np.uint8)
    return table
