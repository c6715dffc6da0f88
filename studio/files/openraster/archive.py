"""The zip file, read with limits: a small file must not unpack to a large surprise."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from studio.files.codec import Unreadable

MIMETYPE = "image/openraster"
_MOST_ENTRIES = 20_000
_TEXT_LIMIT = 64 << 20
_HARM = "The file may be made to do harm. If you trust it, save it again in another program."
_OTHER = "Use another copy of the file, or save it again in the program that made it."


class Archive:
    """The entries of an OpenRaster file.

    Args:
        file: an open, seekable file.
        max_pixels: of one picture in it; four times as many are allowed in all.

    Raises:
        Unreadable: it is no zip file, or has too many entries.
    """

    def __init__(self, file: BinaryIO, max_pixels: int) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unreadable("it is incomplete or damaged", _OTHER) from error
        self._entries = {info.filename: info for info in self._zip.infolist()}
        if len(self._zip.infolist()) > _MOST_ENTRIES:
            raise Unreadable("it has an unreasonable number of parts", _HARM)
        self._max_pixels = max_pixels
        self._pixels_left = 4 * max_pixels

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def require_openraster(self) -> None:
        """Refuse other kinds of zip files.

        Raises:
            Unreadable: the entry that says what it is is missing or says something else.
        """
        found = self.text("mimetype").strip() if "mimetype" in self else b""
        if found != MIMETYPE.encode():
            raise Unreadable("it is a zip archive, but not an OpenRaster picture", _OTHER)

    def text(self, name: str) -> bytes:
        """An entry that is no picture."""
        return self._read(name, _TEXT_LIMIT)

    def picture(self, name: str) -> bytes:
        """An entry that is a PNG."""
        # The worst PNG is a little larger than its 16-bit pixels.
        return self._read(name, 9 * self._max_pixels + (1 << 20))

    def count_pixels(self, pixels: int) -> None:
        """Take a picture's pixels from what the whole file may have.

        Raises:
            Unreadable: they are too many.
        """
        self._pixels_left -= pixels
        if self._pixels_left < 0:
            raise Unreadable(
                f"its layers have more than {4 * self._max_pixels / 1e6:g} megapixels together",
                'If memory allows, raise the setting "Largest picture" (max_pixels).',
            )

    def _read(self, name: str, limit: int) -> bytes:
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            raise Unreadable(f'it names a part outside of itself ("{name}")', _HARM)
        info = self._entries.get(name)
        if info is None:
            raise Unreadable(f'its part "{name}" is missing', _OTHER)
        if info.file_size > limit:
            raise Unreadable(f'its part "{name}" unpacks to an unreasonable size', _HARM)
        try:
            with self._zip.open(info) as entry:
                data = entry.read(limit + 1)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f'its part "{name}" is damaged', _OTHER) from error
        except Exception as error:
            # zlib.error and its kin of other methods share no base class with it.
            if isinstance(error, OSError):
                raise
            raise Unreadable(f'its part "{name}" is damaged', _OTHER) from error
        if len(data) > limit:
            raise Unreadable(f'its part "{name}" unpacks to an unreasonable size', _HARM)
        return data
