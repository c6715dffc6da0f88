"""Writing the journals of one process, on a thread of its own."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from studio.api.errors import UserError
from studio.files.journal import Journal
from studio.host.recovery import CODEC, Kept, recovery_folder

_log = logging.getLogger(__name__)
LOCK = "running.lock"
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "you may not write there",
}


@dataclass(frozen=True)
class Written:
    """A state that is safe now.

    Attributes:
        key: of the document.
        kept: the state; None if there is nothing to recover of it.
        bytes: how many were written.
        seconds: how long it took.
    """

    key: Hashable
    kept: Kept | None
    bytes: int
    seconds: float


class Keeper:
    """Keeps the journals of this process.

    Each process has a folder with a lock that dies with it, so that what it leaves behind is told
    from what still runs. A newer state of a document replaces one that waits to be written.

    Args:
        root: folder of all journals; the user's if None.
        written: called on the writing thread after each state.
        failed: called on the writing thread when a state could not be written, with what to tell.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        written: Callable[[Written], None] = lambda _: None,
        failed: Callable[[Hashable, UserError], None] = lambda _key, _error: None,
    ) -> None:
        self.root = root or recovery_folder()
        self.folder: Path | None = None
        self._written = written
        self._failed = failed
        self._lock: FileLock | None = None
        self._journals: dict[Hashable, Journal] = {}
        self._wanted: dict[Hashable, tuple[str, Kept | None]] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._closing = False

    def keep(self, key: Hashable, kept: Kept) -> None:
        """Have a state written soon. Returns at once."""
        self._want(key, "keep", kept)

    def clean(self, key: Hashable) -> None:
        """Have it recorded that there is nothing to recover, as after a save. Returns at once."""
        self._want(key, "clean", None)

    def drop(self, key: Hashable) -> None:
        """Have the journal of a document deleted that was closed on purpose. Returns at once."""
        self._want(key, "drop", None)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was asked for is done; False if that takes longer."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._wanted and not self._busy, timeout)

    def close(self, timeout: float = 30.0) -> None:
        """End on purpose: nothing has to be recovered, all journals go."""
        with self._wake:
            self._closing = True
            self._wanted.clear()
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                return  # the disk hangs; what is written stays
        for journal in self._journals.values():
            journal.remove()
        self._journals.clear()
        if self._lock is not None:
            self._lock.release()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _want(self, key: Hashable, what: str, kept: Kept | None) -> None:
        with self._wake:
            if self._closing:
                return
            self._wanted.pop(key, None)
            self._wanted[key] = (what, kept)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    # On the thread

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._closing)
                if self._closing:
                    return
                key = next(iter(self._wanted))
                what, kept = self._wanted.pop(key)
                self._busy = True
            try:
                self._do(key, what, kept)
            except Exception as error:  # noqa: BLE001 - one document must not end it for all
                _log.exception("a document could not be kept for recovery")
                self._report(key, error)
            finally:
                del kept
                with self._wake:
                    self._busy = False
                    self._wake.notify_all()

    def _do(self, key: Hashable, what: str, kept: Kept | None) -> None:
        started = time.perf_counter()
        size = 0
        if what == "drop":
            if key in self._journals:
                self._journals.pop(key).remove()
        elif kept is not None:
            size = self._journal(key).commit(kept)
        elif key in self._journals:
            size = self._journals[key].clean()
        _call(lambda: self._written(Written(key, kept, size, time.perf_counter() - started)))

    def _report(self, key: Hashable, error: Exception) -> None:
        reason = _REASONS.get(getattr(error, "errno", None) or 0, str(error) or "writing failed")
        told = UserError(
            f'Your work cannot be kept for recovery in "{self.root}": {reason}.',
            "Editing and saving go on. Save often, and free some space there.",
        )
        _call(lambda: self._failed(key, told))

    def _journal(self, key: Hashable) -> Journal:
        if key not in self._journals:
            folder = self._own_folder()
            number = f"{len(self._journals) + 1}-{secrets.token_hex(4)}"
            self._journals[key] = Journal(folder / number, CODEC)
        return self._journals[key]

    def _own_folder(self) -> Path:
        """This process's folder, made and locked at the first need."""
        while self.folder is None:
            folder = self.root / f"{os.getpid()}-{secrets.token_hex(6)}"
            folder.mkdir(parents=True)
            lock = FileLock(folder / LOCK, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except (Timeout, FileNotFoundError):
                continue  # an instance that starts just now took it for a dead one's
            self.folder, self._lock = folder, lock
        return self.folder


def _call(callback: Callable[[], None]) -> None:
    """Call a listener; its failure does not end the thread."""
    with contextlib.suppress(RuntimeError):  # a Qt object that is gone already
        callback()
