"""What a batch has finished, kept beside its results so that a killed one can be taken up again.

A result is written whole under a passing name, then entered here, and only then given its name. A
process that is killed before the entry has finished nothing; between the entry and the name, the
file that was entered is missing, and the picture is done again. So nothing is lost, and nothing
that has its name is done twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from studio.api.errors import UserError
from studio.files.atomic import write_error
from studio.host.batch.items import PARTIAL, Outcome
from studio.host.batch.places import Place, Url, place

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]  # asked for before each use

NAME = ".impasto-batch.jsonl"
KEPT = ".impasto-batch"
"""The folder behind an address that holds entries, and results without their names."""
SEGMENT = 100
"""Entries in one file behind an address, where nothing can be appended to a file."""


@dataclass(frozen=True)
class Entry:
    """A result that was finished.

    Attributes:
        key: names the input's content, the recipe and the models.
        sha256: of the result's file.
    """

    key: str
    sha256: str


Entries = Mapping[str, Entry]


class Ledger(Protocol):
    """What is finished in an output folder, wherever that is.

    Attributes:
        entries: the latest of each result, by its path in the folder.
    """

    entries: dict[str, Entry]

    def publish(self, outcome: Outcome) -> None:
        """Enter a finished file and give it its name.

        Raises:
            UserError: if that cannot be done.
        """
        ...

    def close(self) -> None:
        """Remove what has not got its name."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_ledger(folder: Place) -> Ledger:
    """The entries of a folder.

    Raises:
        UserError: if it cannot be written, or another batch is writing into it.
    """
    return FolderLedger(folder) if isinstance(folder, Path) else UrlLedger(folder)


class FolderLedger(Ledger):
    """The entries of an output folder; open for one batch at a time.

    Args:
        folder: of the results; made if it is missing.

    Attributes:
        entries: the latest of each result, by its path in the folder.

    Raises:
        UserError: if the folder cannot be written, or another batch is writing into it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        except OSError as error:
            raise write_error(path, error) from error
        try:
            self._hold()
            self._read()
            _sweep(folder)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Remove what has not got its name, and let others write into the folder."""
        _sweep(self.folder)
        self._file.close()

    def publish(self, outcome: Outcome) -> None:
        """Enter a finished file and give it its name.

        Raises:
            UserError: if that cannot be done.
        """
        output = outcome.item.output
        target = self.folder / output
        try:
            self._file.write(_line(outcome))
            self._file.flush()
            os.fsync(self._file.fileno())
            Path(outcome.partial).replace(target)
        except OSError as error:
            raise write_error(target, error) from error
        self.entries[output] = Entry(outcome.key, outcome.sha256)

    def _hold(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another batch is writing into {self.folder}.",
                "Wait until it has finished, or name another folder.",
            ) from error
        except OSError:  # a file system without locks
            return

    def _read(self) -> None:
        self._file.seek(0)
        data = self._file.read()
        self.entries.update(_read_lines(data))
        if data and not data.endswith(b"\n"):
            self._file.write(b"\n")


class UrlLedger(Ledger):
    """The entries of a folder behind an address. Two batches at a time are not kept apart there.

    Storage of objects replaces a file whole or not at all, and appends nothing: entries are in files
    of `SEGMENT`, and the last one is replaced at each new entry.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Url) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self._lines: list[bytes] = []
        self._kept = folder / KEPT
        for name in self._kept.files():
            if name.endswith(".jsonl"):
                self.entries.update(_read_lines((self._kept / name).read()))
        self._sweep()
        self._begin()

    def publish(self, outcome: Outcome) -> None:
        """Enter a finished file and give it its name."""
        partial, target = place(outcome.partial), self.folder / outcome.item.output
        if not isinstance(partial, Url):
            raise UserError(f"{partial} is not in {self.folder}.", "Please report this.")
        if len(self._lines) >= SEGMENT:
            self._begin()
        self._lines.append(_line(outcome))
        self._segment.write(b"".join(self._lines))
        partial.move(target)
        self.entries[outcome.item.output] = Entry(outcome.key, outcome.sha256)

    def close(self) -> None:
        """Remove what has not got its name."""
        self._sweep()

    def _begin(self) -> None:
        # By their names, files are in the order in which they were begun: later entries win.
        self._lines.clear()
        self._segment = self._kept / f"{time.time_ns():020d}-{secrets.token_hex(4)}.jsonl"

    def _sweep(self) -> None:
        for name in self._kept.files():
            if name.startswith(PARTIAL):
                with contextlib.suppress(UserError):
                    (self._kept / name).remove()


def _line(outcome: Outcome) -> bytes:
    entry = {"output": outcome.item.output, "key": outcome.key, "sha256": outcome.sha256}
    return json.dumps(entry).encode() + b"\n"


def _read_lines(data: bytes) -> dict[str, Entry]:
    entries = {}
    for line in data.splitlines():
        # The last line of a killed process may be half of one.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            entries[str(found["output"])] = Entry(str(found["key"]), str(found["sha256"]))
    return entries


def passing_name(folder: Place, output: str) -> Place:
    """Where a result is written before it gets its name; another one at every call.

    A worker that was taken for dead may still write when another one does its picture again.
    """
    target = folder / output
    short = hashlib.sha256(target.name.encode()).hexdigest()[:16]
    name = f"{PARTIAL}{short}-{secrets.token_hex(4)}{target.suffix}"
    return target.with_name(name) if isinstance(target, Path) else folder / KEPT / name


def is_ours(path: Place, entry: Entry | None) -> bool:
    """Whether a file is, byte for byte, what a batch made."""
    if entry is None:
        return False
    try:
        return (sha256_of(path) if isinstance(path, Path) else path.sha256()) == entry.sha256
    except (OSError, UserError):
        return False


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what a killed batch had not finished; nobody else is writing here."""
    for path in folder.rglob(f"{PARTIAL}*"):
        with contextlib.suppress(OSError):
            path.unlink()
