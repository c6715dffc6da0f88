"""Pictures on the clipboard and under the pointer: made when somebody asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QMetaType, QMimeData, QUrl
from PySide6.QtGui import QImage

from studio.files.clips import Clip, from_png, from_private, to_png, to_private
from studio.files.pixels import to_8_bits, to_rgba
from studio.files.profiles import convert
from studio.qt.transfer.compare import image_of

PRIVATE = "application/x-impasto-clip"
PNG = "image/png"
QT_IMAGE = "application/x-qt-image"
URIS = "text/uri-list"
Load = Callable[[], Clip]
Preferred = QMetaType | QMetaType.Type


class _Once:
    """A value made at most once, by whichever thread needs it first."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._value: bytes | None = None

    def get(self) -> bytes:
        """The value."""
        with self._lock:
            if self._value is None:
                self._value = self._make()
            return self._value


class ClipMime(QMimeData):
    """A clip for other programs as PNG, for other Impastos with all its bits."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.clip = clip
        self._encoded = {
            PNG: _Once(lambda: to_png(clip)),
            PRIVATE: _Once(lambda: to_private(clip)),
        }

    def prepare(self) -> None:
        """Encode what other programs ask for; may run on a thread, so that they need not wait."""
        self._encoded[PNG].get()

    def formats(self) -> list[str]:
        """What there is."""
        return [PRIVATE, PNG, QT_IMAGE]

    def hasFormat(self, mimetype: str) -> bool:  # noqa: N802 - Qt's name
        """Whether there is that."""
        return mimetype in self.formats()

    def retrieveData(self, mimetype: str, preferred: Preferred) -> Any:  # noqa: ARG002, N802 - as Qt calls it
        """Make it."""
        if mimetype in self._encoded:
            return QByteArray(self._encoded[mimetype].get())
        if mimetype == QT_IMAGE:
            return image_of(convert(to_8_bits(self.clip.pixels), self.clip.icc, None))
        return None


class FileMime(QMimeData):
    """A picture being dragged out: a PNG file that is written when it is asked for.

    Args:
        path: where the file will be.
        write: writes it.
    """

    def __init__(self, path: Path, write: Callable[[Path], None]) -> None:
        super().__init__()
        self.path = path

        def make() -> bytes:
            write(path)
            return bytes(QUrl.fromLocalFile(str(path)).toEncoded().data()) + b"\r\n"

        self._uri = _Once(make)

    def prepare(self) -> None:
        """Write the file; may run on a thread."""
        self._uri.get()

    def formats(self) -> list[str]:
        """What there is."""
        return [URIS, PNG]

    def hasFormat(self, mimetype: str) -> bool:  # noqa: N802 - Qt's name
        """Whether there is that."""
        return mimetype in self.formats()

    def retrieveData(self, mimetype: str, preferred: Preferred) -> Any:  # noqa: N802 - as Qt
        """Write the file, then name it or give its bytes."""
        if mimetype == URIS:
            encoded = QByteArray(self._uri.get())
            wanted = preferred.id() if isinstance(preferred, QMetaType) else preferred
            # Qt would turn bytes into a list by itself, but not those of a Python override.
            listed = wanted == QMetaType.Type.QVariantList.value
            return [QUrl.fromEncoded(encoded.trimmed())] if listed else encoded
        if mimetype == PNG:
            self._uri.get()
            return QByteArray(self.path.read_bytes())
        return None


def loader(mime: QMimeData | None, max_pixels: int) -> Load | None:
    """What decodes the picture on a clipboard, on a thread; None if there is no picture.

    Takes the bytes from the other program now, as only the GUI thread may.
    """
    if mime is None:
        return None
    if isinstance(mime, ClipMime):
        clip = mime.clip
        return lambda: clip
    if mime.hasFormat(PRIVATE):
        private = bytes(mime.data(PRIVATE).data())
        return lambda: from_private(private, max_pixels)
    if mime.hasFormat(PNG):
        png = bytes(mime.data(PNG).data())
        return lambda: from_png(png, max_pixels)
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        return lambda: clip_of(image)
    return None


def clip_of(image: QImage) -> Clip:
    """An image of Qt's, 8 or 16 bits, as a clip; its own color space is taken along."""
    import numpy as np

    deep = image.format() in (QImage.Format.Format_RGBA64, QImage.Format.Format_RGBX64)
    form = QImage.Format.Format_RGBA64 if deep else QImage.Format.Format_RGBA8888
    plain = image.convertToFormat(form)
    depth: Any = np.uint16 if deep else np.uint8
    rows = np.frombuffer(plain.constBits(), depth)
    across = plain.bytesPerLine() // np.dtype(depth).itemsize
    pixels = rows.reshape(plain.height(), across)[:, : 4 * plain.width()]
    space = image.colorSpace()
    icc = bytes(space.iccProfile().data()) if space.isValid() else b""
    return Clip(to_rgba(pixels.reshape(plain.height(), plain.width(), 4).copy()), icc=icc or None)
