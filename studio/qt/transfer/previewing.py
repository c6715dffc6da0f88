"""Computing an export's preview on a thread: composite once, resize once a size, encode."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QImage

from studio.document import Array, Picture, composite
from studio.files.codec import SaveOptions
from studio.files.formats import Format
from studio.files.metadata import Metadata
from studio.files.pixels import resize, to_8_bits
from studio.qt.color import to_monitor
from studio.qt.transfer.compare import image_of


@dataclass(frozen=True)
class Shown:
    """Images for the preview, the file's size and what the format cannot hold."""

    before: QImage
    after: QImage
    nbytes: int
    exact: bool
    notes: tuple[str, ...]


class Previewer:
    """Keeps what several previews of one picture share. Its methods run on threads."""

    def __init__(self, picture: Picture, metadata: Metadata) -> None:
        self._picture, self._metadata = picture, metadata
        self._lock = threading.Lock()
        self._sized: tuple[tuple[int, int], Array] | None = None
        self._whole: Array | None = None

    def _pixels(self, size: tuple[int, int]) -> Array:
        with self._lock:
            if self._whole is None:
                self._whole = composite(self._picture)
            if self._sized is None or self._sized[0] != size:
                self._sized = size, resize(self._whole, *size)
            return self._sized[1]

    def shown(
        self,
        kind: Format,
        options: SaveOptions,
        centre: tuple[float, float],
        cancelled: Callable[[], bool],
    ) -> Shown | None:
        """Encode and decode again; None if it was given up.

        Raises:
            UserError: the picture does not fit the format.
        """
        from studio.files.export import trial

        size = options.size or (self._picture.width, self._picture.height)
        pixels = self._pixels(size)
        if cancelled():
            return None
        found = trial(kind, pixels, self._metadata, options, centre)
        before = to_8_bits(to_monitor(found.before, found.icc))
        after = to_8_bits(to_monitor(found.after, found.after_icc))
        return Shown(image_of(before), image_of(after), found.nbytes, found.exact, found.notes)
