"""Where paint goes: the pixels of a layer or a mask, inside the canvas and the selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.document.edits import paint_target, require_unlocked
from studio.document.geometry import Rect
from studio.document.nodes import Layer
from studio.document.picture import Picture, tile_rect
from studio.document.tiles import TILE, Array, Index, Raster, indices


@dataclass(frozen=True)
class Target:
    """What a stroke changes.

    Attributes:
        picture: as it was before.
        node_id: the layer, or the node whose mask it is.
        raster: its pixels, or the mask.
        on_mask: whether it is a mask.
    """

    picture: Picture
    node_id: str
    raster: Raster
    on_mask: bool = False

    @classmethod
    def of(cls, picture: Picture) -> Target:
        """What is painted on: the active layer, or the active node's mask if that is chosen.

        Raises:
            UserError: if it is a group, locked or hidden.
        """
        node = picture.active_node
        if picture.mask_active and node.mask is not None:
            require_unlocked(picture, node.id)
            return cls(picture, node.id, node.mask, on_mask=True)
        layer = paint_target(picture)
        return cls(picture, layer.id, layer.raster)

    @property
    def bounds(self) -> Rect:
        """The canvas: nothing is painted outside it."""
        return self.picture.bounds

    @property
    def selection(self) -> Raster | None:
        """What keeps paint from the rest; None = it goes everywhere."""
        return self.picture.selection

    def painted(self, raster: Raster) -> Picture:
        """The picture with other pixels in the target. Text that is painted on becomes pixels."""
        if raster is self.raster:
            return self.picture
        node = self.picture.node(self.node_id)
        if node is None:
            raise LookupError(f"no layer {self.node_id}")
        if self.on_mask:
            return self.picture.with_node(node.replaced(mask=raster))
        changes = {"text": None} if isinstance(node, Layer) else {}
        return self.picture.with_node(node.replaced(raster=raster, **changes))

    def selected(self, rect: Rect, weight: Array) -> Array | None:
        """``weight`` (H x W float32 over ``rect``, inside one tile) within the selection.

        Returns:
            The same array where everything is selected, None where nothing is.
        """
        selection = self.selection
        if selection is None:
            return weight
        tile = selection.tiles.get((rect.x // TILE, rect.y // TILE))
        if tile is None:
            return None
        top, left = rect.y % TILE, rect.x % TILE
        part = tile[top : top + rect.height, left : left + rect.width, 0]
        lowest, highest = int(part.min()), int(part.max())
        if lowest == selection.maximum:
            return weight
        if highest == 0:
            return None
        within: Array = weight * (part.astype(np.float32) / np.float32(selection.maximum))
        return within


def in_tiles(rect: Rect) -> list[tuple[Index, Rect]]:
    """The parts of ``rect`` in each tile it touches."""
    return [(index, rect.intersected(tile_rect(index))) for index in indices(rect)]


def slices(rect: Rect) -> tuple[slice, slice]:
    """Where ``rect``, which lies in one tile, is inside that tile."""
    top, left = rect.y % TILE, rect.x % TILE
    return slice(top, top + rect.height), slice(left, left + rect.width)
