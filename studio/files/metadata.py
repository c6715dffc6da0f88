"""What a picture file holds besides its pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_XMP_ORIENTATION = re.compile(
    rb"(tiff:Orientation\s*=\s*[\"']\s*|<tiff:Orientation>\s*)[2-8](?=\s*[\"'<])"
)


@dataclass(frozen=True)
class Metadata:
    r"""Everything a save has to give back.

    Attributes:
        icc: RGB ICC profile of the pixels; None means sRGB.
        exif: EXIF block, TIFF-structured bytes that start with ``II`` or ``MM`` (no
            ``Exif\0\0`` prefix), orientation already 1, without a thumbnail.
        xmp: XMP packet, its orientation already 1.
        dpi: horizontal and vertical pixels per inch.
        gray: the file had a single color channel; it is saved gray again if still neutral.
        source_alpha: the file had an alpha channel.
        notes: what was converted on open, sentences for the user.
        recipe: records of the model results in it, oldest first. OpenRaster and PNG keep them all;
            the XMP of other formats does once a model generated something.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    gray: bool = False
    source_alpha: bool = False
    notes: tuple[str, ...] = ()
    recipe: tuple[Mapping[str, Any], ...] = ()


def upright_xmp(xmp: bytes | None) -> bytes | None:
    """The packet with ``tiff:Orientation`` set to 1, since the pixels are turned on open."""
    return None if xmp is None else _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def sane_dpi(x: float, y: float) -> tuple[float, float] | None:
    """A resolution that makes sense, or None: files carry 0, negative and infinite ones."""
    return (float(x), float(y)) if 0 < x < 1e6 and 0 < y < 1e6 else None
