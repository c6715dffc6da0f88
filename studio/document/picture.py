"""The picture: an immutable value of layers on a canvas. A document holds one after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from studio.document import nodes as tree
from studio.document.geometry import Rect
from studio.document.nodes import Group, Guide, Layer, Node, Text, new_layer_id
from studio.document.tiles import TILE, Array, Index, Raster

__all__ = ["Group", "Guide", "Layer", "Node", "Picture", "Text", "new_layer_id", "tile_rect"]


@dataclass(frozen=True)
class Picture:
    """Layers and groups on a canvas of ``width`` x ``height`` pixels.

    Attributes:
        width: canvas width, at least 1.
        height: canvas height, at least 1.
        nodes: layers and groups, bottom to top; at least one layer somewhere.
        active: id of the layer or group that edits go to.
        icc: RGB profile of the pixels; None means sRGB.
        selection: one uint8 channel, 255 = selected; None = nothing in particular, so everything
            may be edited.
        guides: lines to align to.
        mask_active: whether painting goes to the active node's mask instead of its pixels.
    """

    width: int
    height: int
    nodes: tuple[Node, ...]
    active: str
    icc: bytes | None = None
    selection: Raster | None = None
    guides: tuple[Guide, ...] = ()
    mask_active: bool = False

    def __post_init__(self) -> None:
        """Refuse what the compositor and the history rely on not to be.

        Raises:
            ValueError: for an empty canvas, no layer, two nodes with one id, layers of different
                depths, layers that are not RGBA, or masks of more than one channel.
        """
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a canvas of {self.width} x {self.height} pixels")
        found = [node for node, _ in tree.walk(self.nodes)]
        if not self.layers or len({node.id for node in found}) != len(found):
            raise ValueError("a picture has at least one layer, each with an id of its own")
        rasters = [layer.raster for layer in self.layers]
        if any((r.dtype, r.channels) != (self.dtype, 4) for r in rasters):
            raise ValueError("all layers are RGBA of one depth")
        masks = [*(node.mask for node in found), self.selection]
        if any(mask is not None and mask.channels != 1 for mask in masks):
            raise ValueError("masks and the selection have one channel")

    @classmethod
    def from_pixels(
        cls, pixels: Array, name: str = "Background", icc: bytes | None = None
    ) -> Picture:
        """A picture of one layer from H x W x 4 straight RGBA, uint8 or uint16."""
        layer = Layer(name, Raster.from_array(pixels))
        return cls(pixels.shape[1], pixels.shape[0], (layer,), layer.id, icc)

    @property
    def bounds(self) -> Rect:
        """The canvas as a rectangle."""
        return Rect(0, 0, self.width, self.height)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All pixel layers, those in groups included, bottom to top."""
        return tuple(tree.layers_in(self.nodes))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of every pixel layer: uint8 or uint16."""
        return self.layers[0].raster.dtype

    @property
    def active_node(self) -> Node:
        """The layer or group that is chosen; the topmost layer if ``active`` names none."""
        return self.node(self.active) or self.layers[-1]

    @property
    def active_layer(self) -> Layer:
        """The layer that edits go to; of a chosen group its topmost one."""
        node = self.active_node
        inside = tuple(tree.layers_in((node,)))
        return inside[-1] if inside else self.layers[-1]

    def node(self, node_id: str) -> Node | None:
        """The layer or group with this id, or None if it was deleted."""
        path = self.path(node_id)
        return path[-1] if path else None

    def layer(self, layer_id: str) -> Layer | None:
        """The layer with this id, or None if it was deleted or is a group."""
        return next((layer for layer in self.layers if layer.id == layer_id), None)

    def path(self, node_id: str) -> tuple[Node, ...]:
        """The groups around a node, outermost first, then the node; empty if there is none."""
        return tree.path_to(self.nodes, node_id)

    def parent(self, node_id: str) -> Group | None:
        """The group that a node lies in directly; None at the top of the tree."""
        path = self.path(node_id)
        parent = path[-2] if len(path) > 1 else None
        return parent if isinstance(parent, Group) else None

    def siblings(self, node_id: str) -> tuple[Node, ...]:
        """The nodes of the list that a node lies in, itself included, bottom to top."""
        parent = self.parent(node_id)
        return parent.children if parent is not None else self.nodes

    def walk(self) -> Iterator[tuple[Node, int]]:
        """All nodes with their depth, top to bottom, a group before its children."""
        return tree.walk(self.nodes)

    def is_visible(self, node_id: str) -> bool:
        """Whether a node and all groups around it show."""
        path = self.path(node_id)
        return bool(path) and all(node.visible for node in path)

    def is_locked(self, node_id: str) -> bool:
        """Whether a node or a group around it is locked."""
        return any(node.locked for node in self.path(node_id))

    def replaced(self, **changes: Any) -> Picture:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    def with_node(self, node: Node) -> Picture:
        """A copy in which the node with the same id is replaced."""
        return self.replaced(nodes=tree.swapped(self.nodes, node.id, (node,)))

    def with_selection(self, selection: Raster | None) -> Picture:
        """A copy with another selection; one of nothing is none, or nothing could be edited."""
        if selection is not None and selection.blank:
            selection = None
        return self if selection is self.selection else self.replaced(selection=selection)

    def with_layer(self, layer: Layer) -> Picture:
        """A copy in which the layer with the same id is replaced."""
        return self.with_node(layer)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """Everything that holds tiles."""
        selection = () if self.selection is None else (self.selection,)
        return tuple(raster for node in self.nodes for raster in node.rasters) + selection


def tile_rect(index: Index) -> Rect:
    """The canvas rectangle of a tile."""
    return Rect(index[0] * TILE, index[1] * TILE, TILE, TILE)
