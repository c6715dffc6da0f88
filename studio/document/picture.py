"""The picture: an immutable value of layers on a canvas. A document holds one after another."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.document.geometry import Rect
from studio.document.tiles import TILE, Array, Index, Raster


def new_layer_id() -> str:
    """An identifier that no other layer has."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Layer:
    """One layer of pixels.

    Attributes:
        name: shown in the layer panel.
        raster: straight RGBA, in canvas coordinates; may reach beyond the canvas.
        id: stays the same through all edits.
        visible: whether it shows.
        opacity: 0 to 1.
        mask: one channel that scales the alpha, or None; zero hides.
    """

    name: str
    raster: Raster
    id: str = field(default_factory=new_layer_id)
    visible: bool = True
    opacity: float = 1.0
    mask: Raster | None = None

    def replaced(self, **changes: Any) -> Layer:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """Everything of it that holds tiles."""
        return (self.raster,) if self.mask is None else (self.raster, self.mask)


@dataclass(frozen=True)
class Picture:
    """Layers on a canvas of ``width`` x ``height`` pixels.

    Attributes:
        width: canvas width, at least 1.
        height: canvas height, at least 1.
        layers: bottom to top, at least one.
        active: id of the layer that edits go to.
        icc: RGB profile of the pixels; None means sRGB.
        selection: one uint8 channel, 255 = selected; None = nothing selected.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    active: str
    icc: bytes | None = None
    selection: Raster | None = None

    def __post_init__(self) -> None:
        """Refuse what the compositor and the history rely on not to be.

        Raises:
            ValueError: for an empty canvas, no layer, two layers with one id, layers of different
                depths, layers that are not RGBA, or masks of more than one channel.
        """
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a canvas of {self.width} x {self.height} pixels")
        if not self.layers or len({layer.id for layer in self.layers}) != len(self.layers):
            raise ValueError("a picture has at least one layer, each with an id of its own")
        rasters = [layer.raster for layer in self.layers]
        if any((r.dtype, r.channels) != (self.dtype, 4) for r in rasters):
            raise ValueError("all layers are RGBA of one depth")
        masks = [*(layer.mask for layer in self.layers), self.selection]
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

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of every pixel layer: uint8 or uint16."""
        return self.layers[0].raster.dtype

    @property
    def active_layer(self) -> Layer:
        """The layer that edits go to."""
        return self.layer(self.active) or self.layers[-1]

    def layer(self, layer_id: str) -> Layer | None:
        """The layer with this id, or None if it was deleted."""
        return next((layer for layer in self.layers if layer.id == layer_id), None)

    def replaced(self, **changes: Any) -> Picture:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    def with_layer(self, layer: Layer) -> Picture:
        """A copy in which the layer with the same id is replaced."""
        layers = tuple(layer if old.id == layer.id else old for old in self.layers)
        return self.replaced(layers=layers)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """Everything that holds tiles."""
        selection = () if self.selection is None else (self.selection,)
        return tuple(raster for layer in self.layers for raster in layer.rasters) + selection


def shown_differences(before: Picture, after: Picture) -> set[Index] | None:
    """Tiles whose composite may differ; None if anything may (another size or layer order)."""
    if (before.width, before.height, before.icc) != (after.width, after.height, after.icc):
        return None
    if [layer.id for layer in before.layers] != [layer.id for layer in after.layers]:
        kept = [layer.id for layer in before.layers if after.layer(layer.id)]
        if kept != [layer.id for layer in after.layers if before.layer(layer.id)]:
            return None
    changed: set[Index] = set()
    for layer in (*before.layers, *after.layers):
        changed |= _layer_differences(before.layer(layer.id), after.layer(layer.id))
    return changed


def _layer_differences(before: Layer | None, after: Layer | None) -> set[Index]:
    if before is after:
        return set()
    if before is None or after is None:
        present = before or after
        return set(present.raster.tiles) if present else set()
    if (before.visible, before.opacity) != (after.visible, after.opacity):
        return set(before.raster.tiles) | set(after.raster.tiles)
    changed = before.raster.changed_tiles(after.raster)
    if before.mask is not after.mask:
        if before.mask is None or after.mask is None:
            return changed | set(after.raster.tiles)
        changed |= before.mask.changed_tiles(after.mask)
    return changed


def tile_rect(index: Index) -> Rect:
    """The canvas rectangle of a tile."""
    return Rect(index[0] * TILE, index[1] * TILE, TILE, TILE)
