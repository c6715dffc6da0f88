"""Replacing a file so that it is either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from studio.api.errors import UserError

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
        temporary = target.with_name(f".impasto-{secrets.token_hex(6)}.tmp")
        _fill(temporary, write, mode)
        try:
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
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


def _fill(temporary: Path, write: Callable[[BinaryIO], None], mode: int | None) -> None:
    # Not tempfile: it gives 0o600, and a new picture gets what the umask says. "x" never follows
    # a link that someone else put there.
    file = temporary.open("x+b")
    try:
        with file:
            write(file)
            file.flush()
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name durable; where folders cannot be synced the file is safe anyway."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
