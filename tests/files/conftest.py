"""What the tests of picture files share: EXIF blocks, profiles and ways to compare."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

# XResolution, YResolution and ResolutionUnit ride along in every camera's block.
_MAKER_NOTE = bytes(range(200))


def _exif(orientation: int = 1, *, thumbnail: bool = False, big_endian: bool = False) -> bytes:
    exif = Image.Exif()
    exif.endian = ">" if big_endian else "<"
    exif[0x010F] = "Impasto cameras"
    exif[0x0110] = "Model 7"
    exif[0x0112] = orientation
    exif[0x011A], exif[0x011B], exif[0x0128] = 240.0, 240.0, 2
    exif[0x8298] = "nobody"
    inner = exif.get_ifd(0x8769)
    inner[0x829A] = 0.008
    inner[0x8827] = 400
    inner[0x927C] = _MAKER_NOTE
    inner[0xA002], inner[0xA003] = 5, 3
    exif.get_ifd(0x8825)[1] = "N"
    block = exif.tobytes()
    if thumbnail:
        block = _with_thumbnail(block, big_endian=big_endian)
    return block


def _with_thumbnail(block: bytes, *, big_endian: bool) -> bytes:
    """Hang a second directory with a JPEG thumbnail behind the first."""
    order = "big" if big_endian else "little"
    body = bytearray(block.removeprefix(b"Exif\0\0"))
    start = int.from_bytes(body[4:8], order)
    count = int.from_bytes(body[start : start + 2], order)
    pointer = start + 2 + 12 * count
    body += b"\0" * (len(body) % 2)
    small = io.BytesIO()
    Image.new("RGB", (8, 8), (250, 10, 10)).save(small, "JPEG")
    at = len(body)

    def row(tag: int, value: int) -> bytes:
        sizes = ((tag, 2), (4, 2), (1, 4), (value, 4))
        return b"".join(number.to_bytes(size, order) for number, size in sizes)

    body += (2).to_bytes(2, order) + row(0x0201, at + 30) + row(0x0202, len(small.getvalue()))
    body += b"\0" * 4
    body += small.getvalue()
    body[pointer : pointer + 4] = at.to_bytes(4, order)
    return b"Exif\0\0" + bytes(body)


@pytest.fixture(scope="session")
def make_exif() -> Callable[..., bytes]:
    """A camera's block with prefix: orientation, exposure, maker note, GPS, perhaps a thumbnail."""
    return _exif


@pytest.fixture(scope="session")
def exif_values() -> Callable[[bytes | None], dict[int, object]]:
    """What a block says, by an independent reader: main, EXIF and GPS directories in one."""

    def values(block: bytes | None) -> dict[int, object]:
        exif = Image.Exif()
        exif.load(block or b"")
        return {**exif, **exif.get_ifd(0x8769), **exif.get_ifd(0x8825)}

    return values


@pytest.fixture(scope="session")
def foreign_profile() -> bytes:
    """An RGB profile that another maker wrote: Little CMS's own sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def picture() -> np.ndarray:
    """23 x 31 RGBA noise, 8 bits."""
    return np.random.default_rng(7).integers(0, 256, (23, 31, 4), np.uint8)


@pytest.fixture
def save_pillow(tmp_path: Path) -> Callable[..., Path]:
    """Save a Pillow image under a name in the test's folder, as another program would."""

    def save(image: Image.Image, name: str, **options: object) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return save
