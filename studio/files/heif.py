"""HEIC and HEIF through pillow-heif (libheif)."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np

from studio.files import exif
from studio.files.codec import Decoded, Unreadable, check_size
from studio.files.icc import P3_PRIMARIES, REC2020_PRIMARIES, matrix_profile
from studio.files.metadata import Metadata
from studio.files.profiles import Space, develop

# ITU-T H.273: color primaries that are not sRGB's, and curves of high dynamic range.
_PRIMARIES = {9: ("Rec. 2020", REC2020_PRIMARIES), 12: ("Display P3", P3_PRIMARIES)}
_HDR_CURVES = {16: "PQ", 18: "HLG"}


def read_heif(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode the primary picture; 10 and 12 bits become 16.

    The container turns pictures itself, so libheif has applied the orientation and the EXIF one
    counts for nothing (ISO/IEC 23008-12, A.2.2).
    """
    import pillow_heif

    data = file.read()
    try:
        container = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        picture = container[container.primary_index]
        check_size(*picture.size, max_pixels)
        samples = np.asarray(picture)
    except (ValueError, EOFError, SyntaxError, RuntimeError, IndexError) as error:
        raise Unreadable(
            f"the HEIC data is damaged or of an unsupported kind ({error})",
            "Use another copy of the file, or convert it in another program.",
        ) from error
    if samples.ndim == 2:
        samples = samples[..., None]
    if picture.premultiplied_alpha and samples.shape[2] in (2, 4):
        samples = _straight(samples)
    return _finished(picture.info, samples, len(container))


def _finished(info: dict[str, Any], samples: Any, count: int) -> Decoded:
    notes: tuple[str, ...] = ()
    if count > 1:
        notes = (f"The file holds {count} pictures; the main one was opened.",)
    space: Space = "gray" if samples.shape[2] < 3 else "rgb"
    icc = info.get("icc_profile") or None
    nclx = info.get("nclx_profile") or {}
    if icc is None and space == "rgb":
        icc, more = _profile_of(nclx)
        notes += more
    pixels, icc, more = develop(np.ascontiguousarray(samples), space, icc)
    block, _, dpi = exif.open_block(info.get("exif"))
    if info.get("exif") and block is None:
        more += ("The EXIF data was damaged and was left out.",)
    metadata = Metadata(
        icc=icc,
        exif=block,
        xmp=info.get("xmp") or None,
        dpi=dpi,
        gray=space == "gray",
        source_alpha=samples.shape[2] in (2, 4),
        notes=notes + more,
    )
    return Decoded(pixels, metadata)


def _profile_of(nclx: dict[str, Any]) -> tuple[bytes | None, tuple[str, ...]]:
    """An ICC profile for coding-independent code points; None is sRGB."""
    curve = _HDR_CURVES.get(int(nclx.get("transfer_characteristics", 2)))
    notes = (f"Its {curve} brightness was taken as that of a normal picture.",) if curve else ()
    known = _PRIMARIES.get(int(nclx.get("color_primaries", 1)))
    return (matrix_profile(*known) if known else None), notes


def _straight(samples: Any) -> Any:
    """Premultiplied to straight alpha."""
    white = np.iinfo(samples.dtype).max
    alpha = samples[..., -1:].astype(np.float64)
    color = np.rint(np.minimum(samples[..., :-1] * (white / np.maximum(alpha, 1)), white))
    return np.concatenate([color.astype(samples.dtype), samples[..., -1:]], axis=2)
