"""The few file operations a journal is made of, in one place: the order of them is its promise."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

SEGMENT = "{:08d}.journal"


class Disk:
    """Plain files. Every method raises OSError when the disk refuses."""

    def make_folder(self, path: Path) -> None:
        """Make a folder that no one has, and make its name durable."""
        path.mkdir(parents=True)
        self.sync_folder(path.parent)

    def create(self, path: Path) -> int:
        """Make a new empty file; returns its descriptor."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        return os.open(path, flags, 0o600)  # what someone paints is nobody else's business

    def append(self, descriptor: int, data: bytes) -> None:
        """Write all of ``data`` at the end."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def shorten(self, descriptor: int, size: int) -> None:
        """Cut a file off after ``size`` bytes."""
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Wait until what was written is on the medium."""
        os.fsync(descriptor)

    def sync_folder(self, path: Path) -> None:
        """Make new and removed names durable, where folders can be synced."""
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self, descriptor: int) -> None:
        """Give the descriptor back."""
        os.close(descriptor)

    def unlink(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        """Remove a folder such that no reader ever meets half of it."""
        gone = path.with_name(f".gone-{path.name}")
        try:
            path.rename(gone)
        except OSError:
            gone = path  # a file of it is open, on a system that minds
        shutil.rmtree(gone, ignore_errors=True)


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / SEGMENT.format(number)


def segments(folder: Path) -> list[tuple[int, Path]]:
    """The segments of a journal with their numbers, oldest first."""
    found = []
    for path in folder.glob("*.journal"):
        with contextlib.suppress(ValueError):
            found.append((int(path.stem), path))
    return sorted(found)
