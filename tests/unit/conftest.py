"""A writer of HDF5 files as h5py makes them by default, as small as the reader."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, Any]


class Writer:
    """Numbers in arrays, in groups."""

    def __init__(self) -> None:
        self.data = bytearray(96)

    def _put(self, raw: bytes) -> int:
        self.data += b"\0" * (-len(self.data) % 8)
        start = len(self.data)
        self.data += raw
        return start

    def _header(self, messages: list[tuple[int, bytes]], continued: bool = False) -> int:
        def packed(kind: int, raw: bytes) -> bytes:
            raw += b"\0" * (-len(raw) % 8)
            return struct.pack("<HHB3x", kind, len(raw), 0) + raw

        parts = [packed(*message) for message in messages]
        count = len(parts)
        if continued:  # all but the first lie elsewhere
            rest = b"".join(parts[1:])
            parts = [parts[0], packed(0x10, struct.pack("<QQ", self._put(rest), len(rest)))]
            count += 1
        body = b"".join(parts)
        return self._put(struct.pack("<BxHII4x", 1, count, 1, len(body)) + body)

    def array(self, array: Array, layout: bytes | None = None, continued: bool = False) -> int:
        kind = {"f": 0x11, "i": 0x10, "u": 0x10}[array.dtype.kind]
        bits = (0x08 if array.dtype.kind == "i" else 0) | (array.dtype.byteorder == ">")
        space = struct.pack(f"<BBB5x{array.ndim}Q", 1, array.ndim, 0, *array.shape)
        if layout is None:
            layout = struct.pack("<BBQQ", 3, 1, self._put(array.tobytes()), array.nbytes)
        datatype = struct.pack("<BBBBI12x", kind, bits, 0, 0, array.dtype.itemsize)
        return self._header([(0x1, space), (0x3, datatype), (0x8, layout)], continued)

    def group(self, children: dict[str, int], per_node: int = 2) -> int:
        names, offsets = bytearray(8), {}
        for name in children:
            offsets[name] = len(names)
            names += name.encode() + b"\0"
            names += b"\0" * (-len(names) % 8)
        heap = self._put(
            b"HEAP" + struct.pack("<B3xQQQ", 0, len(names), 0, self._put(bytes(names)))
        )
        nodes = []
        items = list(children.items())
        for first in range(0, len(items), per_node):
            some = items[first : first + per_node]
            raw = b"".join(struct.pack("<QQI20x", offsets[name], to, 0) for name, to in some)
            nodes.append(self._put(b"SNOD" + struct.pack("<BxH", 1, len(some)) + raw))
        keys = b"".join(struct.pack("<QQ", 0, node) for node in nodes)
        tree = b"TREE" + struct.pack("<BBHqq", 0, 0, len(nodes), -1, -1) + keys
        return self._header([(0x11, struct.pack("<QQ", self._put(tree), heap))])

    def tree(self, arrays: dict[str, Array]) -> int:
        below: dict[str, Any] = {}
        for name, array in arrays.items():
            head, _, rest = name.partition("/")
            if rest:
                below.setdefault(head, {})[rest] = array
            else:
                below[head] = array
        return self.group(
            {
                name: self.tree(each) if isinstance(each, dict) else self.array(each)
                for name, each in below.items()
            }
        )

    def saved(self, path: Path, root: int) -> Path:
        sizes = (0, 0, 0, 0, 0, 8, 8, 0)
        start = b"\x89HDF\r\n\x1a\n" + struct.pack(
            "<8BHHIqqqq", *sizes, 4, 16, 0, 0, -1, len(self.data), -1
        )
        self.data[: len(start)] = start
        self.data[56:96] = struct.pack("<QQI20x", 0, root, 0)
        path.write_bytes(bytes(self.data))
        return path


@pytest.fixture
def hdf5() -> Writer:
    """Of one file."""
    return Writer()
