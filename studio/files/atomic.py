"""Replacing a file so that it is either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from studio.api.errors import UserError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]  # asked for before each use

_TEMPORARY = re.compile(r"\.impasto-[0-9a-f]{12}\.tmp")
_YOUNG = 3600.0
_REASONS = {
    errno.ENOSPC: ("there is no space left", "Free some space or choose another folder."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space or choose another folder."),
    errno.EFBIG: (
        "the file would be larger than the disk or your limits allow",
        "Choose another disk, or a format that compresses more.",
    ),
    errno.EROFS: ("the disk is read-only", "Choose another folder."),
    errno.EACCES: ("you may not write there", "Choose another folder or change its permissions."),
    errno.EPERM: ("you may not write there", "Choose another folder or change its permissions."),
    errno.ENOENT: ("there is no such folder", "Create the folder first or choose another."),
    errno.ENOTDIR: ("there is no such folder", "Create the folder first or choose another."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    errno.ELOOP: ("the link leads round in a circle", "Choose another name."),
}


def write_error(path: Path, error: OSError) -> UserError:
    """What to tell about a failed write of `path`."""
    # numpy and the codecs report a short write without an error number.
    unknown = (error.strerror or "writing failed", "The disk may be full: choose another folder.")
    reason, hint = _REASONS.get(error.errno or 0, unknown)
    return UserError(f'"{path.name}" was not saved in "{path.parent}": {reason}.', hint)


def replace_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file through a temporary one beside it.

    The new content is on the disk before it takes the name; a crash, a full disk or an
    exception in `write` leaves the old file as it was. Permission bits are kept, a link stays
    a link and its target is replaced.

    Args:
        path: the file; its folder must exist.
        write: puts the content into an open, seekable binary file.

    Raises:
        UserError: the file cannot be written; whatever else `write` raises passes through.
    """
    try:
        target = path.resolve()
        mode = _mode_of(path, target)
        sweep_temporaries(target.parent)
        while not _replace(target, write, mode):
            pass
        _sync_folder(target.parent)
    except RuntimeError as error:  # what pathlib makes of a circle of links
        if "loop" not in str(error):
            raise
        raise write_error(path, OSError(errno.ELOOP, "")) from error
    except OSError as error:
        raise write_error(path, error) from error


def _mode_of(path: Path, target: Path) -> int | None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise UserError(f'"{path}" is a folder.', "Give the name of a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f'"{path}" is a device, not a file.', "Give the name of a file.")
    # Replacing needs no right on the file itself, but a write-protected file means "keep me".
    if not os.access(target, os.W_OK):
        raise UserError(
            f'"{path.name}" is write-protected and was not changed.',
            "Save under another name, or allow writing to the file.",
        )
    return stat.S_IMODE(found.st_mode)


def sweep_temporaries(folder: Path) -> int:
    """Remove what saves that were killed left in a folder; returns how many there were.

    A save that is under way holds a lock on its temporary file, which dies with its process.
    """
    swept = 0
    with contextlib.suppress(OSError):
        found = [Path(e.path) for e in os.scandir(folder) if _TEMPORARY.fullmatch(e.name)]
        for path in found:
            with contextlib.suppress(OSError):
                swept += _removed_if_dead(path)
    return swept


def _removed_if_dead(path: Path) -> bool:
    if fcntl is None:
        # A file that is being written cannot be removed on such a system; the age covers the
        # moment between its end and its renaming.
        if time.time() - path.stat().st_mtime < _YOUNG:
            return False
        path.unlink()
        return True
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)
    return True


def _replace(target: Path, write: Callable[[BinaryIO], None], mode: int | None) -> bool:
    """Fill a temporary file and let it take the name; False if another process swept it away."""
    # Not tempfile: it gives 0o600, and a new picture gets what the umask says. "x" never follows
    # a link that someone else put there.
    temporary = target.with_name(f".impasto-{secrets.token_hex(6)}.tmp")
    file = temporary.open("x+b")
    try:
        with file:
            if not _hold(file):
                return False
            write(file)
            file.flush()
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            if fcntl is not None:
                temporary.replace(target)  # while it is held
        if fcntl is None:
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def _hold(file: BinaryIO) -> bool:
    """Lock a new file; False if a sweep came between its creation and now."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        return os.fstat(file.fileno()).st_nlink > 0
    return True


def keep_backup(path: Path) -> None:
    """Keep the file as it is under its name and ``~``, beside it; nothing if there is none.

    Raises:
        UserError: the backup cannot be written.
    """
    target = path.resolve()
    if target.is_file():
        with target.open("rb") as old:
            replace_file(
                target.with_name(f"{target.name}~"), lambda file: shutil.copyfileobj(old, file)
            )


def _sync_folder(folder: Path) -> None:
    """Make the new name durable; where folders cannot be synced the file is safe anyway."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
