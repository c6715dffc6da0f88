"""What the screen shows of a picture, at every power of two: plain memory, no Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import cv2
import numpy as np

from studio.document import TILE, Array, Layer, Picture, Raster, Rect, composite, tile_rect
from studio.document.nodes import mapped
from studio.document.tiles import Index

ToDisplay = Callable[[Array, bytes | None], Array]
"""Straight RGBA (H x W x 4, document depth) and its profile to straight RGBA for the monitor.

May return the array it was given. Called on a worker thread too, so it must be thread-safe.
"""

SMALLEST_LEVEL = 256
COARSE_PIXELS = 1 << 20


def to_eight_bits(pixels: Array) -> Array:
    """uint8 or uint16 to uint8, rounded; uint8 comes back as it is."""
    if pixels.dtype == np.uint8:
        return pixels
    # 65535 / 255 = 257, which is odd, so no value lies half-way and every rounding rule agrees.
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / 257))


def premultiplied(pixels: Array, out: Array) -> None:
    """Write straight uint8 RGBA as premultiplied BGRA, which is Qt's ARGB32 on little endian."""
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA)
    cv2.cvtColor(swapped, cv2.COLOR_RGBA2mRGBA, dst=out)


class Pyramid:
    """Premultiplied BGRA of a whole picture, full size first, then halved until it is small.

    Level k holds ceil(width / 2^k) x ceil(height / 2^k) pixels and pixel (i, j) of it is the mean
    of the 2 x 2 pixels from (2i, 2j) of level k - 1, edges repeated. So a rectangle can be renewed
    on all levels without reading its surroundings.

    Args:
        width: canvas width.
        height: canvas height.
        to_display: display profile conversion, or None to show the values as sRGB.
    """

    def __init__(self, width: int, height: int, to_display: ToDisplay | None = None) -> None:
        self.width, self.height = width, height
        self.to_display = to_display
        self.levels: list[Array] = [np.zeros((height, width, 4), np.uint8)]
        while max(self.levels[-1].shape[:2]) > SMALLEST_LEVEL:
            rows, columns = self.levels[-1].shape[:2]
            self.levels.append(np.zeros(((rows + 1) // 2, (columns + 1) // 2, 4), np.uint8))

    @property
    def nbytes(self) -> int:
        """Bytes of all levels."""
        return sum(level.nbytes for level in self.levels)

    def shown(self, picture: Picture, rect: Rect) -> Array:
        """Straight 8-bit RGBA of ``rect`` as the monitor needs it."""
        pixels = composite(picture, rect)
        if self.to_display is not None:
            pixels = self.to_display(pixels, picture.icc)
        return to_eight_bits(pixels)

    def render(self, picture: Picture, rect: Rect) -> None:
        """Renew the pixels of ``rect`` (inside the canvas) on every level."""
        self.store(0, self.shown(picture, rect), rect.x, rect.y)

    def store(self, level: int, pixels: Array, x: int, y: int) -> None:
        """Write straight 8-bit RGBA at (x, y) of a level and renew the levels below it."""
        height, width = pixels.shape[:2]
        premultiplied(pixels, self.levels[level][y : y + height, x : x + width])
        rect = Rect(x, y, width, height)
        for source, target in zip(self.levels[level:], self.levels[level + 1 :], strict=False):
            right, bottom = (rect.right + 1) // 2, (rect.bottom + 1) // 2
            rect = Rect(rect.x // 2, rect.y // 2, right - rect.x // 2, bottom - rect.y // 2)
            _halve(source, target, rect)

    def coarse_level(self, layers: int = 1) -> int:
        """The first level that a quick preview may fill: about a megapixel of all layers."""
        largest = COARSE_PIXELS // max(layers, 1)
        return next(
            (k for k, level in enumerate(self.levels) if level.size // 4 <= largest),
            len(self.levels) - 1,
        )

    def preview(self, picture: Picture) -> int:
        """Fill the coarse level and those below by picking every n-th pixel; returns that level."""
        level = self.coarse_level(sum(picture.is_visible(layer.id) for layer in picture.layers))
        thinned = _thinned(picture, 1 << level)
        self.store(level, self.shown(thinned, thinned.bounds), 0, 0)
        return level


def runs(tiles: Iterable[Index], bounds: Rect, longest: int = 8) -> list[Rect]:
    """Tiles joined to rectangles of up to ``longest`` tiles in a row, cut to ``bounds``."""
    found: list[Rect] = []
    for index in sorted(tiles, key=lambda tile: (tile[1], tile[0])):
        rect = tile_rect(index).intersected(bounds)
        if rect.empty:
            continue
        last = found[-1] if found else None
        if last and (last.right, last.y) == (rect.x, rect.y) and last.width < longest * TILE:
            found[-1] = last.united(rect)
        else:
            found.append(rect)
    return found


def _halve(source: Array, target: Array, rect: Rect) -> None:
    """Renew ``rect`` of ``target`` from the 2 x 2 blocks of ``source``, edges repeated."""
    rows, columns = source.shape[:2]
    whole_right, whole_bottom = min(rect.right, columns // 2), min(rect.bottom, rows // 2)
    width, height = whole_right - rect.x, whole_bottom - rect.y
    if width > 0 and height > 0:
        cv2.resize(
            source[2 * rect.y : 2 * whole_bottom, 2 * rect.x : 2 * whole_right],
            (width, height),
            dst=target[rect.y : whole_bottom, rect.x : whole_right],
            interpolation=cv2.INTER_AREA,
        )
    if rect.right > whole_right:
        column = source[2 * rect.y : 2 * rect.bottom, -1].astype(np.uint16)
        target[rect.y : rect.bottom, -1] = _paired(column)
    if rect.bottom > whole_bottom:
        row = source[-1, 2 * rect.x : 2 * rect.right].astype(np.uint16)
        target[-1, rect.x : rect.right] = _paired(row)


def _paired(line: Array) -> Array:
    """Means of neighbours (0, 1), (2, 3), ... along the first axis, the last one repeated."""
    first, second = line[::2], line[1::2]
    if len(second) < len(first):
        second = np.concatenate([second, line[-1:]])
    return (first + second + 1) >> 1


def _thinned(picture: Picture, step: int) -> Picture:
    """Every ``step``-th pixel of a picture, as a small picture."""
    width, height = math.ceil(picture.width / step), math.ceil(picture.height / step)

    def thin(raster: Raster) -> Raster:
        out = np.zeros((height, width, raster.channels), raster.dtype)
        part = TILE // step
        for (column, row), tile in raster.tiles.items():
            x, y = column * part, row * part
            if 0 <= x < width and 0 <= y < height:
                window = out[y : y + part, x : x + part]
                window[:] = tile[::step, ::step][: window.shape[0], : window.shape[1]]
        return Raster.from_array(out)

    def thin_layer(layer: Layer) -> Layer:
        shown = picture.is_visible(layer.id)
        return layer.replaced(raster=thin(layer.raster)) if shown else layer

    nodes = mapped(picture.nodes, thin_layer, thin)
    return picture.replaced(width=width, height=height, nodes=nodes, selection=None)
