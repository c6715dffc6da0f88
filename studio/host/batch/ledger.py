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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from studio.api.errors import UserError
from studio.files.atomic import write_error
from studio.host.batch.items import PARTIAL, Outcome

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]  # asked for before each use

NAME = ".impasto-batch.jsonl"


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


class Ledger:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
        line = {"output": output, "key": outcome.key, "sha256": outcome.sha256}
        target = self.folder / output
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
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
        for line in data.splitlines():
            # The last line of a killed process may be half of one.
            with contextlib.suppress(ValueError, KeyError, TypeError):
                found = json.loads(line)
                entry = Entry(str(found["key"]), str(found["sha256"]))
                self.entries[str(found["output"])] = entry
        if data and not data.endswith(b"\n"):
            self._file.write(b"\n")


def is_ours(path: Path, entry: Entry | None) -> bool:
    """Whether a file is, byte for byte, what a batch made."""
    if entry is None:
        return False
    try:
        return sha256_of(path) == entry.sha256
    except OSError:
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
