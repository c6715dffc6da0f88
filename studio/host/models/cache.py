"""Verified files on disk: named by their SHA-256, hashed once, written atomically."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO

import filelock
import platformdirs

from studio.api.errors import Cancelled, UserError
from studio.api.models import ModelFile

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in all, None while that is unknown."""

_CHUNK = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_SPARE = 16 << 20  # room left on the disk for everything else


def ignore(done: int, total: int | None) -> None:
    """Report progress to nobody."""


def silent(done: int) -> None:
    """Report a copy to nobody."""


def never() -> bool:
    """Tell that nobody asked to stop."""
    return False


def default_cache_dir() -> Path:
    """Folder of fetched and imported models: ``IMPASTO_MODELS``, or the user's data folder."""
    override = os.environ.get("IMPASTO_MODELS")
    if override:
        return Path(override).expanduser()
    return platformdirs.user_data_path("impasto", appauthor=False) / "models"


class FileState(StrEnum):
    """What a look at one file found."""

    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"


class FileCache:
    """Files named by their SHA-256 under one folder, shared by all models that use them.

    A file is hashed when its size or its time of change differ from the last look.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._stamps_path = root / "stamps.json"
        self._lock = threading.Lock()
        self._stamps: dict[str, list[int | str]] | None = None

    def path(self, file: ModelFile) -> Path:
        """Where the file lies or would lie."""
        return self.root / "files" / (file.sha256 + Path(file.name).suffix.lower())

    def part(self, name: str) -> Path:
        """Path for a download that is not finished; its folder exists."""
        folder = self.root / "partial"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Path for a file that nobody else writes; what is left of it is deleted in the end."""
        path = self.part(f"{uuid.uuid4().hex}.tmp")
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def check(self, path: Path, file: ModelFile, *, rehash: bool = False) -> FileState:
        """Compare a file with what its card says.

        Args:
            path: the file, in the cache or not.
            file: what it should be.
            rehash: read it even if it has not changed since the last look.
        """
        try:
            found = path.stat()
        except OSError:
            return FileState.MISSING
        if found.st_size != file.bytes:
            return FileState.CORRUPT
        stamp: list[int | str] = [found.st_size, found.st_mtime_ns]
        with self._lock:
            known = self._load_stamps().get(str(path), [])
        if rehash or known[:2] != stamp:
            try:
                known = [*stamp, digest(path)]
            except OSError:
                return FileState.CORRUPT
            self._remember(path, known)
        return FileState.OK if known[2:] == [file.sha256] else FileState.CORRUPT

    def adopt(self, temporary: Path, file: ModelFile, source: str) -> Path:
        """Check a finished file and move it to its place; a wrong one is deleted.

        Raises:
            UserError: if it is not the file its card describes, or cannot be moved.
        """
        found = digest(temporary)
        if found != file.sha256:
            temporary.unlink(missing_ok=True)
            raise UserError(
                f"{file.name} from {source} is not the file its card describes "
                f"(SHA-256 {found[:12]}... instead of {file.sha256[:12]}...). It was deleted.",
                "The source has changed or the transfer was altered. Try again later, or import a "
                "copy with: impasto models import FILE",
            )
        target = self.path(file)
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
            found_stat = target.stat()
        self._remember(target, [found_stat.st_size, found_stat.st_mtime_ns, file.sha256])
        return target

    def discard(self, file: ModelFile) -> None:
        """Delete a file and what is left of its download."""
        with disk_errors(self.path(file)):
            self.path(file).unlink(missing_ok=True)
            (self.root / "partial" / f"{file.sha256}.part").unlink(missing_ok=True)

    def require_room(self, size: int) -> None:
        """Refuse work that the disk has no room for.

        Raises:
            UserError: if fewer than ``size`` bytes and a little more are free.
        """
        with disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.root).free
        if free < size + _SPARE:
            raise UserError(
                f"The model needs {size / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free on the disk "
                f"that holds {self.root}.",
                "Free some space, or set IMPASTO_MODELS to a folder on another disk.",
            )

    @contextlib.contextmanager
    def locked(self, name: str, cancelled: Callable[[], bool] = never) -> Iterator[None]:
        """Hold a lock that other processes on this cache respect.

        Raises:
            Cancelled: if ``cancelled`` turns true while another process holds it.
        """
        folder = self.root / "locks"
        key = hashlib.sha256(name.encode()).hexdigest()[:32]
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / f"{key}.lock")
        while True:
            if cancelled():
                raise Cancelled
            try:
                with disk_errors(folder):
                    lock.acquire(timeout=0.2)
                break
            except filelock.Timeout:
                continue
        try:
            if cancelled():  # perhaps asked for while waiting, and the other side gave up as well
                raise Cancelled
            yield
        finally:
            lock.release()

    def _load_stamps(self) -> dict[str, list[int | str]]:
        if self._stamps is None:
            try:
                loaded = json.loads(self._stamps_path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                loaded = {}
            entries = loaded.items() if isinstance(loaded, dict) else ()
            self._stamps = {key: value for key, value in entries if isinstance(value, list)}
        return self._stamps

    def _remember(self, path: Path, stamp: list[int | str]) -> None:
        with self._lock:
            stamps = self._load_stamps()
            stamps[str(path)] = stamp
            text = json.dumps(stamps, indent=0)
            # Losing a stamp (read-only cache, two processes at once) costs one more hash.
            with contextlib.suppress(UserError):
                write_atomically(self._stamps_path, text.encode())


def digest(path: Path, cancelled: Callable[[], bool] = never) -> str:
    """SHA-256 of a file, in lower-case hexadecimal."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if cancelled():
                raise Cancelled
            sha.update(chunk)
    return sha.hexdigest()


def copy_stream(
    source: IO[bytes],
    target: Path,
    limit: int,
    report: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> int:
    """Write a stream to ``target`` and return its size; stops one byte past ``limit``.

    Raises:
        UserError: if the target cannot be written.
        Cancelled: if ``cancelled`` turns true.
    """
    done = 0
    with disk_errors(target), target.open("wb") as file:
        while done <= limit and (chunk := source.read(min(_CHUNK, limit + 1 - done))):
            if cancelled():
                raise Cancelled
            file.write(chunk)
            done += len(chunk)
            report(done)
    return done


def write_atomically(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old content or the new, never a part.

    Raises:
        UserError: if it cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Translate the errors of writing to disk.

    Raises:
        UserError: in place of OSError.
    """
    try:
        yield
    except filelock.Timeout:  # an OSError that only says: not yet
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise UserError(
                f"The disk is full: {path} could not be written.",
                "Free some space, or set IMPASTO_MODELS to a folder on another disk.",
            ) from error
        raise UserError(
            f"{path} could not be written: {error.strerror or error}.",
            "Check that the folder may be written to, or set IMPASTO_MODELS to another one.",
        ) from error
