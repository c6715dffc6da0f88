"""What readers and writers of single formats share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from studio.files.metadata import Metadata

Samples = NDArray[np.uint8 | np.uint16]


class Unreadable(Exception):
    """A reader's reason why this file cannot be opened; `read_image` adds the file's name."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True)
class Decoded:
    """A reader's answer: straight RGBA, not yet turned upright.

    Attributes:
        pixels: H x W x 4, uint8 or uint16.
        metadata: `exif` and `xmp` as found in the file, `icc` already fitting RGB.
        orientation: EXIF orientation that is still to be applied, 1 to 8.
    """

    pixels: Samples
    metadata: Metadata
    orientation: int = 1


@dataclass(frozen=True)
class SaveOptions:
    """How to write a picture; each format uses what it knows.

    Attributes:
        quality: of JPEG, WebP and AVIF, 1 to 100.
        lossless: WebP keeps every pixel, also the color under alpha 0.
        compression: of PNG and TIFF, 0 (none) to 9 (smallest); pixels are the same.
        background: 8-bit RGB that transparency is flattened onto where the format has none.
        text: key and value pairs for PNG text chunks.
        size: width and height to resample to; None keeps them.
        metadata: write EXIF, XMP and the records of model results.
        records: write those records, with prompts and settings; without them, only that a model was
            at work is said.
        srgb: convert to sRGB, for programs that ignore profiles, and leave the profile out.
    """

    quality: int = 92
    lossless: bool = False
    compression: int = 4  # one photo as PNG: 2.7 times as fast as 6, 5 % larger
    background: tuple[int, int, int] = (255, 255, 255)
    text: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    metadata: bool = True
    records: bool = True
    srgb: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be 1 to 100, not {self.quality}")
        if not 0 <= self.compression <= 9:
            raise ValueError(f"compression must be 0 to 9, not {self.compression}")
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"a picture of {self.size} has no pixels")


@dataclass(frozen=True)
class Tags:
    """Metadata that fits the samples being written: `icc` is gray for gray samples."""

    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    dpi: tuple[float, float] | None


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture by its header, before anything of its size is allocated."""
    if width < 1 or height < 1:
        raise Unreadable(
            "its header says that it has no pixels", "The file is damaged; use another copy."
        )
    if width * height > max_pixels:
        raise Unreadable(
            f"its header says {width} x {height} pixels ({width * height / 1e6:.0f} megapixels), "
            f"more than the {max_pixels / 1e6:g} megapixels that are allowed",
            'If it is a real picture and memory allows, raise the setting "Largest picture" '
            "(max_pixels).",
        )
