"""Small versions of rasters and pictures, put together of tiles that are shrunk only once."""

from __future__ import annotations

import weakref

import cv2
import numpy as np
from PySide6.QtGui import QImage

from studio.document import TILE, Array, Layer, Picture, Raster, composite
from studio.document.nodes import Node, layers_in, mapped
from studio.qt.canvas.pyramid import premultiplied, to_eight_bits
from studio.qt.color import to_monitor

SIDE = 96
"""The longer side of a miniature has at least this many pixels, and less than twice as many."""

SAMPLES = 8
"""Pixels looked at along each side of what becomes one pixel."""


class Miniatures:
    """Shrinks pictures by a power of two, such that a changed tile costs one tile.

    What it remembers of a tile goes away with the tile. It is used by one thread at a time.
    """

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], tuple[weakref.ref[Array], Array]] = {}

    def __len__(self) -> int:
        return len(self._tiles)

    def picture(self, picture: Picture) -> Picture:
        """An 8-bit picture of the same layers, a fraction of the size, without its selection."""
        step = shrinking(picture)
        width, height = max(picture.width // step, 1), max(picture.height // step, 1)

        def small(raster: Raster) -> Raster:
            return Raster.from_array(self.raster(raster, width, height, step))

        def small_layer(layer: Layer) -> Layer:
            # What does not show needs no pixels.
            raster = small(layer.raster) if layer.visible else Raster(np.uint8, 4)
            return layer.replaced(raster=raster, text=None)

        nodes = mapped(picture.nodes, small_layer, small)
        return picture.replaced(width=width, height=height, nodes=nodes, selection=None, guides=())

    def raster(self, raster: Raster, width: int, height: int, step: int) -> Array:
        """The first ``height`` x ``width`` blocks of ``step`` x ``step`` pixels, as 8-bit means.

        Returns:
            height x width x channels, uint8; RGBA is straight, its colours weighted by alpha.
        """
        out = np.zeros((height, width, raster.channels), np.uint8)
        part = TILE // step
        for (column, row), tile in raster.tiles.items():
            x, y = column * part, row * part
            if 0 <= x < width and 0 <= y < height:
                window = out[y : y + part, x : x + part]
                window[:] = self._small(tile, step)[: window.shape[0], : window.shape[1]]
        if raster.channels == 4:
            out = np.asarray(cv2.cvtColor(out, cv2.COLOR_mRGBA2RGBA))
        return out

    def _small(self, tile: Array, step: int) -> Array:
        """A tile's block means, RGBA premultiplied."""
        if step == 1:
            return _shrunk(tile, step)
        key = (id(tile), step)
        known = self._tiles.get(key)
        if known is not None and known[0]() is tile:
            return known[1]
        small = _shrunk(tile, step)
        tiles = self._tiles
        self._tiles[key] = (weakref.ref(tile, lambda _: tiles.pop(key, None)), small)
        return small


def shrinking(picture: Picture) -> int:
    """The power of two by which the picture's miniature is smaller."""
    longest, shortest = max(picture.width, picture.height), min(picture.width, picture.height)
    step = 1
    while step < TILE and 2 * step * SIDE <= longest and 2 * step <= shortest:
        step *= 2
    return step


def _shrunk(tile: Array, step: int) -> Array:
    stride = max(step // SAMPLES, 1)
    pixels = to_eight_bits(np.ascontiguousarray(tile[::stride, ::stride]))
    pixels = pixels.reshape(*pixels.shape[:2], tile.shape[2])
    if tile.shape[2] == 4:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2mRGBA))
    side = TILE // step
    if pixels.shape[0] != side:
        pixels = np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA))
    return pixels.reshape(side, side, tile.shape[2])


def picture_image(miniatures: Miniatures, picture: Picture) -> QImage:
    """What a picture shows, as a miniature for the screen."""
    small = miniatures.picture(picture)
    return color_image(composite(small), picture.icc)


def node_image(miniatures: Miniatures, picture: Picture, node: Node) -> QImage | None:
    """What a layer or a group holds, whether or not it shows; None for an empty group."""
    if not any(True for _ in layers_in((node,))):
        return None
    alone = node.replaced(visible=True, opacity=1.0, mask=None)
    small = miniatures.picture(picture.replaced(nodes=(alone,), active=node.id))
    return color_image(composite(small), picture.icc)


def mask_image(miniatures: Miniatures, picture: Picture, mask: Raster) -> QImage:
    """A mask in gray, white where it shows."""
    step = shrinking(picture)
    width, height = max(picture.width // step, 1), max(picture.height // step, 1)
    values = np.ascontiguousarray(miniatures.raster(mask, width, height, step)[..., 0])
    return QImage(values.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def color_image(pixels: Array, icc: bytes | None) -> QImage:
    """An image with its own memory from straight RGBA in a profile."""
    shown = to_eight_bits(to_monitor(pixels, icc))
    memory = np.empty_like(shown, order="C")
    premultiplied(np.ascontiguousarray(shown), memory)
    height, width = memory.shape[:2]
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(memory.data, width, height, width * 4, form).copy()
