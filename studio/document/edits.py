"""Edits: functions from a picture to a picture, for `Document.apply`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np

from studio.document.geometry import Rect
from studio.document.picture import Layer, Picture
from studio.document.tiles import TILE, Array, Raster

Edit = Callable[[Picture], Picture]


def paint(layer_id: str, x: int, y: int, pixels: Array, mask: Array | None = None) -> Edit:
    """Write H x W x 4 ``pixels`` at (x, y) into a layer, weighted by ``mask`` (H x W in [0, 1]).

    Without a mask every pixel is replaced. Pixels where the mask is 0 keep every bit. Parts
    outside the canvas are left out.
    """

    def edit(picture: Picture) -> Picture:
        layer = _existing(picture, layer_id)
        whole = Rect(x, y, pixels.shape[1], pixels.shape[0])
        inside = whole.intersected(picture.bounds)
        if inside.empty:
            return picture
        rows = slice(inside.y - y, inside.bottom - y)
        columns = slice(inside.x - x, inside.right - x)
        if mask is None:
            raster = layer.raster.write(inside.x, inside.y, pixels[rows, columns])
        else:
            raster = layer.raster.blend(
                inside.x, inside.y, pixels[rows, columns], mask[rows, columns]
            )
        if not raster.changed_tiles(layer.raster):
            return picture
        return picture.with_layer(layer.replaced(raster=raster))

    return edit


def add_layer(layer: Layer, above: str | None = None) -> Edit:
    """Insert a layer above the one with id ``above`` (default: the active one) and select it."""

    def edit(picture: Picture) -> Picture:
        anchor = above or picture.active
        ids = [existing.id for existing in picture.layers]
        at = ids.index(anchor) + 1 if anchor in ids else len(ids)
        layers = (*picture.layers[:at], layer, *picture.layers[at:])
        return picture.replaced(layers=layers, active=layer.id)

    return edit


def remove_layer(layer_id: str) -> Edit:
    """Delete a layer; the last one stays."""

    def edit(picture: Picture) -> Picture:
        _existing(picture, layer_id)
        kept = tuple(layer for layer in picture.layers if layer.id != layer_id)
        if not kept:
            return picture
        active = picture.active if picture.active != layer_id else kept[-1].id
        return picture.replaced(layers=kept, active=active)

    return edit


def change_layer(layer_id: str, **changes: Any) -> Edit:
    """Set attributes of a layer (name, visible, opacity, mask)."""

    def edit(picture: Picture) -> Picture:
        layer = _existing(picture, layer_id)
        changed = layer.replaced(**changes)
        return picture if changed == layer else picture.with_layer(changed)

    return edit


def select(mask: Raster | None) -> Edit:
    """Replace the selection; None selects nothing in particular."""

    def edit(picture: Picture) -> Picture:
        same = mask is picture.selection or mask == picture.selection
        return picture if same else picture.replaced(selection=mask)

    return edit


def rescale(width: int, height: int, enlarged: Mapping[str, Array]) -> Edit:
    """Give the canvas a new size, with new pixels for the layers that ``enlarged`` names by id.

    Layer masks, the selection and layers without new pixels are resampled by cubic interpolation.
    """

    def edit(picture: Picture) -> Picture:
        layers = []
        for layer in picture.layers:
            pixels = enlarged.get(layer.id)
            if pixels is None:
                raster = resampled(layer.raster, picture.bounds, width, height)
            elif pixels.shape != (height, width, 4):
                raise ValueError(f"pixels of {pixels.shape} for a canvas of {width} x {height}")
            else:
                raster = Raster.from_array(pixels)
            mask = layer.mask and resampled(layer.mask, picture.bounds, width, height)
            layers.append(layer.replaced(raster=raster, mask=mask))
        selection = picture.selection and resampled(
            picture.selection, picture.bounds, width, height
        )
        return picture.replaced(
            width=width, height=height, layers=tuple(layers), selection=selection
        )

    return edit


def crop(rect: Rect) -> Edit:
    """Make ``rect`` the canvas; pixels outside it are dropped. It may reach beyond the old canvas.

    Tiles are shared with the picture before where ``rect`` starts at a tile's corner.
    """
    (columns, left), (rows, top) = divmod(rect.x, TILE), divmod(rect.y, TILE)

    def moved(raster: Raster) -> Raster:
        if left or top:
            return Raster(raster.dtype, raster.channels).write(0, 0, raster.read(rect))
        return raster.cropped(rect).shifted(-columns, -rows)

    def edit(picture: Picture) -> Picture:
        if rect == picture.bounds:
            return picture
        layers = tuple(
            layer.replaced(raster=moved(layer.raster), mask=layer.mask and moved(layer.mask))
            for layer in picture.layers
        )
        selection = picture.selection and moved(picture.selection)
        return picture.replaced(
            width=rect.width, height=rect.height, layers=layers, selection=selection
        )

    return edit


def resampled(raster: Raster, area: Rect, width: int, height: int) -> Raster:
    """The pixels of ``area`` at another size; alpha-weighted, cubic up and area-averaged down."""
    pixels = raster.read(area).astype(np.float32)
    if raster.channels == 4:
        pixels[..., :3] *= pixels[..., 3:] / raster.maximum
    shrinking = width < area.width or height < area.height
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    resized: Array = np.asarray(cv2.resize(pixels, (width, height), interpolation=method))
    resized = resized.reshape(height, width, raster.channels)
    if raster.channels == 4:
        # By the alpha before clipping: colour and alpha overshoot alike at an edge.
        alpha = resized[..., 3:]
        resized[..., :3] *= raster.maximum / np.where(alpha > 0, alpha, raster.maximum)
    out = np.rint(np.clip(resized, 0, raster.maximum)).astype(raster.dtype)
    return Raster.from_array(out)


def _existing(picture: Picture, layer_id: str) -> Layer:
    layer = picture.layer(layer_id)
    if layer is None:
        raise LookupError(f"no layer {layer_id}")
    return layer
