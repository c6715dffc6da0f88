"""How pictures show themselves in a notebook."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

from studio.document import Array, Picture, composite
from studio.files import pixels as arithmetic
from studio.files.codec import SaveOptions
from studio.files.formats import FORMATS
from studio.files.images import encode_image
from studio.files.metadata import Metadata
from studio.files.profiles import convert

LONGEST = 1024
"""Pixels of the longer side of a picture that is shown; a notebook keeps every one in its file."""
SMALL = 320
_PNG = next(kind for kind in FORMATS if kind.name == "PNG")
_PAPER = (
    "repeating-conic-gradient(#cfcfcf 0% 25%, #f4f4f4 0% 50%) 50% / 16px 16px"  # transparent parts
)


def picture_png(picture: Picture, longest: int = LONGEST) -> bytes:
    """What a picture shows as a PNG file: sRGB, 8 bits, at most ``longest`` pixels wide and high."""
    return array_png(composite(picture), picture.icc, longest)


def array_png(pixels: Array, icc: bytes | None = None, longest: int = LONGEST) -> bytes:
    """The same of H x W x 4 straight RGBA."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longest / max(width, height))
    if scale < 1:
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        pixels = arithmetic.resize(pixels, *size)
    shown = arithmetic.to_8_bits(convert(pixels, icc, None))
    return encode_image(_PNG, shown, Metadata(source_alpha=True), SaveOptions())[0]


def figure(png: bytes, caption: str) -> str:
    """A picture with words below it, as HTML that needs nothing else."""
    data = base64.b64encode(png).decode("ascii")
    words = html.escape(caption)
    return (
        '<figure style="display:inline-block;margin:0 12px 12px 0;vertical-align:top">'
        f'<img alt="{words}" src="data:image/png;base64,{data}" style="background:{_PAPER};'
        f'max-width:100%"><figcaption style="max-width:40em">{words}</figcaption></figure>'
    )


def escape(text: str) -> str:
    """Text as HTML."""
    return html.escape(text)


def notes_html(notes: Iterable[str]) -> str:
    """Notes as a list; nothing if there are none."""
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain texts as HTML."""
    head = "".join(f'<th style="text-align:left">{html.escape(cell)}</th>' for cell in heading)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{html.escape(c)}</td>' for c in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
