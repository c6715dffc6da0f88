"""PNG: every kind at its own depth.

Pillow reads 16-bit color as 8-bit, so libpng decodes here and the chunks are read and written
directly. Layout: PNG specification, third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import imagecodecs
import numpy as np

from studio.files import exif
from studio.files.codec import Decoded, Samples, SaveOptions, Tags, Unreadable, check_size
from studio.files.metadata import Metadata, sane_dpi
from studio.files.profiles import develop
from studio.files.provenance import records_from

_XMP_KEYWORD = b"XML:com.adobe.xmp"
RECIPE_KEY = "impasto:recipe"
_LARGEST_UNPACKED = 16 << 20  # of a profile or an XMP packet
_INCH = 0.0254


def read_png(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode a PNG; the first picture of an animated one."""
    header = file.read(33)
    if len(header) < 33 or header[12:16] != b"IHDR":
        raise Unreadable("it is incomplete", "Use another copy of the file.")
    width, height = struct.unpack(">II", header[16:24])
    check_size(width, height, max_pixels)
    data = header + file.read()
    chunks = _chunks(data)
    samples = imagecodecs.png_decode(data)
    if samples.ndim == 2:
        samples = samples[..., None]
    gray = header[25] in (0, 4)
    pixels, icc, notes = develop(samples, "gray" if gray else "rgb", _icc(chunks))
    if b"acTL" in chunks:
        notes += ("The animation's first picture was opened.",)
    block, orientation, dpi = exif.open_block(chunks.get(b"eXIf"))
    if chunks.get(b"eXIf") and block is None:
        notes += ("The EXIF data was damaged and was left out.",)
    metadata = Metadata(
        icc=icc,
        exif=block,
        xmp=chunks.get(b"iTXt"),
        dpi=_dpi(chunks) or dpi,
        gray=gray,
        source_alpha=samples.shape[2] in (2, 4),
        notes=notes,
        recipe=_recipe(chunks.get(b"recipe", b"")),
    )
    return Decoded(pixels, metadata, orientation)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Ancillary chunks by type; of the text chunks only XMP, unpacked."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"iTXt" and data.startswith(_XMP_KEYWORD + b"\0", at + 8):
            found.setdefault(kind, _international_text(data[at + 8 : at + 8 + size]))
        elif kind in (b"tEXt", b"iTXt") and data.startswith(RECIPE_KEY.encode() + b"\0", at + 8):
            found.setdefault(b"recipe", data[at + 8 : at + 8 + size])
        elif kind not in (b"IDAT", b"IHDR", b"iTXt", b"recipe"):
            found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 12 + size
    return found


def _international_text(chunk: bytes) -> bytes:
    packed, rest = chunk[len(_XMP_KEYWORD) + 1 : len(_XMP_KEYWORD) + 3], chunk[20:]
    text = rest.split(b"\0", 2)[-1]
    return _unpack(text) if packed[:1] == b"\1" else text


def _unpack(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(data, _LARGEST_UNPACKED)
    if unpacker.unconsumed_tail:
        raise Unreadable(
            "its profile or text unpacks to an unreasonable size",
            "The file may be made to do harm. If you trust it, save it again in another program.",
        )
    return unpacked


def _icc(chunks: Mapping[bytes, bytes]) -> bytes | None:
    _, separator, rest = chunks.get(b"iCCP", b"").partition(b"\0")
    if not separator:
        return None
    try:
        return _unpack(rest[1:])
    except zlib.error:
        return b""  # present but damaged: `develop` says so


def _dpi(chunks: Mapping[bytes, bytes]) -> tuple[float, float] | None:
    chunk = chunks.get(b"pHYs", b"")
    if len(chunk) != 9 or chunk[8] != 1:
        return None
    x, y = struct.unpack(">II", chunk[:8])
    # Whole dpi do not fit pHYs's pixels per metre; give back the ones that were meant.
    near = [round(v * _INCH, 2) for v in (x, y)]
    return sane_dpi(*(round(v) if abs(v - round(v)) < 0.02 else v for v in near))


def _recipe(chunk: bytes) -> tuple[Mapping[str, Any], ...]:
    """The records in a text chunk of either kind; none if they make no sense."""
    text = chunk[len(RECIPE_KEY) + 1 :]
    if text.startswith(b"\0\0\0\0"):  # iTXt: not packed, no language, no translated keyword
        text = text[4:]
    return records_from(text)


def read_recipe(file: BinaryIO) -> tuple[Mapping[str, Any], ...]:
    """The records of model results in a PNG, oldest first, without decoding its pixels."""
    data = file.read()
    return _recipe(_chunks(data).get(b"recipe", b"")) if data[:4] == b"\x89PNG" else ()


def write_png(out: BinaryIO, samples: Samples, tags: Tags, options: SaveOptions) -> None:
    """Encode H x W x (1 to 4) samples, 8 or 16 bits."""
    shape = samples.shape[:2] if samples.shape[2] == 1 else samples.shape
    # numpy gives axes of length 1 any stride, which the encoder refuses: lay them out afresh.
    plain = np.ascontiguousarray(samples).reshape(-1).reshape(shape)
    # Runs of differences only, on request for speed: a photo in half the time at the same size.
    fast = {"strategy": 3, "filter": 16} if options.compression == 1 else {}
    encoded = imagecodecs.png_encode(plain, options.compression, **fast)
    out.write(encoded[:33])
    if tags.icc is not None:
        out.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(tags.icc)))
    if tags.dpi is not None:
        per_metre = [round(value / _INCH) for value in tags.dpi]
        out.write(_chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if tags.exif is not None:
        out.write(_chunk(b"eXIf", tags.exif))
    if tags.xmp is not None:
        out.write(_chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + tags.xmp))
    out.writelines(_text_chunk(key, value) for key, value in options.text.items())
    out.write(memoryview(encoded)[33:])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text_chunk(key: str, value: str) -> bytes:
    keyword = key.encode("latin-1")
    if not 1 <= len(keyword) <= 79 or b"\0" in keyword or "\0" in value:
        raise ValueError(f"a PNG text key has 1 to 79 Latin-1 characters: {key!r}")
    try:
        return _chunk(b"tEXt", keyword + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", keyword + b"\0\0\0\0\0" + value.encode())
