"""Memory that two processes share: without a name, so that nothing is left however they end."""

from __future__ import annotations

import os
import struct
import tempfile
import threading
from typing import Self

import numpy as np

from studio.document import Array
from studio.files.journal.records import bands

_KEY = struct.Struct("<QQ")  # offset, length
_LARGEST_WRITE = 1 << 30


class Block:
    """Arrays and bytes behind one file descriptor, which is handed to the other process.

    It is memory on Linux, elsewhere a temporary file that has no name any more. It is read and
    written like a file, not mapped: of a mapping that the other side cuts short, a read would be
    the end of this process. Its methods are what a `Packer` and an `Unpacker` want to store with.

    Args:
        descriptor: of the memory; the block owns it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._end = 0
        self._size: int | None = None
        self._lock = threading.Lock()

    @classmethod
    def new(cls) -> Self:
        """An empty one.

        Raises:
            OSError: if there is no room for it.
        """
        if hasattr(os, "memfd_create"):
            return cls(os.memfd_create("impasto-pixels", os.MFD_CLOEXEC))
        with tempfile.TemporaryFile() as file:
            return cls(os.dup(file.fileno()))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """One that holds ``data``, which came another way."""
        block = cls.new()
        block.put_bytes(data)
        return block

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def put(self, array: Array) -> tuple[bytes, ...]:
        """Append an array; the keys of its bands of rows.

        Raises:
            OSError: if memory ran out.
        """
        return tuple(self._append(_view(np.ascontiguousarray(band))) for band in bands(array))

    def put_bytes(self, data: bytes) -> bytes:
        """Append bytes; their key."""
        return self._append(memoryview(data))

    def get(self, key: bytes) -> bytes | None:
        """What has this key; None if the block does not hold as much."""
        offset, length = _KEY.unpack(key)
        with self._lock:
            if self._size is None:
                self._size = os.fstat(self._descriptor).st_size
            if offset + length > self._size:
                return None
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            parts: list[bytes] = []
            while length:
                part = os.read(self._descriptor, min(length, _LARGEST_WRITE))
                if not part:
                    return None
                parts.append(part)
                length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def content(self) -> bytes:
        """All of it, where a descriptor cannot be handed over."""
        return self.get(_KEY.pack(0, self._end)) or b""

    def close(self) -> None:
        """Give it back; the memory is free once the other side has done so, too."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        """Itself; closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _append(self, view: memoryview) -> bytes:
        key = _KEY.pack(self._end, len(view))
        os.lseek(self._descriptor, self._end, os.SEEK_SET)
        while view:
            written = os.write(self._descriptor, view[:_LARGEST_WRITE])
            self._end += written
            view = view[written:]
        return key


def _view(array: Array) -> memoryview:
    return array.data.cast("B") if array.size else memoryview(b"")
