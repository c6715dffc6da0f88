"""What an export will look like and weigh, found out quickly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.document import Array
from studio.files.codec import Samples, SaveOptions
from studio.files.formats import Format
from studio.files.images import decode_image, encode_image
from studio.files.metadata import Metadata

EXACT_PIXELS = 3_000_000
_PATCH = 320
_GRID = 3


@dataclass(frozen=True)
class Trial:
    """A trial encoding.

    Attributes:
        before: H x W x 4 of the part that was encoded, at the export's size.
        after: the same part as it is decoded again.
        icc: profile of ``before``.
        after_icc: profile of ``after``.
        nbytes: size of the whole file.
        exact: whether that was measured on the whole picture and not on samples of it.
        notes: what the format cannot hold.
    """

    before: Array
    after: Array
    icc: bytes | None
    after_icc: bytes | None
    nbytes: int
    exact: bool
    notes: tuple[str, ...]


def trial(
    kind: Format,
    pixels: Samples,
    metadata: Metadata,
    options: SaveOptions,
    centre: tuple[float, float] = (0.5, 0.5),
    part: tuple[int, int] = (1200, 900),
) -> Trial:
    """Encode a picture, or of a large one a part to look at and samples to weigh.

    Args:
        kind: a flat format.
        pixels: H x W x 4 at the size of the export.
        metadata: as it will be written.
        options: as they will be; ``size`` is not looked at.
        centre: the middle of the part, as shares of width and height.
        part: its largest width and height.

    Raises:
        UserError: the picture does not fit the format.
    """
    plain = replace(options, size=None)
    height, width = pixels.shape[:2]
    if height * width <= EXACT_PIXELS:
        data, notes = encode_image(kind, pixels, metadata, plain)
        back = decode_image(data)
        return Trial(pixels, back.pixels, metadata.icc, back.metadata.icc, len(data), True, notes)
    shown = np.ascontiguousarray(_part(pixels, centre, part))
    data, notes = encode_image(kind, shown, metadata, plain)
    back = decode_image(data)
    samples = _samples(pixels)
    weighed, _ = encode_image(kind, samples, metadata, plain)
    overhead = _overhead(kind, metadata, plain)
    share = (len(weighed) - overhead) / (samples.shape[0] * samples.shape[1])
    nbytes = round(share * height * width) + overhead
    return Trial(shown, back.pixels, metadata.icc, back.metadata.icc, nbytes, False, notes)


def _part(pixels: Samples, centre: tuple[float, float], part: tuple[int, int]) -> Samples:
    height, width = pixels.shape[:2]
    w, h = min(part[0], width), min(part[1], height)
    x = min(max(round(centre[0] * width - w / 2), 0), width - w)
    y = min(max(round(centre[1] * height - h / 2), 0), height - h)
    return pixels[y : y + h, x : x + w]


def _samples(pixels: Samples) -> Samples:
    """Nine patches from all over the picture in one, which compresses much as the whole does."""
    height, width = pixels.shape[:2]
    h, w = min(_PATCH, height // _GRID), min(_PATCH, width // _GRID)
    rows = []
    for row in range(_GRID):
        y = (height - h) * row // (_GRID - 1)
        across = [(width - w) * column // (_GRID - 1) for column in range(_GRID)]
        rows.append(np.concatenate([pixels[y : y + h, x : x + w] for x in across], axis=1))
    return np.concatenate(rows)


def _overhead(kind: Format, metadata: Metadata, options: SaveOptions) -> int:
    """Bytes that do not grow with the picture: profile, EXIF, headers."""
    tiny = np.zeros((8, 8, 4), np.uint8)
    return len(encode_image(kind, tiny, metadata, options)[0])
