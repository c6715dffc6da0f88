"""JPEG, WebP, AVIF, BMP and GIF, through Pillow's own classes for each.

`PIL.Image.open` is not used: it tries formats the caller did not ask for, and its global limit
warns about 100 megapixels. Sizes are checked by header here instead.
"""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile

from studio.files import exif
from studio.files.codec import Decoded, Samples, SaveOptions, Tags, Unreadable, check_size
from studio.files.metadata import Metadata, sane_dpi
from studio.files.pixels import to_rgba
from studio.files.profiles import Space, develop

_EXIF_PREFIX = b"Exif\0\0"
_JPEG_SEGMENT = 65533
_XMP_HEADER = 29
LARGEST_XMP = _JPEG_SEGMENT - _XMP_HEADER
"""Bytes of XMP that a JPEG holds."""


def read_jpeg(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode a baseline or progressive JPEG: gray, RGB, or CMYK as Adobe writes it."""
    picture = JpegImageFile(file)
    check_size(*picture.size, max_pixels)
    notes: tuple[str, ...] = ()
    if "mp" in picture.info:
        notes = ("The file holds more pictures (a preview or a gain map); the first was opened.",)
    return _finish(picture, notes)


def read_webp(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode a WebP; the first picture of an animation."""
    # Pillow's decoder allocates the whole canvas when it is made: look at the header first.
    check_size(*_webp_size(file.read(30)), max_pixels)
    file.seek(0)
    picture = WebPImageFile(file)
    return _finish(picture, _first_of(picture))


def read_avif(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode an AVIF; 10 and 12 bits become 16. The first picture of a sequence."""
    data = file.read()
    picture = AvifImageFile(io.BytesIO(data))
    check_size(*picture.size, max_pixels)
    bits = _avif_bits(data)
    if bits == 8:
        return _finish(picture, _first_of(picture))
    samples = imagecodecs.avif_decode(data, index=0).astype(np.uint32)
    samples = samples[..., None] if samples.ndim == 2 else samples
    largest = 2**bits - 1
    deep = ((samples * 65535 + largest // 2) // largest).astype(np.uint16)
    return _finish(picture, _first_of(picture), deep)


def read_bmp(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode a Windows bitmap."""
    picture = BmpImageFile(file)
    check_size(*picture.size, max_pixels)
    return _finish(picture, ())


def read_gif(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode a GIF's first picture."""
    header = file.read(10)
    if len(header) < 10:
        raise Unreadable("it is incomplete", "Use another copy of the file.")
    width, height = struct.unpack("<HH", header[6:10])
    check_size(width, height, max_pixels)
    file.seek(0)
    picture = GifImageFile(file)
    check_size(*picture.size, max_pixels)
    decoded = _finish(picture, ())
    try:
        notes = _first_of(picture)
    except (EOFError, OSError, ValueError, IndexError):  # a damaged second picture is no loss
        notes = ()
    metadata = Metadata(source_alpha=decoded.metadata.source_alpha, notes=notes)
    return Decoded(decoded.pixels, metadata)


def _first_of(picture: ImageFile.ImageFile) -> tuple[str, ...]:
    animated = getattr(picture, "is_animated", False)
    return ("The animation's first picture was opened.",) if animated else ()


def _webp_size(head: bytes) -> tuple[int, int]:
    """Canvas size from the first 30 bytes. Layout: RFC 9649."""
    kind = head[12:16]
    if len(head) == 30 and kind == b"VP8X":
        width, height = (int.from_bytes(head[i : i + 3], "little") + 1 for i in (24, 27))
        return width, height
    if len(head) == 30 and kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if len(head) == 30 and kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise Unreadable("it is damaged or incomplete", "Use another copy of the file.")


def _avif_bits(data: bytes) -> int:
    """8, 10 or 12, from the codec configuration box (AV1-ISOBMFF, section 2.3.3)."""
    at = data.find(b"av1C")
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _samples_of(picture: ImageFile.ImageFile) -> tuple[Samples, Space]:
    mode = picture.mode
    if mode in ("L", "LA"):
        space: Space = "gray"
    elif mode == "CMYK":
        space = "cmyk"
    elif mode in ("RGB", "RGBA"):
        space = "rgb"
    elif mode in ("1", "P", "PA"):
        transparent = picture.has_transparency_data
        return np.asarray(picture.convert("RGBA" if transparent else "RGB")), "rgb"
    else:
        raise Unreadable(
            f'its pixel layout ("{mode}") is not supported',
            "Convert it to 8-bit RGB in another program.",
        )
    samples = np.asarray(picture)
    return (samples[..., None] if samples.ndim == 2 else samples), space


def _finish(
    picture: ImageFile.ImageFile, notes: tuple[str, ...], decoded: Samples | None = None
) -> Decoded:
    if decoded is None:
        picture.load()
        samples, space = _samples_of(picture)
    else:
        samples, space = to_rgba(decoded), "rgb"
    info: dict[Any, Any] = picture.info
    gray = picture.mode in ("L", "LA")
    has_alpha = picture.mode in ("LA", "RGBA", "PA") or picture.has_transparency_data
    pixels, icc, more = develop(samples, space, info.get("icc_profile") or None)
    block, orientation, exif_dpi = exif.open_block(info.get("exif"))
    if info.get("exif") and block is None:
        more += ("The EXIF data was damaged and was left out.",)
    dpi = info.get("dpi")
    metadata = Metadata(
        icc=icc,
        exif=block,
        xmp=info.get("xmp"),
        dpi=(sane_dpi(*dpi) if dpi else None) or exif_dpi,
        gray=gray,
        source_alpha=has_alpha,
        notes=notes + more,
    )
    return Decoded(pixels, metadata, orientation)


def _image(samples: Samples) -> Image.Image:
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)


def write_jpeg(
    out: BinaryIO, samples: Samples, tags: Tags, options: SaveOptions
) -> tuple[str, ...]:
    """Encode gray or RGB, 8 bits; full color resolution from quality 90 on."""
    notes: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
    if tags.exif is not None:
        if len(tags.exif) + len(_EXIF_PREFIX) <= _JPEG_SEGMENT:
            extra["exif"] = _EXIF_PREFIX + tags.exif
        else:
            notes += ("The EXIF data was left out: it is larger than JPEG allows.",)
    if tags.xmp is not None:
        if len(tags.xmp) <= LARGEST_XMP:
            extra["xmp"] = tags.xmp
        else:
            notes += ("The XMP data was left out: it is larger than JPEG allows.",)
    if tags.dpi is not None and max(tags.dpi) < 65535:
        extra["dpi"] = tags.dpi
    encoded = io.BytesIO()
    _image(samples).save(
        encoded,
        "JPEG",
        quality=options.quality,
        subsampling=0 if options.quality >= 90 else 2,
        icc_profile=tags.icc,
        **extra,
    )
    out.write(encoded.getbuffer())
    return notes


def write_webp(out: BinaryIO, samples: Samples, tags: Tags, options: SaveOptions) -> None:
    """Encode RGB or RGBA, 8 bits; lossless keeps the color under alpha 0 too."""
    encoded = io.BytesIO()
    _image(samples).save(
        encoded,
        "WEBP",
        quality=options.quality,
        lossless=options.lossless,
        exact=options.lossless,
        icc_profile=tags.icc or b"",
        exif=tags.exif or b"",
        xmp=tags.xmp or b"",
    )
    out.write(encoded.getbuffer())


def write_avif(
    out: BinaryIO, samples: Samples, tags: Tags, options: SaveOptions
) -> tuple[str, ...]:
    """Encode RGB or RGBA, 8 bits, at full color resolution from quality 90 on."""
    encoded = io.BytesIO()
    quality = 100 if options.lossless else options.quality
    _image(samples).save(
        encoded,
        "AVIF",
        quality=quality,
        speed=8,  # on the photo measured as small as with Pillow's 6, and six times as fast
        subsampling="4:4:4" if quality >= 90 else "4:2:0",
        icc_profile=tags.icc or b"",
        # Pillow re-encodes a block that has an orientation, to turn the picture itself.
        exif=exif.without_orientation(tags.exif) if tags.exif else b"",
        xmp=tags.xmp or b"",
    )
    out.write(encoded.getbuffer())
    if options.lossless:
        return ("AVIF was saved at its highest quality, which is not quite lossless.",)
    return ()
