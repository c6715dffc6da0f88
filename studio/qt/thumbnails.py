"""Small previews of picture files, made on threads and kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPixmap

from studio.document import Array
from studio.qt.background import Background

if TYPE_CHECKING:
    from PIL import Image

SIDE = 320
LARGEST = 60_000_000
"""Pixels of the largest picture that is opened for a thumbnail."""
LARGEST_ENTRY = 2**20
"""Bytes of the largest thumbnail that is read from a project file: it has 256 x 256 pixels."""


class Thumbnails(QObject):
    """Makes each thumbnail once."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._made: dict[str, QPixmap] = {}

    def get(
        self,
        key: str,
        make: Callable[[], QImage | None],
        owner: QObject,
        show: Callable[[QPixmap | None], None],
    ) -> None:
        """Call ``show`` with the thumbnail, now or later; None if there is no such picture.

        Args:
            key: a thumbnail with the same key is made once.
            make: makes it, on a thread.
            owner: nothing is called once Qt has deleted it.
            show: takes it, on this thread.
        """
        if key in self._made:
            show(self._made[key])
            return

        def done(image: QImage | None) -> None:
            if image is None:
                show(None)
                return
            self._made[key] = QPixmap.fromImage(image)
            show(self._made[key])

        self._background.run(make, done, lambda _: show(None), owner)


def read_thumbnail(path: Path) -> QImage | None:
    """A thumbnail of a file, upright, or None. Safe on any thread."""
    from PIL import ImageOps

    if not path.is_file():
        return None
    with _open(path) as opened:
        if opened.width * opened.height > LARGEST:
            return None
        opened.draft("RGB", (SIDE, SIDE))
        small = opened.convert("RGBA") if opened.mode not in ("RGB", "RGBA") else opened.copy()
        small.thumbnail((SIDE, SIDE))
        upright = ImageOps.exif_transpose(small).convert("RGBA")
    return _image(upright)


def _open(path: Path) -> Image.Image:
    """A picture file; of a project file the thumbnail in it."""
    from PIL import Image

    suffix = path.suffix.lower()
    if suffix in (".heic", ".heif"):
        import pillow_heif

        return pillow_heif.open_heif(path).to_pillow()
    if suffix != ".ora":
        return Image.open(path)
    with ZipFile(path) as archive:
        entry = archive.getinfo("Thumbnails/thumbnail.png")
        if entry.file_size > LARGEST_ENTRY:
            message = f"the thumbnail of {path.name} is too large"
            raise ValueError(message)
        return Image.open(BytesIO(archive.read(entry)))


def shrink(pixels: Array) -> QImage:
    """A thumbnail of H x W x 4 uint8 RGBA. Safe on any thread."""
    from PIL import Image

    small = Image.fromarray(pixels)
    small.thumbnail((SIDE, SIDE))
    return _image(small)


def _image(picture: Image.Image) -> QImage:
    width, height = picture.size
    data = picture.tobytes()
    return QImage(data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
