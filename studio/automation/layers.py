"""The layers of a picture; what is set on one is an undo step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from studio.api.errors import UserError
from studio.automation import display
from studio.automation.arrays import to_pixels
from studio.document import Array, BlendMode, Picture, Raster
from studio.document import Layer as Content
from studio.document.edits import Edit
from studio.document.layer_edits import add_node, change_node, remove_node, require, set_active
from studio.files.pixels import to_8_bits

if TYPE_CHECKING:
    from studio.document import Document


class Layer:
    """One layer of pixels, for as long as the picture has it.

    Args:
        document: of the picture.
        id: which layer.
    """

    def __init__(self, document: Document, id: str) -> None:
        self._document, self.id = document, id

    @property
    def name(self) -> str:
        """Its name; can be set."""
        return self._content.name

    @name.setter
    def name(self, name: str) -> None:
        self._change("Rename layer", name=str(name))

    @property
    def visible(self) -> bool:
        """Whether it shows; can be set."""
        return self._content.visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._change("Show layer" if visible else "Hide layer", visible=bool(visible))

    @property
    def opacity(self) -> float:
        """How much it covers, 0 to 1; can be set."""
        return self._content.opacity

    @opacity.setter
    def opacity(self, opacity: float) -> None:
        if not 0 <= opacity <= 1:
            raise UserError(f"An opacity of {opacity} is out of range.", "It is from 0 to 1.")
        self._change("Opacity", opacity=float(opacity))

    @property
    def blend(self) -> str:
        """How its color meets what is below, such as ``multiply``; can be set."""
        return self._content.blend.value

    @blend.setter
    def blend(self, blend: str) -> None:
        known = [mode.value for mode in BlendMode]
        if blend not in known:
            raise UserError(f"There is no blend mode {blend}.", f"There are: {', '.join(known)}.")
        self._change("Blend mode", blend=BlendMode(blend))

    @property
    def pixels(self) -> Array:
        """A copy of its pixels on the canvas: H x W x 4 straight RGBA, uint8 or uint16."""
        return self._content.raster.read(self._document.picture.bounds)

    def activate(self) -> Layer:
        """Make it the layer that operations work on; no undo step."""
        self._document.view_change(set_active(self.id))
        return self

    def remove(self) -> None:
        """Take it out of the picture."""
        self._document.apply("Delete layer", remove_node(self.id))

    @property
    def _content(self) -> Content:
        layer = self._document.picture.layer(self.id)
        if layer is None:
            raise UserError(
                "The picture does not have this layer any more.", "Undo, or take another."
            )
        return layer

    def _change(self, title: str, **changes: Any) -> None:
        require(self._document.picture, self.id)
        self._document.apply(title, change_node(self.id, **changes))

    def __repr__(self) -> str:
        content = self._content
        told = [repr(content.name), f"{content.opacity:.0%}", content.blend.value]
        if not content.visible:
            told.append("hidden")
        if self._document.picture.active_layer.id == self.id:
            told.append("active")
        return f"<Layer {', '.join(told)}>"

    def _repr_png_(self) -> bytes:
        return display.array_png(self.pixels, self._document.picture.icc)


class Layers(Sequence[Layer]):
    """All pixel layers of a picture, the lowest first; by number or by name.

    Args:
        document: of the picture.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def add(self, pixels: Any, name: str = "Layer", x: int = 0, y: int = 0) -> Layer:
        """A new layer above the active one, which becomes the active one.

        Args:
            pixels: an array, as `studio.open` takes them; in the picture's depth from then on.
            name: of the layer.
            x: where its left column goes on the canvas.
            y: where its top row goes.

        Raises:
            UserError: if it is no picture.
        """
        fitted = _in_depth(to_pixels(pixels), self._document.picture)
        layer = Content(name, Raster.from_array(fitted, x, y))
        edit: Edit = add_node(layer)
        self._document.apply("New layer", edit)
        return Layer(self._document, layer.id)

    @property
    def active(self) -> Layer:
        """The layer that operations work on."""
        return Layer(self._document, self._document.picture.active_layer.id)

    def __len__(self) -> int:
        return len(self._document.picture.layers)

    @overload
    def __getitem__(self, index: int | str) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Layer]: ...
    def __getitem__(self, index: int | str | slice) -> Layer | Sequence[Layer]:
        layers = self._document.picture.layers
        if isinstance(index, slice):
            return [Layer(self._document, layer.id) for layer in layers[index]]
        if isinstance(index, int):
            return Layer(self._document, layers[index].id)
        found = next((layer for layer in reversed(layers) if layer.name == index), None)
        if found is None:
            names = ", ".join(layer.name for layer in layers)
            raise UserError(f"There is no layer “{index}”.", f"There are: {names}.")
        return Layer(self._document, found.id)

    def __iter__(self) -> Iterator[Layer]:
        for layer in self._document.picture.layers:
            yield Layer(self._document, layer.id)

    def __repr__(self) -> str:
        return "\n".join(f"{number}: {layer!r}" for number, layer in enumerate(self))

    def _repr_html_(self) -> str:
        rows = [
            (str(number), layer.name, "yes" if layer.visible else "no", f"{layer.opacity:.0%}",
             layer.blend, "active" if layer.id == self.active.id else "")
            for number, layer in enumerate(self)
        ]  # fmt: skip
        return display.table(("", "Layer", "Visible", "Opacity", "Blend mode", ""), rows)


def _in_depth(pixels: Array, picture: Picture) -> Array:
    if pixels.dtype == picture.dtype:
        return pixels
    if picture.dtype.itemsize == 1:
        return to_8_bits(pixels)
    return pixels.astype(picture.dtype) * 257
