"""Photoshop documents (.psd, .psb) through psd-tools: read with their layers, never written."""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from studio.document import Array, Group, Layer, Picture, Raster, Rect
from studio.document.blend import BlendMode
from studio.document.nodes import Node
from studio.files import exif
from studio.files.codec import Samples, Unreadable, check_size
from studio.files.metadata import Metadata, sane_dpi
from studio.files.profiles import Space, develop

_MODES = {
    b"norm": BlendMode.NORMAL, b"mul ": BlendMode.MULTIPLY, b"scrn": BlendMode.SCREEN,
    b"over": BlendMode.OVERLAY, b"sLit": BlendMode.SOFT_LIGHT, b"hLit": BlendMode.HARD_LIGHT,
    b"dark": BlendMode.DARKEN, b"lite": BlendMode.LIGHTEN, b"diff": BlendMode.DIFFERENCE,
    b"colr": BlendMode.COLOR, b"lum ": BlendMode.LUMINOSITY, b"hue ": BlendMode.HUE,
    b"sat ": BlendMode.SATURATION, b"div ": BlendMode.COLOR_DODGE, b"idiv": BlendMode.COLOR_BURN,
    b"smud": BlendMode.EXCLUSION, b"lddg": BlendMode.PLUS,
}  # fmt: skip
_SPACES: dict[int, Space] = {1: "gray", 3: "rgb", 4: "cmyk"}
_CHANNELS = {"gray": 1, "rgb": 3, "cmyk": 4}
_CONVERT = "Convert it to 8-bit or 16-bit RGB in the program that made it."


@dataclass
class _Reading:
    """A document being read."""

    space: Space
    deep: bool
    icc: bytes | None
    max_pixels: int
    canvas: Rect
    pixels_left: int
    notes: list[str] = field(default_factory=list)
    out_icc: bytes | None = None

    def note(self, text: str) -> None:
        """Add a sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    def count(self, width: int, height: int) -> None:
        """Refuse layers beyond what is allowed, before they are decoded."""
        if width > 0 and height > 0:
            check_size(width, height, self.max_pixels)
        self.pixels_left -= max(width, 0) * max(height, 0)
        if self.pixels_left < 0:
            raise Unreadable(
                f"its layers have more than {4 * self.max_pixels / 1e6:g} megapixels together",
                'If memory allows, raise the setting "Largest picture" (max_pixels).',
            )


def read_psd(file: BinaryIO, max_pixels: int) -> tuple[Picture, Metadata]:
    """Read a document: layers, groups, masks, blend modes, opacity, names, visibility, profile.

    Text, shapes, fills and smart objects become the pixels that the file holds for them. Clipped
    layers get what they are clipped to as their mask. Adjustment layers and effects are left out.
    The notes say so.

    Raises:
        Unreadable: it is too large or of an unsupported kind.
    """
    from psd_tools import PSDImage
    from psd_tools.constants import Resource

    head = file.read(26)
    if len(head) < 26:
        raise Unreadable("it is incomplete", "Use another copy of the file.")
    height, width, depth, mode = struct.unpack(">IIHH", head[14:26])
    check_size(width, height, max_pixels)
    if depth not in (8, 16):
        raise Unreadable(f"{depth} bits per channel are not supported", _CONVERT)
    file.seek(0)
    logging.getLogger("psd_tools").setLevel(logging.CRITICAL)  # what matters is in our notes
    psd = PSDImage.open(io.BytesIO(file.read()), max_alloc_bytes=64 * max(max_pixels, 1 << 20))
    icc = psd.image_resources.get_data(Resource.ICC_PROFILE) or None
    space = _SPACES.get(mode, "rgb")
    canvas = Rect(0, 0, width, height)
    reading = _Reading(space, depth == 16, icc, max_pixels, canvas, 4 * max_pixels)
    nodes: tuple[Node, ...] = ()
    if mode in _SPACES:
        nodes = tuple(_nodes(reading, psd))
    elif len(psd):
        reading.note("Its color mode was converted to sRGB and its layers were merged.")
    if not any(isinstance(node, Layer) for node in _flat(nodes)):
        flat = _merged(reading, psd) if mode in _SPACES else _converted(reading, psd)
        nodes = (*nodes, Layer("Background", Raster.from_array(flat)))
    picture = Picture(width, height, nodes, nodes[-1].id, reading.out_icc)
    return picture, _metadata(reading, psd)


def _flat(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from _flat(node.children)


def _nodes(reading: _Reading, parent: Any) -> list[Node]:
    """Layers and groups, bottom to top."""
    nodes: list[Node] = []
    base: Layer | None = None
    for source in parent:
        node = _node(reading, source)
        if node is None:
            continue
        if source.has_effects():
            reading.note("Layer effects were left out.")
        clipped = bool(getattr(source, "clipping", False))
        if isinstance(node, Layer) and not clipped:
            base = node
        elif isinstance(node, Layer) and base is not None:
            node = _clipped(reading, node, base)
        nodes.append(node)
    return nodes


def _node(reading: _Reading, source: Any) -> Node | None:
    mode = bytes(source.blend_mode.value)
    through = mode == b"pass"
    blend = BlendMode.NORMAL if through else _MODES.get(mode)
    if blend is None:
        blend = BlendMode.NORMAL
        shown = source.blend_mode.name.lower().replace("_", " ")
        reading.note(f'The blend mode "{shown}" is not known here; "normal" took its place.')
    common: dict[str, Any] = {
        "name": source.name,
        "visible": bool(source.visible),
        "opacity": source.opacity / 255 * (getattr(source, "fill_opacity", 255) / 255),
        "blend": blend,
        "mask": _mask(reading, source),
        "locked": bool(source.locks is not None and source.locks.complete),
    }
    if source.is_group():
        children = tuple(_nodes(reading, source))
        return Group(children=children, pass_through=through, **common)
    if source.kind in ("pixel", "type", "shape", "smartobject") or source.has_pixels():
        if source.kind != "pixel":
            kind = {"type": "Text", "smartobject": "Smart objects"}.get(source.kind, "Shapes")
            reading.note(f"{kind} became pixels.")
        raster = _raster(reading, source)
        return Layer(raster=raster, **common)
    reading.note(f'The layer "{source.name}" ({source.kind}) is of a kind that was left out.')
    return None


def _raster(reading: _Reading, source: Any) -> Raster:
    depth = np.uint16 if reading.deep else np.uint8
    if source.has_pixels() and source.width > 0 and source.height > 0:
        reading.count(source.width, source.height)
        color, shape = source.numpy("color"), source.numpy("shape")
        if color is not None:
            pixels = _developed(reading, color, shape)
            return Raster.from_array(pixels, source.left, source.top)
    if source.kind in ("shape", "smartobject") and source.has_pixels() is False:
        reading.note(f'The file has no pixels for the layer "{source.name}".')
    return Raster(depth, 4)


def _samples(reading: _Reading, values: Array) -> Samples:
    """Floats in 0 to 1 as stored values, exactly."""
    white, depth = (65535, np.uint16) if reading.deep else (255, np.uint8)
    samples: Samples = np.rint(values * white).astype(depth)
    return samples


def _developed(reading: _Reading, color: Array, shape: Array | None) -> Samples:
    """RGBA in the document's RGB profile."""
    samples = _samples(reading, color[..., : _CHANNELS[reading.space]])
    if reading.space == "cmyk":  # Photoshop stores light, not ink
        samples = np.iinfo(samples.dtype).max - samples
    if shape is not None:
        samples = np.concatenate([samples, _samples(reading, shape)], axis=2)
    pixels, reading.out_icc, notes = develop(samples, reading.space, reading.icc)
    for text in notes:
        reading.note(text)
    return pixels


def _mask(reading: _Reading, source: Any) -> Raster | None:
    if not source.has_mask():
        return None
    mask = source.mask
    if mask.disabled:
        reading.note("Layer masks that were switched off were left out.")
        return None
    reading.count(mask.width, mask.height)
    depth = np.uint16 if reading.deep else np.uint8
    raster = Raster(depth, 1)
    if mask.background_color:
        area = reading.canvas.united(Rect(source.left, source.top, source.width, source.height))
        reading.count(area.width, area.height)
        level = int(mask.background_color) * (257 if reading.deep else 1)
        raster = raster.write(area.x, area.y, np.full((area.height, area.width, 1), level, depth))
    values = source.numpy("mask") if mask.width > 0 and mask.height > 0 else None
    if values is not None:
        raster = raster.write(mask.left, mask.top, _samples(reading, values[..., :1]))
    return raster


def _clipped(reading: _Reading, layer: Layer, base: Layer) -> Layer:
    """A layer with the alpha of the one that it is clipped to in its mask."""
    reading.note("Clipped layers got the layer below as their mask.")
    area = base.raster.bounds
    alpha = base.raster.read(area)[..., 3:]
    white = base.raster.maximum
    for mask in (base.mask, layer.mask):
        if mask is not None:
            product = alpha.astype(np.uint64) * mask.read(area) + mask.maximum // 2
            alpha = (product // np.uint64(mask.maximum)).clip(0, white).astype(alpha.dtype)
    return layer.replaced(mask=Raster.from_array(np.ascontiguousarray(alpha), area.x, area.y))


def _merged(reading: _Reading, psd: Any) -> Samples:
    """The merged picture of a document without layers."""
    values = psd.numpy()
    colors = _CHANNELS[reading.space]
    transparent = psd.pil_mode.endswith("A") and values.shape[2] > colors
    shape = values[..., colors : colors + 1] if transparent else None
    return _developed(reading, values[..., :colors], shape)


def _converted(reading: _Reading, psd: Any) -> Samples:
    """The merged picture of any color mode, 8 bits sRGB, as psd-tools converts it."""
    reading.out_icc = None
    if reading.deep:
        reading.note("16 bits were reduced to 8.")
    return np.ascontiguousarray(np.asarray(psd.composite().convert("RGBA")))


def _metadata(reading: _Reading, psd: Any) -> Metadata:
    from psd_tools.constants import Resource

    resources = psd.image_resources
    block, _, dpi = exif.open_block(resources.get_data(Resource.EXIF_DATA_1) or None)
    resolution = resources.get_data(Resource.RESOLUTION_INFO)
    if resolution is not None:
        dpi = sane_dpi(resolution.horizontal / 65536, resolution.vertical / 65536) or dpi
    xmp = resources.get_data(Resource.XMP_METADATA) or None
    return Metadata(
        icc=reading.out_icc,
        exif=block,
        xmp=xmp if isinstance(xmp, bytes) else None,
        dpi=dpi,
        gray=reading.space == "gray",
        source_alpha=True,
        notes=tuple(reading.notes),
    )
