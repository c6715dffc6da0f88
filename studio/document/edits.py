"""Edits: functions from a picture to a picture, for `Document.apply`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from studio.api.errors import UserError
from studio.document.geometry import Rect
from studio.document.nodes import Group, Layer, Text, mapped
from studio.document.picture import Picture
from studio.document.tiles import TILE, Array, Raster

Edit = Callable[[Picture], Picture]


def paint_target(picture: Picture) -> Layer:
    """The layer that a brush writes to.

    Raises:
        UserError: if a group is chosen, or the layer is locked or does not show.
    """
    node = picture.active_node
    if isinstance(node, Group):
        raise UserError(f"“{node.name}” is a group.", "Choose one of its layers to paint on.")
    require_unlocked(picture, node.id)
    if not picture.is_visible(node.id):
        raise UserError(f"“{node.name}” is hidden.", "Show the layer before you paint on it.")
    return node


def require_unlocked(picture: Picture, node_id: str) -> None:
    """Refuse to change the pixels of a layer that is locked, itself or by a group around it.

    Raises:
        UserError: naming what is locked.
    """
    for node in picture.path(node_id):
        if node.locked:
            raise UserError(f"“{node.name}” is locked.", "Unlock it in the layer panel first.")


def masked_by_selection(picture: Picture, rect: Rect) -> Array | None:
    """How much each pixel of ``rect`` is selected: H x W float32 in [0, 1]; None = everything."""
    if picture.selection is None:
        return None
    weight: Array = picture.selection.read(rect)[..., 0].astype(np.float32)
    weight /= picture.selection.maximum
    return weight


def paint(layer_id: str, x: int, y: int, pixels: Array, mask: Array | None = None) -> Edit:
    """Write H x W x 4 ``pixels`` at (x, y) into a layer, weighted by ``mask`` (H x W in [0, 1]).

    Without a mask every pixel is replaced. Pixels where the mask is 0 keep every bit. Parts
    outside the canvas are left out. A text layer that is painted on is one of pixels from then on.
    The edit raises UserError if the layer is locked.
    """

    def edit(picture: Picture) -> Picture:
        layer = existing(picture, layer_id)
        require_unlocked(picture, layer_id)
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
        return picture.with_layer(layer.replaced(raster=raster, text=None))

    return edit


def select(mask: Raster | None) -> Edit:
    """Replace the selection; None, or one of nothing, selects nothing in particular."""

    def edit(picture: Picture) -> Picture:
        same = mask is picture.selection or mask == picture.selection
        return picture if same else picture.with_selection(mask)

    return edit


def rescale(width: int, height: int, enlarged: Mapping[str, Array]) -> Edit:
    """Give the canvas a new size, with new pixels for the layers that ``enlarged`` names by id.

    Masks, the selection and layers without new pixels are resampled by cubic interpolation; guides
    and text go along.
    """

    def edit(picture: Picture) -> Picture:
        across, down = width / picture.width, height / picture.height

        def again(raster: Raster) -> Raster:
            return resampled(raster, picture.bounds, width, height)

        def layer_again(layer: Layer) -> Layer:
            pixels = enlarged.get(layer.id)
            if pixels is None:
                raster = again(layer.raster)
            elif pixels.shape != (height, width, 4):
                raise ValueError(f"pixels of {pixels.shape} for a canvas of {width} x {height}")
            else:
                raster = Raster.from_array(pixels)
            return layer.replaced(raster=raster, text=_rescaled(layer.text, across, down))

        guides = tuple(
            dataclasses.replace(
                guide, position=guide.position * (across if guide.vertical else down)
            )
            for guide in picture.guides
        )
        after = picture.replaced(
            width=width,
            height=height,
            nodes=mapped(picture.nodes, layer_again, again),
            guides=guides,
        )
        return after.with_selection(picture.selection and again(picture.selection))

    return edit


def crop(rect: Rect) -> Edit:
    """Make ``rect`` the canvas; pixels outside it are dropped. It may reach beyond the old canvas.

    Tiles are shared with the picture before where ``rect`` starts at a tile's corner. Guides and
    text move along; guides that are no longer on the canvas are dropped.
    """
    (columns, left), (rows, top) = divmod(rect.x, TILE), divmod(rect.y, TILE)

    def moved(raster: Raster) -> Raster:
        if left or top:
            return Raster(raster.dtype, raster.channels).write(0, 0, raster.read(rect))
        return raster.cropped(rect).shifted(-columns, -rows)

    def layer_moved(layer: Layer) -> Layer:
        text = layer.text and layer.text.replaced(x=layer.text.x - rect.x, y=layer.text.y - rect.y)
        return layer.replaced(raster=moved(layer.raster), text=text)

    def edit(picture: Picture) -> Picture:
        if rect == picture.bounds:
            return picture
        guides = (
            dataclasses.replace(g, position=g.position - (rect.x if g.vertical else rect.y))
            for g in picture.guides
        )
        after = picture.replaced(
            width=rect.width,
            height=rect.height,
            nodes=mapped(picture.nodes, layer_moved, moved),
            guides=tuple(
                g for g in guides if 0 <= g.position <= (rect.width if g.vertical else rect.height)
            ),
        )
        return after.with_selection(picture.selection and moved(picture.selection))

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


def existing(picture: Picture, layer_id: str) -> Layer:
    """The layer with this id.

    Raises:
        LookupError: if there is none.
    """
    layer = picture.layer(layer_id)
    if layer is None:
        raise LookupError(f"no layer {layer_id}")
    return layer


def _rescaled(text: Text | None, across: float, down: float) -> Text | None:
    """The text at another size; None when it would be stretched, which only its pixels can be."""
    if text is None or abs(across / down - 1) > 0.01:
        return None
    return text.replaced(x=text.x * across, y=text.y * down, size=text.size * down)
