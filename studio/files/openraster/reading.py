"""Reading OpenRaster, our own files and those of other programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from studio.document import Group, Layer, Picture, Raster
from studio.document.blend import BlendMode
from studio.document.nodes import Node, new_layer_id
from studio.files.codec import Samples, Unreadable
from studio.files.metadata import Metadata
from studio.files.openraster import planes, private
from studio.files.openraster.archive import Archive
from studio.files.openraster.ops import MASK_OP, mode_of
from studio.files.openraster.stack import Entry, Stack, plain_name, read_stack
from studio.files.profiles import convert, profile_name, srgb_profile

_THREADS = min(4, os.cpu_count() or 1)


@dataclass
class _Reading:
    """A file being read."""

    archive: Archive
    max_pixels: int
    record: dict[str, Any]
    pictures: dict[str, tuple[Samples, bytes | None, str]] = field(default_factory=dict)
    icc: bytes | None = None
    deep: bool = False
    ids: set[str] = field(default_factory=set)
    selected: str = ""
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    def of_node(self, entry: Entry) -> dict[str, Any]:
        """What our record says of a node; nothing in files of other programs."""
        nodes = self.record.get("nodes")
        found = nodes.get(entry.id) if isinstance(nodes, dict) and entry.id else None
        return found if isinstance(found, dict) else {}


def read_openraster(file: BinaryIO, max_pixels: int) -> tuple[Picture, Metadata]:
    """Read a picture and what belongs to it.

    Args:
        file: an open, seekable file.
        max_pixels: of the canvas and of each layer; four times as many in all layers.

    Raises:
        Unreadable: it is damaged, incomplete, or asks for unreasonable amounts.
    """
    archive = Archive(file, max_pixels)
    archive.require_openraster()
    stack = read_stack(archive.text("stack.xml"), max_pixels)
    reading = _Reading(archive, max_pixels, {})
    _read_record(reading)
    if stack.unknown:
        reading.note(f"Parts that are no layers were left out: {', '.join(stack.unknown)}.")
    _read_pictures(reading, stack.entries)
    nodes = tuple(_nodes(reading, stack.entries))
    return _picture(reading, stack, nodes), _metadata(reading, stack)


def read_records(file: BinaryIO) -> tuple[Mapping[str, Any], ...]:
    """Only the records of model results."""
    reading = _Reading(Archive(file, 0), 0, {})
    reading.archive.require_openraster()
    _read_record(reading)
    return _recipe(reading.record)


def _recipe(record: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    steps = record.get("recipe")
    found = steps if isinstance(steps, list) else []
    return tuple(step for step in found if isinstance(step, dict))


def _read_record(reading: _Reading) -> None:
    if private.RECORD in reading.archive:
        try:
            reading.record = private.load(reading.archive.text(private.RECORD))
        except (ValueError, RecursionError, Unreadable):
            reading.note("Impasto's own part of the file is damaged: masks were applied for good.")


def _sources(entries: tuple[Entry, ...]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        if entry.src:
            found.append(entry.src)
        found.extend(_sources(entry.children))
    return found


def _read_pictures(reading: _Reading, entries: tuple[Entry, ...]) -> None:
    """Decode all public pictures; settle on one profile and one depth."""
    names = list(dict.fromkeys(_sources(entries)))
    for name in names:
        if not name.lower().endswith(".png"):
            raise Unreadable(
                f'its layer picture "{name}" is no PNG',
                "Save it again with pixel layers only in the program that made it.",
            )

    def decode(name: str) -> tuple[Samples, bytes | None, str]:
        decoded = planes.decode(reading.archive, name, reading.max_pixels)
        data = private.fingerprint(reading.archive.picture(name))
        icc = decoded.metadata.icc
        untagged = reading.record.get("untagged") is True and icc == srgb_profile()
        return decoded.pixels, None if untagged else icc, data

    with ThreadPoolExecutor(_THREADS) as pool:
        reading.pictures.update(zip(names, pool.map(decode, names), strict=True))
    reading.deep = any(pixels.dtype == np.uint16 for pixels, _, _ in reading.pictures.values())
    masks = {name for name in names if _is_mask(entries, name)}
    reading.icc = next(
        (icc for name, (_, icc, _) in reading.pictures.items() if name not in masks), None
    )


def _is_mask(entries: tuple[Entry, ...], name: str) -> bool:
    return any(
        (entry.src == name and entry.op == MASK_OP) or _is_mask(entry.children, name)
        for entry in entries
    )


def _pixels(reading: _Reading, name: str) -> Samples:
    """A layer's pixels in the document's profile and depth."""
    pixels, icc, _ = reading.pictures[name]
    if reading.deep and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * np.uint16(257)
    if icc != reading.icc:
        reading.note(
            f'Layers with other color profiles were converted to "{profile_name(reading.icc)}".'
        )
        pixels = convert(pixels, icc, reading.icc)
    return pixels


def _nodes(reading: _Reading, entries: tuple[Entry, ...]) -> list[Node]:
    """Layers and groups, bottom to top."""
    nodes: list[Node] = []
    for entry in reversed(entries):
        own = entry.id and entry.id not in reading.ids
        node_id = entry.id if own else new_layer_id()
        reading.ids.add(node_id)
        if entry.selected:
            reading.selected = node_id
        mode = mode_of(entry.op)
        if mode is None:
            mode = BlendMode.NORMAL
            reading.note(f'The blend mode "{entry.op}" is not known here; "normal" took its place.')
        record = reading.of_node(entry) if own else {}
        name = record.get("name")
        common: dict[str, Any] = {
            "name": name if isinstance(name, str) and plain_name(name) == entry.name
            else entry.name,
            "id": node_id,
            "visible": entry.visible,
            "opacity": entry.opacity,
            "locked": entry.locked,
            "blend": mode,
        }  # fmt: skip
        make = _group if entry.is_group else _layer
        nodes.append(make(reading, entry, record, common))
    return nodes


def _layer(
    reading: _Reading, entry: Entry, record: dict[str, Any], common: dict[str, Any]
) -> Layer:
    pixels = _pixels(reading, entry.src)
    unchanged = record.get("hash") == reading.pictures[entry.src][2]
    if "hash" in record and not unchanged:
        reading.note(
            f'The layer "{entry.name}" was changed by another program: its mask is applied.'
        )
    mask: Raster | None = None
    if unchanged and "mask" in record:
        alpha = planes.decode(reading.archive, str(record.get("alpha")), reading.max_pixels)
        pixels = pixels.copy()
        pixels[..., 3] = alpha.pixels[..., 0]
        mask = _plane(reading, record["mask"])
    text = private.read_text(record.get("text")) if unchanged else None
    raster = Raster.from_array(np.ascontiguousarray(pixels), entry.x, entry.y)
    return Layer(raster=raster, mask=mask, text=text, **common)


def _group(
    reading: _Reading, entry: Entry, record: dict[str, Any], common: dict[str, Any]
) -> Group:
    children, mask = entry.children, None
    top = children[0] if children else None
    if top is not None and top.src and top.op == MASK_OP and top.visible:
        children = children[1:]
        if record.get("hash") == reading.pictures[top.src][2] and "mask" in record:
            mask = _plane(reading, record["mask"])
        else:
            alpha = reading.pictures[top.src][0][..., 3:] * np.float32(top.opacity)
            whole = np.ascontiguousarray(np.rint(alpha).astype(reading.pictures[top.src][0].dtype))
            mask = Raster.from_array(whole, top.x, top.y)
    through = not entry.isolate
    if record.get("pass_through") is True and common["blend"] is BlendMode.NORMAL:
        through = True
        if record.get("blend") in set(BlendMode):
            common["blend"] = BlendMode(record["blend"])
    inside = tuple(_nodes(reading, children))
    return Group(children=inside, mask=mask, pass_through=through, **common)


def _plane(reading: _Reading, record: Any) -> Raster:
    """A mask or selection that `writing` stored."""
    if not isinstance(record, dict):
        raise Unreadable("Impasto's own part of it is damaged", "Use another copy of the file.")
    if record.get("src") is None:
        return Raster(np.uint16 if record.get("dtype") == "uint16" else np.uint8, 1)
    decoded = planes.decode(reading.archive, str(record["src"]), reading.max_pixels)
    samples = np.ascontiguousarray(decoded.pixels[..., :1])
    return Raster.from_array(samples, int(record.get("x", 0)), int(record.get("y", 0)))


def _picture(reading: _Reading, stack: Stack, nodes: tuple[Node, ...]) -> Picture:
    depth = np.uint16 if reading.deep else np.uint8
    if not any(isinstance(node, Layer) for node in _flat(nodes)):
        nodes = (*nodes, Layer("Background", Raster(depth)))
        reading.note("The file has no layers: an empty one was added.")
    selection = reading.record.get("selection")
    active = reading.record.get("active")
    return Picture(
        stack.width,
        stack.height,
        nodes,
        active
        if isinstance(active, str) and active in reading.ids
        else reading.selected or nodes[-1].id,
        reading.icc,
        selection=None if selection is None else _plane(reading, selection),
        guides=private.read_guides(reading.record.get("guides")),
        mask_active=reading.record.get("mask_active") is True,
    )


def _flat(nodes: tuple[Node, ...]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        found.append(node)
        if isinstance(node, Group):
            found.extend(_flat(node.children))
    return found


def _metadata(reading: _Reading, stack: Stack) -> Metadata:
    record = reading.record
    blocks = {
        name: reading.archive.text(f"impasto/{name}")
        for name in ("exif", "xmp")
        if record.get(name) == f"impasto/{name}"
    }
    dpi = record.get("dpi")
    exact = isinstance(dpi, list) and len(dpi) == 2 and all(isinstance(v, float) for v in dpi)
    return Metadata(
        icc=reading.icc,
        exif=blocks.get("exif"),
        xmp=blocks.get("xmp"),
        dpi=(dpi[0], dpi[1]) if exact and isinstance(dpi, list) else stack.dpi,
        gray=record.get("gray") is True,
        source_alpha=record.get("source_alpha") is not False,
        notes=tuple(reading.notes),
        recipe=_recipe(record),
    )
