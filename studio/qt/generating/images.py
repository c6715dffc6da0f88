"""Results and previews as images for the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.document import Array
from studio.files.pixels import to_8_bits
from studio.host.previews import TilePreview
from studio.host.results import RunResult
from studio.qt.color import to_monitor
from studio.qt.transfer.compare import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage


def images_of(result: RunResult) -> list[QImage]:
    """Each variation of a result, without transparency where it has none. Safe on any thread."""
    picture = result.request.picture
    icc = picture.icc if picture is not None else None
    found = []
    for variant in result.variants:
        pixels = variant[0].pixels
        if variant[0].mask is not None and variant[0].mask.shape == pixels.shape[:2]:
            rows, columns = np.nonzero(variant[0].mask)
            if len(rows):
                box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
                pixels = pixels[box]
        found.append(_image(to_monitor(to_8_bits(np.ascontiguousarray(pixels)), icc)))
    return found


def image_of_preview(preview: TilePreview, icc: bytes | None) -> QImage:
    """An intermediate picture."""
    pixels = preview.pixels
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return _image(to_monitor(np.ascontiguousarray(pixels), icc))


def _image(pixels: Array) -> QImage:
    from PySide6.QtGui import QImage

    image = image_of(pixels)
    opaque = bool((pixels[..., 3] == 255).all())
    return image.convertToFormat(QImage.Format.Format_RGBX8888) if opaque else image
