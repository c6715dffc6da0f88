"""What crashed instances left behind."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from studio.api.errors import UserError
from studio.files.journal import Finder, Found
from studio.host.recovery import CODEC, Kept, recovery_folder
from studio.host.recovery_keeper import LOCK

_log = logging.getLogger(__name__)
_YOUNG = 60.0


@dataclass(frozen=True)
class Recovered:
    """A document that was brought back.

    Attributes:
        kept: the document.
        notes: what is missing, sentences for the user; empty if nothing is.
    """

    kept: Kept
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class LostDocument:
    """A document of a process that died.

    Attributes:
        folder: its journal.
        name: of its file, or its title.
        path: its file, if it had one.
        time: of the newest state, in seconds since the epoch.
        size: (width, height) in pixels.
        results: titles of finished runs that were not applied.
        modified: False if the file holds everything but the results.
    """

    folder: Path
    name: str
    path: Path | None
    time: float
    size: tuple[int, int]
    results: tuple[str, ...]
    modified: bool
    _discard: Callable[[], None] = field(default=lambda: None, repr=False)

    def recover(self) -> Recovered:
        """Read all of it; takes seconds for a large one. Safe on any thread.

        Raises:
            UserError: nothing of it is readable.
        """
        found = Finder(self.folder, CODEC).recover()
        if found is None or not isinstance(found.value, Kept):
            raise UserError(
                f"Nothing of {self.name} can be recovered: its journal is damaged.",
                f'The damaged journal is kept in "{self.folder}".',
            )
        return Recovered(found.value, _notes(found))

    def discard(self) -> None:
        """Delete it for good."""
        self._discard()


class Lost:
    """The documents of dead processes. They are held, so that no second instance offers them too.

    Args:
        root: folder of all journals; the user's if None.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or recovery_folder()
        self._locks: dict[Path, FileLock] = {}
        self.documents: tuple[LostDocument, ...] = ()

    def find(self) -> tuple[LostDocument, ...]:
        """Look for them, newest first; folders with nothing in them are cleared away.

        Reads little: the newest state's facts, no pixels. Safe on any thread.
        """
        young: set[Path] = set()
        with contextlib.suppress(OSError):
            for folder in sorted(path for path in self._root.iterdir() if path.is_dir()):
                changed = folder.stat().st_mtime
                if folder not in self._locks and (lock := _take(folder)) is not None:
                    self._locks[folder] = lock
                    if time.time() - changed < _YOUNG:
                        young.add(folder)
        found = [self._document(journal) for folder in self._locks for journal in _journals(folder)]
        documents = [document for document in found if document is not None]
        self.documents = tuple(sorted(documents, key=lambda each: each.time, reverse=True))
        # A young one may be of an instance that starts just now.
        for folder in self._locks.keys() - young:
            self._clear_if_empty(folder)
        return self.documents

    def release(self) -> None:
        """Leave the rest for the next start."""
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()
        self.documents = ()

    def _document(self, journal: Path) -> LostDocument | None:
        try:
            facts = Finder(journal, CODEC).peek()
            document = None if facts is None else _facts(journal, facts)
        except Exception:  # noqa: BLE001 - damaged in whatever way
            # Not deleted: a later version may be able to read it.
            _log.exception("%s cannot be read", journal)
            return None
        if document is None:
            shutil.rmtree(journal, ignore_errors=True)
            return None

        def discard() -> None:
            shutil.rmtree(journal, ignore_errors=True)
            self.documents = tuple(each for each in self.documents if each is not document)
            self._clear_if_empty(journal.parent)

        document._discard = discard
        return document

    def _clear_if_empty(self, folder: Path) -> None:
        if folder in self._locks and not _journals(folder):
            self._locks.pop(folder).release()
            shutil.rmtree(folder, ignore_errors=True)


def _take(folder: Path) -> FileLock | None:
    """The lock of a process's folder if that process is dead."""
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError, NotImplementedError):
        return None
    return lock


def _journals(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    return []


def _facts(journal: Path, packed: Any) -> LostDocument:
    """What a packed `Kept` says without its pixels."""
    fields = packed["fields"]
    path = Path(fields["path"]["path"]) if fields["path"] else None
    picture = fields["picture"]["fields"]
    return LostDocument(
        folder=journal,
        name=path.name if path else str(fields["title"]),
        path=path,
        time=float(fields["time"]),
        size=(int(picture["width"]), int(picture["height"])),
        results=tuple(str(result["fields"]["title"]) for result in fields["results"]),
        modified=bool(fields["modified"]),
    )


def _notes(found: Found) -> tuple[str, ...]:
    notes = []
    if found.skipped:
        notes.append(f"Newer states that could not be read in full: {found.skipped}.")
    if found.lost_tiles:
        notes.append(
            f"Squares of 256 × 256 pixels that were damaged and are transparent now: "
            f"{found.lost_tiles}."
        )
    if found.lost > found.lost_tiles:
        notes.append("A layer's list of squares, or a profile or other metadata, was damaged.")
    return tuple(notes)
