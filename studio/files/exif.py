"""EXIF blocks: made upright on open, made consistent on save, carried in and out of TIFF."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from studio.files import ifd
from studio.files.ifd import DamagedError, Directory, Entry
from studio.files.metadata import sane_dpi

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_WIDTH, _HEIGHT = 0xA002, 0xA003
_THUMBNAIL, _THUMBNAIL_SIZE = 0x0201, 0x0202
# Tags of a TIFF's main directory that describe the picture rather than how it is stored.
_DESCRIPTIVE = {
    0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749, 0x8298,
    0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F, ifd.EXIF, ifd.GPS,
}  # fmt: skip
_ERRORS = (DamagedError, struct.error, RecursionError)


def open_block(block: bytes | None) -> tuple[bytes | None, int, tuple[float, float] | None]:
    """Take a block found in a file.

    Returns:
        The block without prefix and thumbnail and with orientation 1 (None if it is damaged),
        the orientation that it had, and its resolution in pixels per inch.
    """
    if not block:
        return None, 1, None
    block = block.removeprefix(b"Exif\0\0")
    file = io.BytesIO(block)
    try:
        root = ifd.read_root(file)
        orientation = root.value(ORIENTATION) or 1
        dpi = _resolution(file, root)
        if root.next:
            _drop_thumbnail(file, root)
        if ORIENTATION in root.raw:
            one = struct.pack(root.order + "H", 1)
            ifd.update(file, {ORIENTATION: Entry(ifd.SHORT, 1, one)})
        return file.getvalue(), orientation, dpi
    except _ERRORS:
        return None, 1, None


def _drop_thumbnail(file: BinaryIO, root: ifd.Root) -> None:
    """Unlink the thumbnail and blank it: it may show what was cropped or painted over."""
    try:
        rows, _ = ifd.read_rows(file, root.order, root.next)
    except DamagedError:
        rows = {}
    thumbnail = ifd.Root(root.order, root.next, rows, 0)
    offset, size = thumbnail.value(_THUMBNAIL), thumbnail.value(_THUMBNAIL_SIZE)
    end = file.seek(0, 2)
    if offset and size and offset + size <= end:
        file.seek(offset)
        file.write(b"\0" * size)
        if offset + size >= end - 1:
            file.truncate(offset)
    file.seek(root.start + 2 + 12 * len(root.raw))
    file.write(b"\0\0\0\0")
    root.next = 0


def _resolution(file: BinaryIO, root: ifd.Root) -> tuple[float, float] | None:
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        found = root.raw.get(tag)
        entry = ifd.read_entry(file, root.order, found) if found else None
        if not isinstance(entry, Entry) or (entry.kind, entry.count) != (ifd.RATIONAL, 1):
            return None
        top, bottom = struct.unpack(root.order + "II", entry.data)
        values.append(top / bottom if bottom else 0.0)
    scale = {2: 1.0, 3: 2.54}.get(root.value(UNIT) or 2, 0.0)
    return sane_dpi(values[0] * scale, values[1] * scale)


def save_block(
    block: bytes | None,
    size: tuple[int, int],
    dpi: tuple[float, float] | None,
    *,
    only_carrier_of_dpi: bool = False,
) -> bytes | None:
    """The block for a picture of this size (width, height) and resolution.

    Args:
        block: as `open_block` gave it, or None.
        size: width and height that the pixels have now.
        dpi: pixels per inch that they have now.
        only_carrier_of_dpi: the format has no other place for it, so a block is made if need be.

    Returns:
        The block, or None if there is none to write.

    Raises:
        DamagedError: the block is not EXIF.
    """
    if not block and not (only_carrier_of_dpi and dpi):
        return None
    file = io.BytesIO(block or b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    try:
        root = ifd.read_root(file)
        _set_size(file, root, size)
        if dpi and _resolution(file, root) != dpi:
            ratios = [struct.pack(root.order + "II", *_ratio(value)) for value in dpi]
            inch = struct.pack(root.order + "H", 2)
            ifd.update(
                file,
                {
                    X_RESOLUTION: Entry(ifd.RATIONAL, 1, ratios[0]),
                    Y_RESOLUTION: Entry(ifd.RATIONAL, 1, ratios[1]),
                    UNIT: Entry(ifd.SHORT, 1, inch),
                },
            )
    except (struct.error, RecursionError) as error:
        raise DamagedError(str(error)) from error
    return file.getvalue()


def _ratio(value: float) -> tuple[int, int]:
    scale = 1 if value == round(value) else 1000
    return round(value * scale), scale


def _set_size(file: BinaryIO, root: ifd.Root, size: tuple[int, int]) -> None:
    """Overwrite the EXIF picture size where there is one; as LONG, which any size fits."""
    pointer = root.value(ifd.EXIF)
    if pointer is None:
        return
    rows, _ = ifd.read_rows(file, root.order, pointer)
    for index, tag in enumerate(rows):
        if tag in (_WIDTH, _HEIGHT):
            file.seek(pointer + 2 + 12 * index)
            value = size[0] if tag == _WIDTH else size[1]
            file.write(struct.pack(root.order + "HHII", tag, ifd.LONG, 1, value))


def without_orientation(block: bytes) -> bytes:
    """The block less its orientation tag, for containers that turn pictures by other means."""
    file = io.BytesIO(block)
    root = ifd.read_root(file)
    if root.raw.pop(ORIENTATION, None) is None:
        return block
    rows = b"".join(root.raw.values()) + struct.pack(root.order + "I", root.next)
    file.seek(root.start)
    file.write(struct.pack(root.order + "H", len(root.raw)) + rows)
    return file.getvalue()


def from_tiff(file: BinaryIO) -> bytes | None:
    """What describes the picture in a classic TIFF file, as a block of its own."""
    try:
        root = ifd.read_root(file)
        found = {
            tag: entry
            for tag, raw in root.raw.items()
            if tag in _DESCRIPTIVE and (entry := ifd.read_entry(file, root.order, raw)) is not None
        }
    except _ERRORS:
        return None
    if not found:
        return None
    header = b"II*\0\x08\0\0\0" if root.order == "<" else b"MM\0*\0\0\0\x08"
    return header + ifd.pack(Directory(found), root.order, 8)


def byte_order(block: bytes | None) -> str:
    """Of a block, "<" or ">": a TIFF that takes its entries has to be written in the same."""
    return ">" if block and block.startswith(b"MM") else "<"


def into_tiff(file: BinaryIO, block: bytes) -> None:
    """Add what a block describes to a classic TIFF file of the same byte order.

    Raises:
        DamagedError: the block is not EXIF, or the file is a BigTIFF.
    """
    source = io.BytesIO(block)
    try:
        root = ifd.read_root(source)
        entries = {
            tag: entry
            for tag, raw in root.raw.items()
            if tag in _DESCRIPTIVE
            and (entry := ifd.read_entry(source, root.order, raw)) is not None
        }
        if entries:
            ifd.update(file, entries)
    except (struct.error, RecursionError) as error:
        raise DamagedError(str(error)) from error
