"""The picture formats Impasto knows: by their first bytes, by suffix, for file dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.api.errors import UserError


@dataclass(frozen=True)
class Format:
    """What a format can hold.

    Attributes:
        name: as shown, such as "PNG".
        suffixes: lower case with the dot; the first is the usual one.
        writable: whether Impasto writes it.
        alpha: keeps transparency.
        deep: keeps 16 bits.
        gray: keeps a single color channel.
        max_side: largest width or height.
        layers: holds layers.
    """

    name: str
    suffixes: tuple[str, ...]
    writable: bool = True
    alpha: bool = True
    deep: bool = False
    gray: bool = False
    max_side: int = 2**31 - 1
    layers: bool = False


FORMATS = (
    Format("PNG", (".png",), deep=True, gray=True),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), alpha=False, gray=True, max_side=65500),
    Format("WebP", (".webp",), max_side=16383),
    Format("TIFF", (".tif", ".tiff"), deep=True, gray=True),
    Format("AVIF", (".avif",), max_side=65536),
    Format("OpenRaster", (".ora",), deep=True, layers=True),
    Format("Photoshop", (".psd", ".psb"), writable=False, deep=True, layers=True),
    Format("HEIC", (".heic", ".heif", ".hif"), writable=False, deep=True),
    Format("BMP", (".bmp", ".dib"), writable=False),
    Format("GIF", (".gif",), writable=False),
)
READABLE_SUFFIXES: tuple[str, ...] = tuple(s for f in FORMATS for s in f.suffixes)
WRITABLE_SUFFIXES: tuple[str, ...] = tuple(s for f in FORMATS if f.writable for s in f.suffixes)

# First bytes of what people do drop on an editor: the refusal can say what the file is.
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML or SVG file"),
    (b"PK\x03\x04", "a zip archive or a document in one"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def detect(head: bytes) -> str | None:
    """The format's name by a file's first 64 bytes or more, whatever its suffix says."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[4:8] == b"ftyp" and any(b in head[8:32] for b in (b"avif", b"avis")):
        return "AVIF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "HEIC"
    if head[:4] == b"8BPS":
        return "Photoshop"
    if head[:4] == b"PK\x03\x04" and b"mimetypeimage/openraster" in head:
        return "OpenRaster"
    if head[:3] == b"GIF":
        return "GIF"
    return "BMP" if head[:2] == b"BM" else None


def foreign_name(head: bytes) -> str | None:
    """What a file of no known format is, where its first bytes tell."""
    if head[4:8] == b"ftyp":
        return "a video"
    return next((name for magic, name in _FOREIGN if head.lstrip()[:12].startswith(magic)), None)


def writable_format(path: Path) -> Format:
    """The format that a path's suffix asks for.

    Raises:
        UserError: no suffix, or one that cannot be written.
    """
    suffix = path.suffix.lower()
    for known in FORMATS:
        if known.writable and suffix in known.suffixes:
            return known
    what = f'as "{suffix}"' if suffix else "without a suffix that names a format"
    raise UserError(
        f'"{path.name}" cannot be written {what}.',
        f"Choose a name that ends in one of {', '.join(WRITABLE_SUFFIXES)}.",
    )


def _filter(label: str, suffixes: tuple[str, ...]) -> str:
    return f"{label} ({' '.join('*' + suffix for suffix in suffixes)})"


def open_filters() -> tuple[str, ...]:
    """Filters for a file dialog that opens, "All pictures" first: ``"PNG (*.png)"``."""
    each = tuple(_filter(known.name, known.suffixes) for known in FORMATS)
    return (_filter("All pictures", READABLE_SUFFIXES), *each, "All files (*)")


def save_filters(*, layers_first: bool = False) -> tuple[str, ...]:
    """Filters for a file dialog that saves, one a format.

    Args:
        layers_first: begin with the formats that hold layers.
    """
    writable = [known for known in FORMATS if known.writable]
    if layers_first:
        writable.sort(key=lambda known: not known.layers)
    return tuple(_filter(known.name, known.suffixes) for known in writable)
