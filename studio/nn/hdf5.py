"""Reading the arrays of HDF5 files, as Keras writes its weights, without a library and without code.

Read is what h5py writes by default: the first version of the superblock, groups with symbol tables,
and arrays of numbers that lie in one piece, neither chunked nor compressed (HDF5 File Format
Specification 3.0, https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html). Anything else is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.nn.checkpoints import CheckpointError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SPACE, _TYPE, _LAYOUT, _CONTINUATION, _SYMBOLS = 0x1, 0x3, 0x8, 0x10, 0x11
_DEPTH = 32  # of groups in groups, and of nodes in a tree: more is a loop
_KINDS = {(0, 0): "u", (0, 1): "i", (1, 0): "f"}  # class and sign


def read_hdf5(path: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays of a file, by their path inside it, such as ``layers/conv/vars/0``.

    Raises:
        CheckpointError: if the file is no HDF5 file, is damaged, or holds what is not read here.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if not data.startswith(_SIGNATURE):
        raise CheckpointError(f"{path.name} is not an HDF5 file.")
    try:
        return dict(_File(data).arrays())
    except (struct.error, ValueError, IndexError, KeyError, OverflowError) as error:
        raise CheckpointError(
            f"{path.name} is damaged, or an HDF5 file of a kind that is not read ({error}).",
            "Fetch it again, or save its weights as safetensors.",
        ) from error


@dataclass(frozen=True)
class _Message:
    kind: int
    start: int
    size: int


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def arrays(self) -> Iterator[tuple[str, NDArray[np.generic]]]:
        version, offsets, lengths = self._data[8], self._data[13], self._data[14]
        if version != 0 or offsets != 8 or lengths != 8:
            raise ValueError(f"superblock version {version}")
        (root,) = self._unpack("<Q", 24 + 32 + 8)
        yield from self._below(root, "", _DEPTH)

    def _below(
        self, header: int, name: str, depth: int
    ) -> Iterator[tuple[str, NDArray[np.generic]]]:
        if depth == 0:
            raise ValueError("groups in a loop")
        messages = {message.kind: message for message in self._messages(header)}
        if _SYMBOLS in messages:
            tree, heap = self._unpack("<QQ", messages[_SYMBOLS].start)
            for key, child in self._entries(tree, self._heap(heap), _DEPTH):
                yield from self._below(child, f"{name}/{key}" if name else key, depth - 1)
        elif _LAYOUT in messages:
            yield name, self._array(messages)

    def _messages(self, header: int) -> Iterator[_Message]:
        version, count, size = self._data[header], *self._unpack("<H4xI", header + 2)
        if version != 1:
            raise ValueError(f"object header version {version}")
        blocks = [(header + 16, size)]
        while blocks and count:
            start, length = blocks.pop(0)
            end = start + length
            while start + 8 <= end and count:
                kind, size = self._unpack("<HH", start)
                count -= 1
                if kind == _CONTINUATION:
                    blocks.append(self._pair(start + 8))
                else:
                    yield _Message(kind, start + 8, size)
                start += 8 + size

    def _entries(self, node: int, heap: int, depth: int) -> Iterator[tuple[str, int]]:
        """Names and object headers below a node of a group's B-tree."""
        if self._data[node : node + 4] == b"SNOD":
            (count,) = self._unpack("<H", node + 6)
            for number in range(count):
                name, child = self._pair(node + 8 + 40 * number)
                end = self._data.index(b"\0", heap + name)
                yield self._data[heap + name : end].decode("utf-8", "replace"), child
            return
        if self._data[node : node + 4] != b"TREE" or depth == 0:
            raise ValueError("no group where one should be")
        (count,) = self._unpack("<H", node + 6)
        for number in range(count):
            (child,) = self._unpack("<Q", node + 24 + 16 * number + 8)
            yield from self._entries(child, heap, depth - 1)

    def _heap(self, start: int) -> int:
        if self._data[start : start + 4] != b"HEAP":
            raise ValueError("no names where they should be")
        (names,) = self._unpack("<Q", start + 24)
        return int(names)

    def _array(self, messages: dict[int, _Message]) -> NDArray[np.generic]:
        shape = self._shape(messages[_SPACE].start)
        dtype = self._dtype(messages[_TYPE].start)
        layout = messages[_LAYOUT].start
        version, kind = self._data[layout], self._data[layout + 1]
        if version != 3 or kind not in {0, 1}:
            raise ValueError("an array that is chunked")
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.zeros(shape, dtype)
        start, size = self._pair(layout + 2) if kind else (layout + 4, count * dtype.itemsize)
        if size != count * dtype.itemsize or start + size > len(self._data):
            raise ValueError("an array that is not whole")
        return np.frombuffer(self._data, dtype, count, start).reshape(shape)

    def _shape(self, start: int) -> tuple[int, ...]:
        version, rank = self._data[start], self._data[start + 1]
        if version not in {1, 2}:
            raise ValueError(f"dataspace version {version}")
        return self._unpack(f"<{rank}Q", start + (8 if version == 1 else 4))

    def _dtype(self, start: int) -> np.dtype[np.generic]:
        (bits, size) = self._unpack("<II", start)
        kind, signed = bits & 0x0F, (bits >> 11) & 1 if bits & 0x0F == 0 else 0
        if (kind, signed) not in _KINDS:
            raise ValueError(f"values of class {kind}")
        order = ">" if bits & 0x100 else "<"
        return np.dtype(f"{order}{_KINDS[kind, signed]}{size}")

    def _pair(self, start: int) -> tuple[int, int]:
        first, second = self._unpack("<QQ", start)
        return first, second

    def _unpack(self, form: str, start: int) -> tuple[int, ...]:
        return struct.unpack_from(form, self._data, start)
