"""TIFF directories, the structure that EXIF blocks and TIFF files share.

Pillow and tifffile re-encode EXIF from parsed values, which changes types and moves maker notes,
whose inner offsets then point nowhere. This reads and changes entries where they are.
Layout: TIFF 6.0, section 2; EXIF 2.32, section 4.6.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF, GPS, INTEROP)
SHORT, LONG, RATIONAL = 3, 4, 5
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


class DamagedError(ValueError):
    """Not a classic TIFF structure, or one that points outside itself."""


@dataclass(frozen=True)
class Entry:
    """One tag: field type, number of values, and the values' bytes in the file's order."""

    kind: int
    count: int
    data: bytes


@dataclass(frozen=True)
class Directory:
    """A sub-directory (EXIF, GPS, interoperability) as a tag's value."""

    entries: dict[int, Entry | Directory]


@dataclass
class Root:
    """Where the first directory of a TIFF structure lies.

    Attributes:
        order: "<" or ">".
        start: offset of the directory.
        raw: its 12-byte entries by tag, in file order.
        next: offset of the following directory (a thumbnail's, or the next page's).
    """

    order: str
    start: int
    raw: dict[int, bytes]
    next: int

    def value(self, tag: int) -> int | None:
        """A single SHORT or LONG value."""
        entry = self.raw.get(tag)
        if entry is None:
            return None
        kind, count = struct.unpack_from(self.order + "HI", entry, 2)
        if count != 1 or kind not in (SHORT, LONG):
            return None
        (number,) = struct.unpack_from(self.order + ("H" if kind == SHORT else "I"), entry, 8)
        return int(number)


def _take(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise DamagedError("a tag points outside the file")
    return data


def read_rows(file: BinaryIO, order: str, start: int) -> tuple[dict[int, bytes], int]:
    """A directory's 12-byte rows by tag, in file order, and the offset of the one after it."""
    (count,) = struct.unpack(order + "H", _take(file, start, 2))
    table = _take(file, start + 2, 12 * count)
    try:
        (following,) = struct.unpack(order + "I", _take(file, start + 2 + 12 * count, 4))
    except DamagedError:  # several cameras leave the last pointer out
        following = 0
    rows = [table[i : i + 12] for i in range(0, len(table), 12)]
    return {struct.unpack_from(order + "H", row)[0]: row for row in rows}, following


def read_root(file: BinaryIO) -> Root:
    """Find the first directory.

    Raises:
        DamagedError: not a classic (32-bit) TIFF structure.
    """
    header = _take(file, 0, 8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(header[:4])
    if order is None:
        raise DamagedError("no TIFF header")
    (start,) = struct.unpack(order + "I", header[4:])
    raw, following = read_rows(file, order, start)
    return Root(order, start, raw, following)


def read_entry(file: BinaryIO, order: str, raw: bytes, depth: int = 0) -> Entry | Directory | None:
    """The entry with its values, sub-directories included; None for one that makes no sense."""
    tag, kind, count = struct.unpack_from(order + "HHI", raw)
    (offset,) = struct.unpack_from(order + "I", raw, 8)
    if tag in POINTERS:
        if depth > 2:
            raise DamagedError("directories nest too deeply")
        rows, _ = read_rows(file, order, offset)
        children = {t: read_entry(file, order, row, depth + 1) for t, row in rows.items()}
        return Directory({t: child for t, child in children.items() if child is not None})
    if kind not in _SIZES:
        return None
    size = _SIZES[kind] * count
    return Entry(kind, count, raw[8 : 8 + size] if size <= 4 else _take(file, offset, size))


def _place(tag: int, value: Entry | Directory, order: str, at: int) -> tuple[bytes, bytes]:
    """A 12-byte row, and what has to lie at offset `at` for it."""
    if isinstance(value, Directory):
        return struct.pack(order + "HHII", tag, LONG, 1, at), pack(value, order, at)
    head = struct.pack(order + "HHI", tag, value.kind, value.count)
    if len(value.data) <= 4:
        return head + value.data.ljust(4, b"\0"), b""
    return head + struct.pack(order + "I", at), value.data + b"\0" * (len(value.data) % 2)


def pack(directory: Directory, order: str, base: int) -> bytes:
    """The bytes of a directory and all below it, to lie at offset `base` (even)."""
    body = b""
    rows = []
    start = base + 2 + 12 * len(directory.entries) + 4
    for tag, value in sorted(directory.entries.items()):
        row, data = _place(tag, value, order, start + len(body))
        rows.append(row)
        body += data
    return struct.pack(order + "H", len(rows)) + b"".join(rows) + b"\0\0\0\0" + body


def update(file: BinaryIO, changes: dict[int, Entry | Directory]) -> None:
    """Set entries of the first directory; nothing else in the file moves.

    Inline values are changed in place. Anything more puts a new directory at the end.
    """
    root = read_root(file)
    small = all(
        isinstance(value, Entry) and len(value.data) <= 4 and tag in root.raw
        for tag, value in changes.items()
    )
    end = file.seek(0, 2)
    end += file.write(b"\0" * (end % 2)) if not small else 0
    body = b""
    for tag, value in changes.items():
        root.raw[tag], data = _place(tag, value, root.order, end + len(body))
        body += data
    table = struct.pack(root.order + "H", len(root.raw))
    table += b"".join(row for _, row in sorted(root.raw.items()))
    table += struct.pack(root.order + "I", root.next)
    if small:
        file.seek(root.start)
        file.write(table)
        return
    file.write(body + table)
    file.seek(4)
    file.write(struct.pack(root.order + "I", end + len(body)))
