"""Writing a picture as OpenRaster."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import cv2
import numpy as np

from studio import __version__
from studio.document import Array, Group, Layer, Picture, Raster, Rect, composite
from studio.files.metadata import Metadata
from studio.files.openraster import kept, private
from studio.files.openraster.archive import MIMETYPE
from studio.files.openraster.ops import MASK_OP, op_of
from studio.files.openraster.planes import content_box, encode, encode_plane
from studio.files.openraster.stack import Entry, Stack, plain_name, write_stack
from studio.files.pixels import to_8_bits
from studio.files.profiles import convert, srgb_profile

THUMBNAIL = 256
_THREADS = min(4, os.cpu_count() or 1)
Files = dict[str, bytes]


@dataclass
class _Made:
    """What one node becomes: its entries, and what the record says of it."""

    files: Files
    record: dict[str, Any]
    box: Rect


@dataclass
class _Plan:
    """Everything to encode, by node id, and the record being collected."""

    picture: Picture
    jobs: dict[str, Callable[[], _Made]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def write_openraster(
    out: BinaryIO, picture: Picture, metadata: Metadata, previous: kept.Previous | None = None
) -> tuple[tuple[str, ...], kept.Entries]:
    """Write a picture and all that belongs to it.

    Args:
        out: an empty, seekable file.
        picture: what to write.
        metadata: of the file it comes from; its profile is the picture's.
        previous: the file as it was saved last, whose pictures of unchanged layers are copied.

    Returns:
        What other programs will see differently, sentences for the user; and which entry belongs
        to which node, for the next save.
    """
    plan = _Plan(picture)
    for number, (node, _) in enumerate(picture.walk()):
        _plan_node(plan, node, f"{number:03d}")
    with (
        zipfile.ZipFile(out, "w") as archive,
        kept.opened(previous) as old,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        _add(archive, "mimetype", MIMETYPE.encode())
        whole = pool.submit(_views, picture)
        made = {
            node_id: pool.submit(_copied_or_made, old, picture, node_id, plan)
            for node_id in plan.jobs
        }
        records, boxes, entries = {}, {}, {}
        for node_id, future in made.items():
            result = future.result()
            for name, data in result.files.items():
                _add(archive, name, data)
            records[node_id], boxes[node_id] = result.record, result.box
            entries[node_id] = tuple(result.files)
        for name, data in _private_files(plan, metadata, records).items():
            _add(archive, name, data, packed=not name.endswith(".png"))
        tree = tuple(_entries(picture.nodes, plan, boxes))
        stack = Stack(picture.width, picture.height, metadata.dpi, tree)
        _add(archive, "stack.xml", write_stack(stack), packed=True)
        for name, data in whole.result().items():
            _add(archive, name, data)
    return tuple(plan.notes), entries


def _add(archive: zipfile.ZipFile, name: str, data: bytes, *, packed: bool = False) -> None:
    # A fixed date: the same picture gives the same file.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)


def _plan_node(plan: _Plan, node: Layer | Group, number: str) -> None:
    icc = plan.picture.icc
    plan.names[node.id] = number
    if isinstance(node, Layer):
        plan.jobs[node.id] = lambda: _layer(node, number, icc)
        return
    if node.mask is not None:
        mask, bounds = node.mask, plan.picture.bounds
        # Programs composite a picture only as far as it reaches: it has to cover the whole group.
        reach = bounds
        for raster in node.rasters:
            reach = reach.united(raster.bounds)
        plan.jobs[node.id] = lambda: _group_mask(mask, reach, number, plan.picture.dtype)
    if node.pass_through and (node.opacity < 1 or node.mask is not None):
        what = "a mask" if node.mask is not None else "an opacity"
        plan.notes.append(
            f'The pass-through group "{node.name}" has {what}: OpenRaster joins it first, so other '
            "programs may show its blend modes differently."
        )


def _layer(layer: Layer, number: str, icc: bytes | None) -> _Made:
    """A layer's public picture with its mask applied, and what was under the mask."""
    box = content_box(layer.raster)
    record: dict[str, Any] = {}
    shown = np.zeros((1, 1, 4), layer.raster.dtype) if box.empty else layer.raster.read(box)
    files: Files = {}
    if layer.mask is not None:
        alpha = np.ascontiguousarray(shown[..., 3:])
        if not box.empty:
            shown[..., 3:] = _scaled(alpha, layer.mask.read(box), layer.mask.maximum)
        files[f"impasto/alpha-{number}.png"] = encode(alpha)
        record["alpha"] = f"impasto/alpha-{number}.png"
        record["mask"] = _plane(files, f"impasto/mask-{number}.png", layer.mask)
    if layer.text is not None:
        record["text"] = private.text_record(layer.text)
    public = encode(shown, icc or srgb_profile())
    if record:
        record["hash"] = private.fingerprint(public)
    return _Made({f"data/layer-{number}.png": public, **files}, record, box)


def _scaled(alpha: Array, mask: Array, maximum: int) -> Array:
    """Alpha times mask, rounded to nearest, in the alpha's depth."""
    product = alpha.astype(np.uint64) * mask + maximum // 2
    return np.asarray(product // np.uint64(maximum), alpha.dtype)


def _group_mask(mask: Raster, reach: Rect, number: str, depth: Any) -> _Made:
    white = int(np.iinfo(depth).max)
    shown = np.zeros((reach.height, reach.width, 4), depth)
    full = np.full((reach.height, reach.width, 1), white, depth)
    shown[..., 3:] = _scaled(full, mask.read(reach), mask.maximum)
    public = encode(shown, srgb_profile())
    files: Files = {f"data/mask-{number}.png": public}
    record = {
        "mask": _plane(files, f"impasto/mask-{number}.png", mask),
        "hash": private.fingerprint(public),
    }
    return _Made(files, record, reach)


def _plane(files: Files, name: str, raster: Raster) -> dict[str, Any]:
    """Store a mask or selection; returns what the record says of it."""
    data, box = encode_plane(raster)
    if data is None:
        return {"src": None, "dtype": str(raster.dtype)}
    files[name] = data
    return {"src": name, "x": box.x, "y": box.y}


def _copied_or_made(old: kept.Opened | None, picture: Picture, node_id: str, plan: _Plan) -> _Made:
    if old is not None and (found := old.entries_of(picture, node_id)) is not None:
        files, record, box = found
        number = plan.names[node_id]
        renamed = {kept.renumbered(name, number): data for name, data in files.items()}
        return _Made(renamed, kept.renumbered_record(record, number), box)
    return plan.jobs[node_id]()


def _entries(
    nodes: tuple[Layer | Group, ...], plan: _Plan, boxes: dict[str, Rect]
) -> Iterator[Entry]:
    """The list of layers, top to bottom."""
    for node in reversed(nodes):
        number, box = plan.names[node.id], boxes.get(node.id, Rect(0, 0, 0, 0))
        common: dict[str, Any] = {
            "name": node.name,
            "opacity": node.opacity,
            "visible": node.visible,
            "locked": node.locked,
            "selected": node.id == plan.picture.active,
            "id": node.id,
        }
        if isinstance(node, Layer):
            src = f"data/layer-{number}.png"
            yield Entry(op=op_of(node.blend), x=box.x, y=box.y, src=src, **common)
            continue
        children = tuple(_entries(node.children, plan, boxes))
        if node.mask is not None:
            src = f"data/mask-{number}.png"
            children = (Entry("Mask", MASK_OP, x=box.x, y=box.y, src=src), *children)
        through = node.pass_through and node.opacity == 1 and node.mask is None
        op = "svg:src-over" if node.pass_through else op_of(node.blend)
        yield Entry(op=op, isolate=not through, children=children, is_group=True, **common)


def _private_files(plan: _Plan, metadata: Metadata, records: dict[str, Any]) -> Files:
    picture = plan.picture
    nodes: dict[str, dict[str, Any]] = {}
    for node, _ in picture.walk():
        record = dict(records.get(node.id, {}))
        if plain_name(node.name) != node.name:
            record["name"] = node.name
        if isinstance(node, Group) and node.pass_through:
            record |= {"pass_through": True, "blend": node.blend.value}
        if record:
            nodes[node.id] = record
    files: Files = {}
    document: dict[str, Any] = {
        "impasto": __version__,
        "active": picture.active,
        "mask_active": picture.mask_active,
        "guides": private.guide_records(picture.guides),
        "nodes": nodes,
        "untagged": picture.icc is None,
        "recipe": list(metadata.recipe),
        "gray": metadata.gray,
        "source_alpha": metadata.source_alpha,
        "dpi": metadata.dpi,
    }
    if picture.selection is not None:
        document["selection"] = _plane(files, "impasto/selection.png", picture.selection)
    for name, data in (("exif", metadata.exif), ("xmp", metadata.xmp)):
        if data is not None:
            document[name] = f"impasto/{name}"
            files[f"impasto/{name}"] = data
    return {private.RECORD: private.dump(document), **files}


def _views(picture: Picture) -> Files:
    """The merged picture and the thumbnail, which is sRGB of 8 bits."""
    pixels = composite(picture)
    merged = encode(pixels, picture.icc or srgb_profile())
    scale = THUMBNAIL / max(picture.width, picture.height, THUMBNAIL)
    small = to_8_bits(pixels).astype(np.float32)
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in (picture.width, picture.height))
        small[..., :3] *= small[..., 3:] / 255
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
        small[..., :3] *= 255 / np.maximum(small[..., 3:], 1)
    thumbnail = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    return {
        "mergedimage.png": merged,
        "Thumbnails/thumbnail.png": encode(convert(thumbnail, picture.icc, None)),
    }
