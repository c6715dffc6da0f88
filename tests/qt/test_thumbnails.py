"""Thumbnails of picture files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from PySide6.QtGui import QColor

from studio.document import Picture
from studio.files.documents import write_document
from studio.files.metadata import Metadata
from studio.qt.thumbnails import read_thumbnail

COLOR = (200, 40, 90)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".heic", ".ora"])
def test_every_kind_of_file_that_is_worked_on_has_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    pixels = np.full((400, 800, 4), (*COLOR, 255), np.uint8)
    if suffix == ".heic":
        pillow_heif.from_pillow(Image.fromarray(pixels[..., :3])).save(path)
    else:
        write_document(path, Picture.from_pixels(pixels), Metadata())
    image = read_thumbnail(path)
    assert image is not None
    assert image.width() == 2 * image.height()
    assert 200 <= image.width() <= 320
    middle = QColor(image.pixel(image.width() // 2, image.height() // 2))
    found = (middle.red(), middle.green(), middle.blue())
    assert max(abs(a - b) for a, b in zip(found, COLOR, strict=True)) <= 6


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert read_thumbnail(tmp_path / "gone.ora") is None
