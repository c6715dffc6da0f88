"""Opening and saving pictures: one function each, whatever the format.

A format is a row in `_READERS` or `_WRITERS` and in `formats.FORMATS`.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from studio.api.errors import UserError
from studio.files import exif, heif, png, raster, tiff
from studio.files import pixels as arithmetic
from studio.files.atomic import replace_file
from studio.files.codec import Decoded, Samples, SaveOptions, Tags, Unreadable
from studio.files.formats import (
    FORMATS,
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    Format,
    detect,
    foreign_name,
    open_filters,
    save_filters,
    writable_format,
)
from studio.files.ifd import DamagedError
from studio.files.metadata import Metadata, upright_xmp
from studio.files.profiles import convert, gray_profile
from studio.files.provenance import as_text, plain_texts, records_in, with_label

__all__ = [
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "OpenedImage",
    "SaveOptions",
    "decode_image",
    "encode_image",
    "open_filters",
    "read_image",
    "save_filters",
    "writable_format",
    "write_image",
]

_READERS: dict[str, Callable[[BinaryIO, int], Decoded]] = {
    "PNG": png.read_png,
    "JPEG": raster.read_jpeg,
    "WebP": raster.read_webp,
    "TIFF": tiff.read_tiff,
    "AVIF": raster.read_avif,
    "HEIC": heif.read_heif,
    "BMP": raster.read_bmp,
    "GIF": raster.read_gif,
}
_WRITERS: dict[str, Callable[[BinaryIO, Samples, Tags, SaveOptions], tuple[str, ...] | None]] = {
    "PNG": png.write_png,
    "JPEG": raster.write_jpeg,
    "WebP": raster.write_webp,
    "TIFF": tiff.write_tiff,
    "AVIF": raster.write_avif,
}
LAYERED = ("OpenRaster", "Photoshop")
"""Formats that `documents` reads; here they are opened as what they show."""
T = TypeVar("T")
_OTHER_COPY = "Use another copy of the file, or repair it in the program that made it."


@dataclass(frozen=True)
class OpenedImage:
    """A picture as read.

    Attributes:
        pixels: H x W x 4, straight RGBA, C-contiguous, uint8 or uint16, upright.
        metadata: what a save gives back.
        format: the name of the format, such as "PNG".
    """

    pixels: Samples
    metadata: Metadata
    format: str


def read_image(path: Path, *, max_pixels: int = 300_000_000) -> OpenedImage:
    """Open a picture, recognised by its content and not by its suffix.

    Args:
        path: the file.
        max_pixels: larger pictures are refused by their header, before anything is allocated.

    Raises:
        UserError: there is no such file, it is no picture, damaged, too large or unsupported.
    """
    path = Path(path)
    with opened(path) as (file, name):
        if name in LAYERED:
            return _flattened(path, max_pixels)
        decoded = guarded(path, name, lambda: _READERS[name](file, max_pixels))
    return _upright(decoded, name)


def _upright(decoded: Decoded, name: str) -> OpenedImage:
    xmp = upright_xmp(decoded.metadata.xmp)
    recipe = decoded.metadata.recipe or records_in(xmp)
    metadata = replace(decoded.metadata, xmp=xmp, recipe=recipe)
    return OpenedImage(arithmetic.orient(decoded.pixels, decoded.orientation), metadata, name)


def _flattened(path: Path, max_pixels: int) -> OpenedImage:
    from studio.document import composite
    from studio.files.documents import is_layered, read_document

    found = read_document(path, max_pixels=max_pixels)
    notes = found.metadata.notes
    if is_layered(found.picture):
        notes = ("The layers were merged into one.", *notes)
    metadata = replace(found.metadata, notes=notes)
    return OpenedImage(composite(found.picture), metadata, found.format)


def decode_image(data: bytes, max_pixels: int = 300_000_000) -> OpenedImage:
    """Open an encoded picture that is in memory, such as one from the clipboard.

    Raises:
        UserError: as `read_image`, naming it "picture".
    """
    path = Path("picture")
    name = _recognise(path, data[:64])
    if name in LAYERED:
        raise UserError(f"A {name} document was given where a flat picture is expected.", "")
    return _upright(guarded(path, name, lambda: _READERS[name](io.BytesIO(data), max_pixels)), name)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """A picture file and the name of its format.

    Raises:
        UserError: there is no such file, it cannot be read, or it is no picture.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            what = "a folder" if path.is_dir() else "not a file"
            raise UserError(f'"{path.name or path}" is {what}.', "Choose a picture file.")
        with path.open("rb") as file:
            head = file.read(64)
            file.seek(0)
            yield file, _recognise(path, head)
    except OSError as error:
        raise _open_error(path, error) from error


def _open_error(path: Path, error: OSError) -> UserError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UserError(
            f'There is no file "{path}".', "Check the name; it may have been moved or renamed."
        )
    if isinstance(error, PermissionError):
        return UserError(
            f'You may not read "{path.name}".', "Change the file's permissions or ask its owner."
        )
    reason = error.strerror or str(error)
    return UserError(f'"{path.name}" cannot be read: {reason}.', "Check the disk it is on.")


def _recognise(path: Path, head: bytes) -> str:
    if not head:
        raise UserError(f'"{path.name}" is empty (0 bytes).', _OTHER_COPY)
    name = detect(head)
    if name is None:
        what = foreign_name(head)
        known = f"Impasto opens {', '.join(each.name for each in FORMATS)}"
        raise UserError(
            f'"{path.name}" is {what}, which Impasto cannot open.'
            if what
            else f'"{path.name}" is not a picture, or is damaged at its start.',
            f"{known}; convert it in another program." if what else f"{known}.",
        )
    return name


def guarded(path: Path, name: str, read: Callable[[], T]) -> T:
    """Call a reader; whatever it makes of hostile bytes becomes a `UserError` about ``path``."""
    opening = f'"{path.name}" cannot be opened'
    try:
        return read()
    except UserError:
        raise
    except Unreadable as error:
        raise UserError(f"{opening}: {error.reason}.", error.hint) from error
    except MemoryError as error:
        raise UserError(
            f"{opening}: there is not enough memory for it.", "Close other pictures or programs."
        ) from error
    # Decoders answer hostile bytes with any exception there is (struct.error, SyntaxError,
    # IndexError, ZeroDivisionError...): at this border all of them mean one thing.
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UserError(
            f"{opening}: the {name} data is damaged or incomplete ({_brief(error)}).", _OTHER_COPY
        ) from error


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 100 else text[:97] + "..."


def write_image(
    path: Path, pixels: Samples, metadata: Metadata, options: SaveOptions | None = None
) -> tuple[str, ...]:
    """Save a picture in the format that the suffix names, keeping all that the format can hold.

    The file is replaced in one step: whatever goes wrong, the old one stays.

    Args:
        path: where to; links are followed and keep existing.
        pixels: H x W x 4, straight RGBA, uint8 or uint16, in the profile of `metadata`.
        metadata: as opened.
        options: quality and the like.

    Returns:
        What the format could not hold, sentences for the user.

    Raises:
        UserError: the suffix is unknown, the picture does not fit the format, or the file
            cannot be written.
    """
    path = Path(path)
    options = options or SaveOptions()
    kind = writable_format(path)
    if kind.layers:
        from studio.document import Picture
        from studio.files.documents import write_document

        pixels, metadata = _prepared(pixels, metadata, options)
        picture = Picture.from_pixels(pixels, icc=metadata.icc)
        plain = replace(options, size=None, srgb=False)
        return write_document(path, picture, metadata, plain)
    encode, notes = _encoder(pixels, metadata, options, kind, f'"{path.name}" was not saved')
    extra: list[str] = []

    def write(out: BinaryIO) -> None:
        extra.extend(encode(out))

    try:
        replace_file(path, write)
    except MemoryError as error:
        raise UserError(
            f'"{path.name}" was not saved: there is not enough memory.',
            "Close other pictures or programs and save again.",
        ) from error
    return (*notes, *extra)


def encode_image(
    kind: Format, pixels: Samples, metadata: Metadata, options: SaveOptions
) -> tuple[bytes, tuple[str, ...]]:
    """The bytes that `write_image` would write in a flat format, and what is lost.

    Raises:
        UserError: the picture does not fit the format.
    """
    encode, notes = _encoder(pixels, metadata, options, kind, "The picture cannot be encoded")
    out = io.BytesIO()
    extra = encode(out)
    return out.getvalue(), (*notes, *extra)


def _prepared(
    pixels: Samples, metadata: Metadata, options: SaveOptions
) -> tuple[Samples, Metadata]:
    """Apply what the options say of size, profile and metadata."""
    if options.size is not None:
        pixels = arithmetic.resize(pixels, *options.size)
    if options.srgb:
        pixels, metadata = convert(pixels, metadata.icc, None), replace(metadata, icc=None)
    if not options.metadata:
        metadata = replace(metadata, exif=None, xmp=None, recipe=())
    return pixels, metadata


def _encoder(
    pixels: Samples, metadata: Metadata, options: SaveOptions, kind: Format, failure: str
) -> tuple[Callable[[BinaryIO], tuple[str, ...]], tuple[str, ...]]:
    """What writes the file, and what is lost by it."""
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be H x W x 4 uint8 or uint16, not {pixels.shape}")
    height, width = pixels.shape[:2] if options.size is None else options.size[::-1]
    if not 0 < max(width, height) <= kind.max_side or min(width, height) < 1:
        raise UserError(
            f"{failure}: {kind.name} holds pictures up to {kind.max_side} "
            f"pixels wide or high, and this one is {width} x {height}.",
            "Save it as PNG or TIFF.",
        )
    pixels, metadata = _prepared(pixels, metadata, options)
    largest = raster.LARGEST_XMP if kind.name == "JPEG" else None
    metadata, said = with_label(metadata, details=options.records, largest=largest)
    samples, gray, notes = _fit(pixels, metadata, options, kind)
    tags, more = _tags(metadata, gray, (width, height), kind)
    if metadata.recipe and kind.name == "PNG":
        texts = {png.RECIPE_KEY: as_text(metadata.recipe), **plain_texts(metadata.recipe)}
        options = replace(options, text={**texts, **options.text})
    written = (*notes, *more, *said)
    return lambda out: _WRITERS[kind.name](out, samples, tags, options) or (), written


def _fit(
    pixels: Samples, metadata: Metadata, options: SaveOptions, kind: Format
) -> tuple[Samples, bool, tuple[str, ...]]:
    """Samples that the format can hold, whether they are gray, and what was lost."""
    notes: tuple[str, ...] = ()
    opaque = arithmetic.is_opaque(pixels)
    if not opaque and not kind.alpha:
        pixels, opaque = arithmetic.flatten(pixels, options.background), True
        color = "white" if options.background == (255, 255, 255) else f"RGB {options.background}"
        notes += (f"Transparency was flattened onto {color}: {kind.name} has none.",)
    if pixels.dtype == np.uint16 and not kind.deep:
        pixels = arithmetic.to_8_bits(pixels)
        notes += (f"16 bits were reduced to 8: {kind.name} has no more.",)
    alpha = kind.alpha and (metadata.source_alpha or not opaque)
    gray = (
        metadata.gray
        and kind.gray
        and (metadata.icc is None or gray_profile(metadata.icc) is not None)
        and arithmetic.is_neutral(pixels)
    )
    if gray:
        pixels = pixels[..., ::3] if alpha else pixels[..., :1]
    elif not alpha:
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels), gray, notes


def _tags(
    metadata: Metadata, gray: bool, size: tuple[int, int], kind: Format
) -> tuple[Tags, tuple[str, ...]]:
    try:
        block = exif.save_block(
            metadata.exif,
            size,
            metadata.dpi,
            only_carrier_of_dpi=kind.name in ("WebP", "AVIF"),
        )
        notes: tuple[str, ...] = ()
    except DamagedError:
        block, notes = None, ("The EXIF data was damaged and was left out.",)
    icc = gray_profile(metadata.icc) if gray else metadata.icc
    return Tags(icc, block, metadata.xmp, metadata.dpi), notes
