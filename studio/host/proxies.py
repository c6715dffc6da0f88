"""Reduced stand-ins for a part of a picture, on which a live preview runs."""

from __future__ import annotations

import cv2
import numpy as np

from studio.document import Array, Layer, Picture, Raster, Rect
from studio.document.nodes import mapped


def reduced(picture: Picture, region: Rect, width: int, height: int) -> Picture:
    """A picture of ``width`` x ``height`` pixels that shows ``region`` of another.

    Layers, groups, masks and the selection keep their ids and places. Hidden layers are left empty,
    text becomes pixels. Reducing averages areas, with colours weighted by their alpha.
    """
    size = (width, height)

    def pixels(layer: Layer) -> Layer:
        wanted = picture.is_visible(layer.id) or layer is picture.active_layer
        raster = _part(layer.raster, region, size) if wanted else Raster(layer.raster.dtype)
        return layer.replaced(raster=raster, text=None)

    def mask(raster: Raster) -> Raster:
        return _part(raster, region, size)

    return picture.replaced(
        width=width,
        height=height,
        nodes=mapped(picture.nodes, pixels, mask),
        selection=None if picture.selection is None else mask(picture.selection),
        guides=(),
    )


def _part(raster: Raster, region: Rect, size: tuple[int, int]) -> Raster:
    found = raster.read(region)
    if (region.width, region.height) != size:
        found = _alone(found, size) if raster.channels == 1 else _straight(found, size)
    return Raster.from_array(np.ascontiguousarray(found))


def _alone(pixels: Array, size: tuple[int, int]) -> Array:
    """One channel, or several that need no weights."""
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small).reshape(size[1], size[0], pixels.shape[2])


def _straight(pixels: Array, size: tuple[int, int]) -> Array:
    """Straight RGBA: a transparent pixel's colour does not count."""
    top = int(np.iinfo(pixels.dtype).max)
    alpha = np.ascontiguousarray(pixels[..., 3])
    if int(alpha.min()) == top:
        return _alone(pixels, size)
    weights = cv2.merge([alpha, alpha, alpha])
    weighted = cv2.multiply(np.ascontiguousarray(pixels[..., :3]), weights, scale=1 / top)
    small = _alone(np.asarray(weighted), size).astype(np.float32)
    small_alpha = _alone(alpha[..., None], size)
    straight = small * (top / np.maximum(small_alpha.astype(np.float32), 1))
    color = np.rint(np.clip(straight, 0, top)).astype(pixels.dtype)
    return np.concatenate([color, small_alpha], axis=2)
