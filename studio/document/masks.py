"""Edits of masks: from the selection, from nothing, into the pixels, and back to a selection."""

from __future__ import annotations

import numpy as np

from studio.api.errors import UserError
from studio.document.edits import Edit, require_unlocked
from studio.document.layer_edits import change_node, require
from studio.document.nodes import Group, Node, layers_in
from studio.document.picture import Picture
from studio.document.tiles import TILE, Array, Index, Raster, indices


def add_mask(node_id: str, *, reveal: bool = True) -> Edit:
    """Give a layer or group a mask that shows everything of it, or nothing; an old one goes."""

    def edit(picture: Picture) -> Picture:
        node = require(picture, node_id)
        mask = _full(picture, node) if reveal else Raster(picture.dtype, 1)
        return _masked(picture, node_id, mask)

    return edit


def mask_from_selection(node_id: str) -> Edit:
    """Give a layer or group the selection as its mask; without a selection everything shows."""

    def edit(picture: Picture) -> Picture:
        if picture.selection is None:
            return add_mask(node_id)(picture)
        return _masked(picture, node_id, picture.selection)

    return edit


def mask_from_alpha(node_id: str) -> Edit:
    """Move the transparency of a layer into a mask; its pixels become opaque where it had any.

    The edit raises UserError for a group, or a layer that is locked or has a mask.
    """

    def edit(picture: Picture) -> Picture:
        layer = require(picture, node_id)
        if isinstance(layer, Group):
            raise UserError("A group has no transparency of its own.", "Choose a layer.")
        if layer.mask is not None:
            raise UserError(f"“{layer.name}” has a mask already.", "Apply or delete it first.")
        require_unlocked(picture, node_id)
        tiles: dict[Index, Array | None] = {}
        for index, tile in layer.raster.tiles.items():
            opaque = tile.copy()
            opaque[..., 3] = np.where(tile.any(axis=2), layer.raster.maximum, 0)
            tiles[index] = opaque
        mask = Raster(picture.dtype, 1, alpha_tiles(layer.raster))
        bare = picture.with_layer(layer.replaced(raster=layer.raster.with_tiles(tiles), text=None))
        return _masked(bare, node_id, mask)

    return edit


def remove_mask(node_id: str) -> Edit:
    """Take the mask away; what it hid shows again. The edit raises UserError if it is locked."""

    def edit(picture: Picture) -> Picture:
        require_unlocked(picture, node_id)
        return change_node(node_id, mask=None)(picture)

    return edit


def apply_mask(node_id: str) -> Edit:
    """Multiply a layer's mask into its alpha and take the mask away.

    The edit raises UserError for a group or a locked layer.
    """

    def edit(picture: Picture) -> Picture:
        layer = require(picture, node_id)
        if layer.mask is None:
            return picture
        if isinstance(layer, Group):
            raise UserError("A group's mask stays a mask.", "Merge the group to apply it.")
        require_unlocked(picture, node_id)
        raster = masked_raster(layer.raster, layer.mask)
        after = picture.with_layer(layer.replaced(raster=raster, mask=None, text=None))
        return after.replaced(mask_active=False)

    return edit


def selection_from_mask(node_id: str) -> Edit:
    """Select what the mask shows."""

    def edit(picture: Picture) -> Picture:
        mask = require(picture, node_id).mask
        return picture if mask is None else picture.with_selection(_eight_bits(mask))

    return edit


def selection_from_alpha(node_id: str) -> Edit:
    """Select what is opaque in a layer, its mask and opacity left aside.

    The edit raises UserError for a group.
    """

    def edit(picture: Picture) -> Picture:
        layer = require(picture, node_id)
        if isinstance(layer, Group):
            raise UserError("A group has no transparency of its own.", "Choose a layer.")
        alpha = Raster(picture.dtype, 1, alpha_tiles(layer.raster)).cropped(picture.bounds)
        return picture.with_selection(_eight_bits(alpha))

    return edit


def alpha_tiles(raster: Raster) -> dict[Index, Array]:
    """The alpha of an RGBA raster, as tiles of one channel."""
    return {
        index: _frozen(np.ascontiguousarray(tile[..., 3:])) for index, tile in raster.tiles.items()
    }


def masked_raster(raster: Raster, mask: Raster) -> Raster:
    """An RGBA raster whose alpha is multiplied by a mask; colours stay as they are."""
    tiles: dict[Index, Array | None] = {}
    for index, tile in raster.tiles.items():
        weight = mask.tiles.get(index)
        if weight is not None and weight.min() == mask.maximum:
            continue
        faded = tile.copy()
        if weight is None:
            faded[..., 3] = 0
        else:
            share = weight[..., 0] * np.float32(1 / mask.maximum)
            faded[..., 3] = np.rint(tile[..., 3] * share)
        tiles[index] = faded
    return raster.with_tiles(tiles)


def _masked(picture: Picture, node_id: str, mask: Raster) -> Picture:
    """With the mask in place and chosen, as the next thing is to paint on it.

    Raises:
        UserError: if the node is locked.
    """
    require_unlocked(picture, node_id)
    after = change_node(node_id, mask=mask)(picture)
    return after.replaced(active=node_id, mask_active=True)


def _full(picture: Picture, node: Node) -> Raster:
    """A mask that shows all of the canvas and of the node beyond it; one tile, used many times."""
    area = picture.bounds
    for layer in layers_in((node,)):
        area = area.united(layer.raster.bounds)
    tile = _frozen(np.full((TILE, TILE, 1), np.iinfo(picture.dtype).max, picture.dtype))
    return Raster(picture.dtype, 1, dict.fromkeys(indices(area), tile))


def _eight_bits(mask: Raster) -> Raster:
    if mask.dtype == np.uint8:
        return mask
    tiles = {
        index: _frozen(((tile.astype(np.uint32) + 128) // 257).astype(np.uint8))
        for index, tile in mask.tiles.items()
    }
    return Raster(np.uint8, 1, tiles)


def _frozen(tile: Array) -> Array:
    tile.flags.writeable = False
    return tile
