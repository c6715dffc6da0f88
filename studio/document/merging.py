"""Edits that make one layer of several: merge down, merge a group, merge what shows, flatten."""

from __future__ import annotations

import numpy as np

from studio.api.errors import UserError
from studio.document.blend import BlendMode
from studio.document.composite import composite_nodes
from studio.document.edits import Edit, require_unlocked
from studio.document.layer_edits import require
from studio.document.nodes import Group, Layer, Node, layers_in, swapped
from studio.document.picture import Picture, tile_rect
from studio.document.tiles import Array, Index, Raster


def merge_down(node_id: str) -> Edit:
    """Join a layer or group with the layer below it, which keeps its name, place and blend mode.

    What the two show together is kept, unless the one below blends in another mode than normal:
    its own mode then applies to both. The edit raises UserError if there is nothing below, it is
    a group, or one of the two is hidden or locked.
    """

    def edit(picture: Picture) -> Picture:
        upper = require(picture, node_id)
        siblings = picture.siblings(node_id)
        at = [node.id for node in siblings].index(node_id)
        if at == 0:
            raise UserError(
                f"There is nothing below “{upper.name}”.", "Choose a layer above another."
            )
        lower = siblings[at - 1]
        if isinstance(lower, Group):
            raise UserError(
                f"“{lower.name}”, which is below, is a group.", "Merge that group first."
            )
        for node in (upper, lower):
            require_unlocked(picture, node.id)
            if not node.visible:
                raise UserError(f"“{node.name}” is hidden.", "Show it before you merge it.")
        plain = lower.replaced(blend=BlendMode.NORMAL)
        merged = lower.replaced(
            raster=merged_raster((plain, upper)), opacity=1.0, mask=None, text=None
        )
        nodes = swapped(swapped(picture.nodes, node_id, ()), lower.id, (merged,))
        return picture.replaced(nodes=nodes, active=lower.id, mask_active=False)

    return edit


def merge_group(group_id: str) -> Edit:
    """Make one layer of a group; its opacity, mask and blend mode stay. A layer changes nothing.

    The edit raises UserError if the group holds no layer, or something in it is locked.
    """

    def edit(picture: Picture) -> Picture:
        group = require(picture, group_id)
        if not isinstance(group, Group):
            return picture
        layers = tuple(layers_in((group,)))
        if not layers:
            raise UserError(f"There is no layer in “{group.name}”.", "Delete the group instead.")
        for layer in layers:
            require_unlocked(picture, layer.id)
        blend = BlendMode.NORMAL if group.pass_through else group.blend
        merged = Layer(
            group.name,
            merged_raster(group.children),
            id=group.id,
            visible=group.visible,
            opacity=group.opacity,
            mask=group.mask,
            blend=blend,
        )
        nodes = swapped(picture.nodes, group_id, (merged,))
        return picture.replaced(nodes=nodes, active=group_id, mask_active=False)

    return edit


def merge_visible() -> Edit:
    """Make one layer of everything that shows, in the place of the lowest; hidden nodes stay."""

    def edit(picture: Picture) -> Picture:
        shown = [node for node in picture.nodes if node.visible and any(layers_in((node,)))]
        if len(shown) < 2 and not any(isinstance(node, Group) for node in shown):
            return picture
        merged = Layer(shown[0].name, merged_raster(tuple(shown)))
        nodes = swapped(picture.nodes, shown[0].id, (merged,))
        for node in shown[1:]:
            nodes = swapped(nodes, node.id, ())
        return picture.replaced(nodes=nodes, active=merged.id, mask_active=False)

    return edit


def flatten() -> Edit:
    """One layer of what the canvas shows; hidden layers and what lies beyond the canvas are gone."""

    def edit(picture: Picture) -> Picture:
        only = picture.nodes[0] if len(picture.nodes) == 1 else None
        if isinstance(only, Layer) and only == Layer(only.name, only.raster, id=only.id):
            raster = only.raster.cropped(picture.bounds)
            if raster == only.raster:
                return picture
        else:
            raster = merged_raster(picture.nodes).cropped(picture.bounds)
        layer = Layer(picture.nodes[0].name, raster)
        return picture.replaced(nodes=(layer,), active=layer.id, mask_active=False)

    return edit


def merged_raster(nodes: tuple[Node, ...]) -> Raster:
    """What nodes show together, on the whole plane."""
    layers = tuple(layers_in(nodes))
    touched = {index for layer in layers for index in layer.raster.tiles}
    empty = Raster(layers[0].raster.dtype)
    tiles: dict[Index, Array | None] = {}
    for index in touched:
        pixels = composite_nodes(nodes, tile_rect(index))
        if np.any(pixels):
            tiles[index] = pixels
    return empty.with_tiles(tiles)
