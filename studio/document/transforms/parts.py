"""Edits that move or transform a layer, a group, a mask or the selected pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from studio.api.errors import UserError
from studio.document.edits import Edit, require_unlocked
from studio.document.geometry import Rect
from studio.document.masks import masked_raster
from studio.document.nodes import Layer, Node, layers_in, mapped
from studio.document.picture import Picture
from studio.document.tiles import Raster
from studio.document.transforms.matrices import Matrix, translation
from studio.document.transforms.sampling import Resampling, content_bounds
from studio.document.transforms.warping import warped
from studio.document.transforms.whole import flipping, moved_text, quarter_turns

Kind = Literal["node", "mask", "selected"]


@dataclass(frozen=True)
class Target:
    """What a move or a transform takes along.

    Attributes:
        kind: a whole layer or group (``node``), only its ``mask``, or the ``selected`` pixels of a
            layer.
        node_id: of the layer or group.
        area: around what there is to see of it, in canvas pixels.
    """

    kind: Kind
    node_id: str
    area: Rect


def target_of(picture: Picture) -> Target:
    """What the active node and the selection say is to be transformed.

    Raises:
        UserError: if it is locked, hidden or empty.
    """
    node = picture.active_node
    require_movable(picture, node)
    if picture.mask_active and node.mask is not None:
        return Target("mask", node.id, _shown(content_bounds(node.mask), "The mask"))
    if picture.selection is not None and isinstance(node, Layer):
        inside = content_bounds(node.raster).intersected(content_bounds(picture.selection))
        lifted = masked_raster(node.raster.cropped(inside), picture.selection)
        return Target("selected", node.id, _shown(content_bounds(lifted), "The selected part"))
    area = Rect(0, 0, 0, 0)
    for layer in layers_in((node,)):
        area = area.united(content_bounds(layer.raster))
    return Target("node", node.id, _shown(area, f"“{node.name}”"))


def require_movable(picture: Picture, node: Node) -> None:
    """Refuse a node that is locked, by itself, from above or inside, or that does not show.

    Raises:
        UserError: naming what stands in the way.
    """
    require_unlocked(picture, node.id)
    for layer in layers_in((node,)):
        require_unlocked(picture, layer.id)
    if not picture.is_visible(node.id):
        raise UserError(f"“{node.name}” is hidden.", "Show it in the layer panel first.")


def transform(target: Target, matrix: Matrix, method: Resampling = Resampling.AUTOMATIC) -> Edit:
    """Move every point p of the target to ``matrix @ p``; whole-pixel moves are exact.

    Selected pixels leave transparency behind and lie over what they reach; the selection goes
    along. A layer's mask goes along with the layer.
    """

    def edit(picture: Picture) -> Picture:
        node = picture.node(target.node_id)
        if node is None or np.array_equal(matrix, np.eye(3)):
            return picture
        require_movable(picture, node)

        def moved(raster: Raster) -> Raster:
            return warped(raster, matrix, method)

        if target.kind == "mask" and node.mask is not None:
            return picture.with_node(node.replaced(mask=moved(node.mask)))
        if target.kind == "selected" and isinstance(node, Layer):
            return _selected_moved(picture, node, moved)
        return picture.with_node(_node_moved(node, moved, matrix))

    return edit


def move(target: Target, dx: int, dy: int) -> Edit:
    """Move by whole pixels: every bit is kept."""
    return transform(target, translation(dx, dy))


def flip_part(target: Target, axis: Literal["horizontal", "vertical"]) -> Edit:
    """Mirror the target within its own area, exactly."""
    return transform(target, flipping(target.area, axis))


def rotate_part(target: Target, quarters: int) -> Edit:
    """Turn the target clockwise about its middle, to the nearest whole pixel, exactly."""
    area = target.area
    matrix = quarter_turns(area, quarters)
    if quarters % 2:
        shift = (area.width - area.height) // 2
        matrix = translation(shift, -shift) @ matrix
    return transform(target, matrix)


def lifted(picture: Picture, target: Target) -> tuple[Picture, Picture]:
    """The picture without what is moved, and with nothing but that: for a preview.

    Returns:
        Two pictures on the same canvas.
    """
    node = picture.node(target.node_id)
    if node is None or target.kind == "mask":
        return picture, picture
    if target.kind == "selected" and isinstance(node, Layer) and picture.selection is not None:
        floating, rest = _parted(node.raster, picture.selection)
        without = picture.with_node(node.replaced(raster=rest))
        only = node.replaced(raster=floating)
        return without, picture.replaced(nodes=(only,), active=only.id, selection=None)
    without = picture.with_node(_hidden(node))
    shown: tuple[Node, ...] = (node,)
    return without, picture.replaced(nodes=shown, active=node.id, selection=None)


def _hidden(node: Node) -> Node:
    return node.replaced(visible=False)


def _node_moved(node: Node, moved: Callable[[Raster], Raster], matrix: Matrix) -> Node:
    def layer(old: Layer) -> Layer:
        return old.replaced(raster=moved(old.raster), text=moved_text(old.text, matrix))

    (after,) = mapped((node,), layer, moved)
    return after


def _selected_moved(picture: Picture, layer: Layer, moved: Callable[[Raster], Raster]) -> Picture:
    if picture.selection is None:
        return picture
    floating, rest = _parted(layer.raster, picture.selection)
    raster = over(rest, moved(floating))
    selection = moved(picture.selection).cropped(picture.bounds)
    after = picture.with_node(layer.replaced(raster=raster, text=None))
    return after.with_selection(selection)


def _parted(raster: Raster, selection: Raster) -> tuple[Raster, Raster]:
    """The selected share of the pixels, and what is left behind."""
    reach = raster.cropped(content_bounds(selection))
    floating = masked_raster(reach, selection)
    inverse = {index: selection.maximum - tile for index, tile in selection.tiles.items()}
    changes = {}
    for index, tile in raster.tiles.items():
        keep = inverse.get(index)
        if keep is None or keep.min() == selection.maximum:
            continue
        left = tile.copy()
        # What floats and what stays add up to the alpha that was there.
        left[..., 3] = tile[..., 3] - floating.tiles[index][..., 3]
        left[left[..., 3] == 0] = 0
        changes[index] = left
    return floating, raster.with_tiles(changes)


def over(below: Raster, above: Raster) -> Raster:
    """One straight RGBA raster over another; where the upper one is clear every bit stays."""
    changes = {}
    for index, tile in above.tiles.items():
        if not tile[..., 3].any():
            continue
        base = below.tiles.get(index)
        if base is None or tile[..., 3].min() == above.maximum:
            changes[index] = tile.copy()
            continue
        alpha = tile[..., 3:].astype(np.float32) / above.maximum
        share = base[..., 3:].astype(np.float32) / above.maximum * (1 - alpha)
        total = alpha + share
        safe = np.where(total > 0, total, 1)
        mixed = (tile[..., :3] * alpha + base[..., :3] * share) / safe
        out = base.copy()
        touched = tile[..., 3] > 0
        out[touched, :3] = np.rint(mixed[touched])
        out[touched, 3] = np.rint(total[touched, 0] * above.maximum)
        solid = tile[..., 3] == above.maximum
        out[solid] = tile[solid]
        changes[index] = out
    return below.with_tiles(changes)


def _shown(area: Rect, name: str) -> Rect:
    if area.empty:
        raise UserError(f"{name} is empty.", "There is nothing to move or transform.")
    return area
