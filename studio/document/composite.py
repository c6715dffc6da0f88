"""The one compositor: what a picture shows, per rectangle."""

from __future__ import annotations

import numpy as np

from studio.document.geometry import Rect
from studio.document.picture import Layer, Picture
from studio.document.tiles import TILE, Array


def composite(picture: Picture, rect: Rect | None = None) -> Array:
    """What the picture shows inside ``rect`` (default: the canvas).

    Returns:
        A new H x W x 4 array of straight RGBA in the picture's depth. Outside the canvas it is
        transparent.
    """
    rect = picture.bounds if rect is None else rect
    inside = rect.intersected(picture.bounds)
    if inside != rect:
        out = np.zeros((rect.height, rect.width, 4), picture.dtype)
        if not inside.empty:
            rows = slice(inside.y - rect.y, inside.bottom - rect.y)
            columns = slice(inside.x - rect.x, inside.right - rect.x)
            out[rows, columns] = composite(picture, inside)
        return out
    shown = [layer for layer in picture.layers if layer.visible and layer.opacity > 0]
    if not shown:
        return np.zeros((rect.height, rect.width, 4), picture.dtype)
    if len(shown) == 1 and shown[0].opacity == 1 and shown[0].mask is None:
        return shown[0].raster.read(rect)
    out = np.empty((rect.height, rect.width, 4), picture.dtype)
    for top in range(
        0, rect.height, TILE
    ):  # in strips: float32 of a whole picture is 4 times its size
        height = min(TILE, rect.height - top)
        strip = Rect(rect.x, rect.y + top, rect.width, height)
        out[top : top + height] = _blended(shown, strip)
    return out


def _blended(layers: list[Layer], rect: Rect) -> Array:
    """Source-over of several layers in premultiplied float32 (Porter and Duff 1984)."""
    maximum = np.float32(layers[0].raster.maximum)
    color = np.zeros((rect.height, rect.width, 3), np.float32)
    alpha = np.zeros((rect.height, rect.width, 1), np.float32)
    hidden = np.zeros((rect.height, rect.width, 3), layers[0].raster.dtype)
    for layer in layers:
        pixels = layer.raster.read(rect)
        source_alpha = pixels[..., 3:].astype(np.float32) * np.float32(layer.opacity / maximum)
        if layer.mask is not None:
            source_alpha *= layer.mask.read(rect).astype(np.float32) / layer.mask.maximum
        _remember_hidden(hidden, pixels)
        keep = 1 - source_alpha
        color = pixels[..., :3].astype(np.float32) * source_alpha + color * keep
        alpha = source_alpha + alpha * keep
    straight = color / np.where(alpha > 0, alpha, 1)
    out = np.concatenate([straight, alpha * maximum], axis=2)
    rounded: Array = np.rint(np.clip(out, 0, maximum)).astype(layers[0].raster.dtype)
    rounded[..., :3] = np.where(alpha > 0, rounded[..., :3], hidden)
    return rounded


def _remember_hidden(hidden: Array, pixels: Array) -> None:
    """Note the colours that transparent pixels carry, those of the lowest layer that has any.

    A single layer shows them as they are, so a second one that is transparent here, as a result is
    outside its mask, must not change them.
    """
    carries = (pixels[..., 3:] == 0) & pixels[..., :3].any(axis=2, keepdims=True)
    if carries.any():
        carries &= ~hidden.any(axis=2, keepdims=True)
        np.copyto(hidden, pixels[..., :3], where=carries)
