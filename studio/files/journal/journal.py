"""Writing a journal: states of a document, each of which names the blobs it is made of.

Log-structured, so that nothing that counts is ever overwritten: a commit appends the blobs that are
new, then the state, then waits for the disk. A state exists once its record verifies; until then
the one before it does. Segments whose content is mostly out of date are replaced by one that holds
what the last state needs, which is on the disk before the old ones go.
"""

from __future__ import annotations

import contextlib
import json
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio.document import Array
from studio.files.journal import records
from studio.files.journal.disk import Disk, segment_path, segments
from studio.files.journal.packing import Codec, Packer

CLEAN: Mapping[str, Any] = {"clean": True}
_BUFFER = 4 << 20


class Journal:
    """The journal of one document. For one thread at a time.

    Args:
        folder: a folder of its own; made when the first state is written.
        codec: which dataclasses may be stored.
        disk: the file operations.
        segment_bytes: a segment that is longer is not added to.
        slack: bytes that may be out of date before segments are replaced.
    """

    def __init__(
        self,
        folder: Path,
        codec: Codec,
        disk: Disk | None = None,
        *,
        segment_bytes: int = 64 << 20,
        slack: int = 32 << 20,
    ) -> None:
        self.folder = folder
        self._codec = codec
        self._disk = disk or Disk()
        self._segment_bytes = segment_bytes
        self._slack = slack
        self._known: dict[int, tuple[weakref.ref[Array], tuple[bytes, ...]]] = {}
        self._places: dict[bytes, int] = {}
        self._live: set[bytes] = set()
        self._state = b""
        self._descriptor: int | None = None
        self._number = 0
        self._size = 0  # of the segment that is open
        self._stored = 0  # of it, what is known to be on the disk
        self._total = 0
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._fresh: list[bytes] = []

    @property
    def total_bytes(self) -> int:
        """Bytes on the disk."""
        return self._total

    @property
    def known_arrays(self) -> int:
        """Arrays in memory whose name is known without reading them."""
        return len(self._known)

    # Committing

    def commit(self, value: object) -> int:
        """Make ``value`` the state that is recovered; returns the bytes that were written.

        Raises:
            OSError: the disk refuses; the state before stays the one that is recovered, and the
                next commit begins anew where this one failed.
            TypeError: something in it is of a class that the codec does not know.
        """
        packer = Packer(self._codec, self._put, self._put_bytes)
        return self._commit(packer, lambda: {"value": packer.pack(value)})

    def clean(self) -> int:
        """Record that there is nothing to recover, such as after a save.

        What is stored stays: the next state shares most of it.
        """
        if not self._state:
            return 0
        return self._commit(None, lambda: dict(CLEAN))

    def remove(self) -> None:
        """Delete it all."""
        self._seal()
        self._places.clear()
        self._known.clear()
        self._state, self._total = b"", 0
        if self.folder.exists():
            self._disk.remove_folder(self.folder)

    def _commit(self, packer: Packer | None, build: Callable[[], Mapping[str, Any]]) -> int:
        self._open()
        before = self._total
        try:
            payload = json.dumps(build(), separators=(",", ":")).encode()
            state = records.encode(records.STATE, records.key_of(payload), payload)
            self._append(state)
            self._sync()
        except BaseException:
            self._forget_failed()
            raise
        self._fresh.clear()
        self._state = state
        if packer is not None:
            self._live = packer.used
        written = self._total - before
        self._compact_if_worthwhile()
        return written

    def _open(self) -> None:
        """Have a segment to append to."""
        if self._descriptor is not None and self._size > self._segment_bytes:
            self._seal()
        if self._descriptor is None:
            if not self.folder.exists():
                self._disk.make_folder(self.folder)
            self._number += 1
            self._descriptor = self._disk.create(segment_path(self.folder, self._number))
            self._size = self._stored = 0

    def _sync(self) -> None:
        """Wait until all that was appended is on the medium, under its name."""
        self._flush()
        assert self._descriptor is not None  # noqa: S101 - set by _open, tells mypy
        self._disk.sync(self._descriptor)
        if not self._stored:
            self._disk.sync_folder(self.folder)
        self._stored = self._size

    def _forget_failed(self) -> None:
        """Take back what was appended since the last sync.

        After a failed write nobody knows what reached the disk: none of it counts as stored, and
        a full disk gets its space back.
        """
        for key in self._fresh:
            self._places.pop(key, None)
        self._fresh.clear()
        self._pending.clear()
        self._pending_bytes = 0
        self._total -= self._size - self._stored
        with contextlib.suppress(OSError):
            if self._descriptor is not None:
                self._disk.shorten(self._descriptor, self._stored)
        self._seal()
        if not self._stored:
            with contextlib.suppress(OSError):
                self._disk.unlink(segment_path(self.folder, self._number))

    def _seal(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with contextlib.suppress(OSError):
                self._disk.close(descriptor)

    # Blobs

    def _put(self, array: Array) -> tuple[bytes, ...]:
        """Store an array that no one will change; returns the names of its bands."""
        known = self._known.get(id(array))
        if known is not None and known[0]() is array:
            keys = known[1]
            if all(key in self._places for key in keys):
                return keys
        keys = tuple(self._put_band(np.ascontiguousarray(band)) for band in records.bands(array))
        self._remember(array, keys)
        return keys

    def _put_band(self, band: Array) -> bytes:
        key = records.key_of(band.data)
        if key not in self._places:
            self._store(key, records.encode_array(key, band))
        return key

    def _put_bytes(self, data: bytes) -> bytes:
        key = records.key_of(data)
        if key not in self._places:
            self._store(key, records.encode(records.BLOB, key, data))
        return key

    def _remember(self, array: Array, keys: tuple[bytes, ...]) -> None:
        name, known = id(array), self._known

        def forget(reference: object) -> None:
            # Another array may have taken the address by now.
            if name in known and known[name][0] is reference:
                del known[name]

        known[name] = (weakref.ref(array, forget), keys)

    def _store(self, key: bytes, record: bytes) -> None:
        self._append(record)
        self._places[key] = len(record)
        self._fresh.append(key)

    def _append(self, record: bytes) -> None:
        self._pending.append(record)
        self._pending_bytes += len(record)
        if self._pending_bytes > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        # Counted first: a write that fails may have left a part of it.
        self._size += len(data)
        self._total += len(data)
        assert self._descriptor is not None  # noqa: S101 - set by _open, tells mypy
        self._disk.append(self._descriptor, data)

    # Compacting

    def _compact_if_worthwhile(self) -> None:
        live = sum(self._places.get(key, 0) for key in self._live) + len(self._state)
        if self._total > 2 * live + self._slack:
            try:
                self._compact()
            except OSError:
                # The state is on the disk already; only the space is not given back yet.
                self._forget_failed()

    def _compact(self) -> None:
        """Replace all segments by one with what the last state needs."""
        old, old_bytes = segments(self.folder), self._total
        places = {
            record.key: record
            for _, path in old
            for record in records.scan(path)
            if record.kind == records.BLOB and record.key in self._live
        }
        self._seal()
        self._open()
        for key in self._live:
            raw = records.read_raw(places[key]) if key in places else None
            if raw is None or records.decode(places[key], raw[records.HEADER_BYTES :]) is None:
                self._places.clear()  # the disk lost some of it: the next state writes it all again
                self._forget_failed()
                return
            self._append(raw)
        self._append(self._state)
        self._sync()
        for _, path in old:
            self._disk.unlink(path)
        self._total -= old_bytes
        self._places = {key: self._places[key] for key in self._live}
