"""Parts of pictures that are copied, cut, pasted and dragged."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.api.errors import UserError
from studio.document import Array, Group, Layer, Picture, Raster, Rect, composite
from studio.document.edits import Edit, masked_by_selection, paint, paint_target
from studio.document.layer_edits import add_node
from studio.document.nodes import Node, new_layer_id
from studio.files.codec import SaveOptions
from studio.files.documents import OpenedDocument
from studio.files.formats import FORMATS
from studio.files.images import decode_image, encode_image
from studio.files.metadata import Metadata
from studio.files.openraster.planes import content_box
from studio.files.pixels import to_8_bits
from studio.files.profiles import convert
from studio.files.recolor import fitted_node

_PNG = next(known for known in FORMATS if known.name == "PNG")
_FAST = SaveOptions(compression=1)


@dataclass(frozen=True)
class Clip:
    """Pixels on their way from one picture to another.

    Attributes:
        pixels: H x W x 4, straight RGBA, uint8 or uint16.
        x: left edge in the picture that it comes from.
        y: top edge there.
        icc: RGB profile; None is sRGB.
        name: of the layer it becomes.
    """

    pixels: Array
    x: int = 0
    y: int = 0
    icc: bytes | None = None
    name: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


def copied(picture: Picture, *, merged: bool = False) -> Clip:
    """What is selected of the active layer or group, or of all that shows.

    Without a selection everything on the canvas. Half-selected pixels are half transparent.

    Raises:
        UserError: there is nothing in it.
    """
    node = picture.active_node
    rect = picture.bounds
    if picture.selection is not None:
        rect = content_box(picture.selection).intersected(rect)
    if merged:
        pixels = composite(picture, rect)
    elif isinstance(node, Group):
        alone = picture.replaced(nodes=(node.replaced(visible=True),))
        pixels = composite(alone, rect) if alone.layers else np.zeros((0, 0, 4), picture.dtype)
    else:
        if picture.selection is None:
            rect = content_box(node.raster).intersected(rect)
        pixels = node.raster.read(rect)
    weight = None if rect.empty else masked_by_selection(picture, rect)
    if weight is not None:
        pixels[..., 3] = np.rint(pixels[..., 3] * weight)
    if rect.empty or not pixels[..., 3].any():
        raise UserError(
            "There is nothing to copy there.",
            "Select a part that has pixels, or choose another layer.",
        )
    return Clip(pixels, rect.x, rect.y, picture.icc, "" if merged else node.name)


def erased(picture: Picture) -> Picture:
    """The picture without what `copied` takes from its active layer.

    Raises:
        UserError: a group is active, or the layer is locked or hidden.
    """
    layer = paint_target(picture)
    rect = picture.bounds
    if picture.selection is not None:
        rect = content_box(picture.selection).intersected(rect)
    weight = masked_by_selection(picture, rect)
    nothing = np.zeros((rect.height, rect.width, 4), picture.dtype)
    return paint(layer.id, rect.x, rect.y, nothing, weight)(picture)


def as_layer(clip: Clip, picture: Picture, x: int, y: int, name: str) -> Layer:
    """A layer of a picture, at (x, y), in its profile and depth."""
    source = Picture.from_pixels(clip.pixels, icc=clip.icc)
    layer = Layer(clip.name or name, Raster.from_array(clip.pixels, x, y))
    fitted = fitted_node(layer, source, picture)
    if not isinstance(fitted, Layer):
        raise TypeError("a layer stays a layer")
    return fitted


def pasted(layer: Layer, *, into_selection: bool = False) -> Edit:
    """Add a pasted layer above the active one; its mask is the selection if it shall fit in."""

    def edit(picture: Picture) -> Picture:
        made = layer
        if into_selection and picture.selection is not None:
            made = layer.replaced(mask=picture.selection)
        after = add_node(made)(picture)
        return after.replaced(selection=None) if into_selection else after

    return edit


def centred(size: tuple[int, int], area: Rect) -> tuple[int, int]:
    """Where to put something so that it lies in the middle of an area."""
    return area.x + (area.width - size[0]) // 2, area.y + (area.height - size[1]) // 2


def as_new_picture(clip: Clip) -> Picture:
    """A document of its own."""
    return Picture.from_pixels(clip.pixels, icc=clip.icc)


def document_node(opened: OpenedDocument, name: str, picture: Picture) -> Node:
    """An opened document as one layer, or a group of its layers, in the middle of a picture."""
    source = opened.picture
    dx, dy = centred((source.width, source.height), picture.bounds)
    if len(source.nodes) == 1 and isinstance(source.nodes[0], Layer):
        node: Node = source.nodes[0].replaced(name=name)
    else:
        node = Group(name, source.nodes)
    return _moved(fitted_node(node, source, picture), dx, dy)


def _moved(node: Node, dx: int, dy: int) -> Node:
    """With new ids, as the same file may be added twice, and away by whole pixels."""
    mask = None if node.mask is None else _shifted(node.mask, dx, dy)
    if isinstance(node, Group):
        children = tuple(_moved(child, dx, dy) for child in node.children)
        return node.replaced(id=new_layer_id(), mask=mask, children=children)
    text = node.text and node.text.replaced(x=node.text.x + dx, y=node.text.y + dy)
    raster = _shifted(node.raster, dx, dy)
    return node.replaced(id=new_layer_id(), mask=mask, raster=raster, text=text)


def _shifted(raster: Raster, dx: int, dy: int) -> Raster:
    box = content_box(raster)
    if box.empty or (dx, dy) == (0, 0):
        return raster
    empty = Raster(raster.dtype, raster.channels)
    return empty.write(box.x + dx, box.y + dy, raster.read(box))


def to_png(clip: Clip) -> bytes:
    """For other programs, many of which ignore profiles and depth: sRGB, 8 bits, with alpha."""
    pixels = convert(to_8_bits(clip.pixels), clip.icc, None)
    return encode_image(_PNG, pixels, Metadata(source_alpha=True), _FAST)[0]


def from_png(data: bytes, max_pixels: int) -> Clip:
    """A picture from another program.

    Raises:
        UserError: it is damaged or too large.
    """
    image = decode_image(data, max_pixels)
    return Clip(image.pixels, icc=image.metadata.icc)


def to_private(clip: Clip) -> bytes:
    """For another Impasto: nothing is lost."""
    metadata = Metadata(icc=clip.icc, source_alpha=True)
    head = json.dumps({"x": clip.x, "y": clip.y, "name": clip.name}).encode()
    data, _ = encode_image(_PNG, clip.pixels, metadata, _FAST)
    return struct.pack(">I", len(head)) + head + data


def from_private(data: bytes, max_pixels: int) -> Clip:
    """The way back.

    Raises:
        UserError: it is damaged or too large.
    """
    stream = io.BytesIO(data)
    try:
        (length,) = struct.unpack(">I", stream.read(4))
        head: dict[str, Any] = json.loads(stream.read(min(length, 1 << 16)))
        x, y, name = int(head["x"]), int(head["y"]), str(head["name"])
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise UserError("The clipboard holds damaged data.", "Copy the picture again.") from error
    return replace(from_png(stream.read(), max_pixels), x=x, y=y, name=name)
