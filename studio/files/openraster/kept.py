"""Saving again: pictures of layers that have not changed are copied from the file on the disk.

Nothing is held in memory for it but a weak reference to the picture that was saved; the history
usually keeps that alive. A file that another program has touched since is not used.
"""

from __future__ import annotations

import contextlib
import json
import threading
import weakref
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.document import Group, Layer, Picture, Raster, Rect
from studio.files.openraster import private
from studio.files.openraster.stack import Entry, read_stack

Entries = dict[str, tuple[str, ...]]
_ANY_SIZE = 1 << 62
_MOST = 16
_lock = threading.Lock()
_saves: dict[Path, Previous] = {}


@dataclass(frozen=True)
class Previous:
    """A save: the file, its identity on the disk, the picture that was written."""

    path: Path
    signature: tuple[int, int, int]
    picture: weakref.ref[Picture]
    entries: Entries


def remember(path: Path, picture: Picture, entries: Entries) -> None:
    """Remember a finished save."""
    with contextlib.suppress(OSError), _lock:
        _saves.pop(path.resolve(), None)
        _saves[path.resolve()] = Previous(
            path.resolve(), _signature(path.resolve()), weakref.ref(picture), entries
        )
        for oldest in list(_saves)[:-_MOST]:
            del _saves[oldest]


def previous(path: Path) -> Previous | None:
    """The last save of this file, if the file is still the one that was written."""
    try:
        resolved = path.resolve()
        with _lock:
            found = _saves.get(resolved)
        if found and found.picture() is not None and _signature(resolved) == found.signature:
            return found
    except (OSError, RuntimeError):  # pathlib raises the latter for links in a circle
        pass
    return None


def _signature(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


class Opened:
    """The earlier file, open."""

    def __init__(self, archive: zipfile.ZipFile, picture: Picture, entries: Entries) -> None:
        self._archive, self._picture, self._entries = archive, picture, entries
        self._lock = threading.Lock()
        self._records: dict[str, Any] = private.load(archive.read(private.RECORD))["nodes"]
        stack = read_stack(archive.read("stack.xml"), _ANY_SIZE)
        self._places = dict(_places(stack.entries))

    def entries_of(
        self, picture: Picture, node_id: str
    ) -> tuple[dict[str, bytes], dict[str, Any], Rect] | None:
        """Entries, record and place of a node whose pixels are as they were; None otherwise."""
        names = self._entries.get(node_id)
        old, new = self._picture.node(node_id), picture.node(node_id)
        if names is None or picture.icc != self._picture.icc or not _same(old, new):
            return None
        if isinstance(new, Group) and picture.bounds != self._picture.bounds:
            return None
        place = self._places.get(names[0])
        if place is None:
            return None
        with self._lock:  # a zip file has one position
            files = {name: self._archive.read(name) for name in names}
        record = dict(self._records.get(node_id, {}))
        for stale in ("name", "pass_through", "blend"):
            record.pop(stale, None)
        return files, json.loads(json.dumps(record)), Rect(*place, 0, 0)


def _places(entries: tuple[Entry, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    for entry in entries:
        if entry.src:
            yield entry.src, (entry.x, entry.y)
        yield from _places(entry.children)


def _same(old: Layer | Group | None, new: Layer | Group | None) -> bool:
    if isinstance(old, Layer) and isinstance(new, Layer):
        return (
            not old.raster.changed_tiles(new.raster)
            and old.raster.dtype == new.raster.dtype
            and _same_mask(old.mask, new.mask)
            and old.text == new.text
        )
    if isinstance(old, Group) and isinstance(new, Group):
        reach = [[raster.bounds for raster in group.rasters] for group in (old, new)]
        return _same_mask(old.mask, new.mask) and reach[0] == reach[1]
    return False


def _same_mask(old: Raster | None, new: Raster | None) -> bool:
    if old is None or new is None:
        return old is new
    return not old.changed_tiles(new) and old.dtype == new.dtype


@contextlib.contextmanager
def opened(save: Previous | None) -> Iterator[Opened | None]:
    """The earlier file for the time of a save; None where there is none or it is unusable."""
    picture = save.picture() if save else None
    if save is None or picture is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        old: Opened | None = None
        # Whatever is wrong with it: the layers are encoded afresh then.
        with contextlib.suppress(Exception):
            archive = stack.enter_context(zipfile.ZipFile(save.path))
            old = Opened(archive, picture, save.entries)
        yield old


def renumbered(name: str, number: str) -> str:
    """An entry's name with another number."""
    stem, _, _ = name.rpartition("-")
    return f"{stem}-{number}.png"


def renumbered_record(record: dict[str, Any], number: str) -> dict[str, Any]:
    """The record of a node whose entries got another number."""
    if record.get("alpha"):
        record["alpha"] = renumbered(record["alpha"], number)
    mask = record.get("mask")
    if mask and mask.get("src"):
        mask["src"] = renumbered(mask["src"], number)
    return record
