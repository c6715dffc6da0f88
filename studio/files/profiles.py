"""Color profiles: what a profile is, and taking pixels from one to another (Little CMS)."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from studio.api.errors import UserError
from studio.files import icc as builder
from studio.files.codec import Samples
from studio.files.pixels import bands, to_rgba

Space = Literal["gray", "rgb", "cmyk"]
Intent = Literal["relative", "perceptual", "saturation", "absolute"]
_SIGNATURES: dict[Space, bytes] = {"gray": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK"}
_INTENTS = {
    "relative": imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
    "perceptual": imagecodecs.CMS.INTENT.PERCEPTUAL,
    "saturation": imagecodecs.CMS.INTENT.SATURATION,
    "absolute": imagecodecs.CMS.INTENT.ABSOLUTE_COLORIMETRIC,
}
_FLAGS = imagecodecs.CMS.FLAGS
# 1.5 of 255 levels: sRGB profiles of all makers pass, a plain gamma of 2.2 (7 levels) does not.
_CURVE_TOLERANCE = 1.5 / 255
_LARGEST = 64 << 20  # of a profile's file

Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.uint16], NDArray[np.float32], Samples)


@lru_cache
def srgb_profile() -> bytes:
    """The built-in sRGB profile (always the same bytes)."""
    return builder.matrix_profile("sRGB", builder.SRGB_PRIMARIES)


@lru_cache
def wide_gamut_profile() -> bytes:
    """The working space for documents whose curve is not sRGB-like (Rec. 2020 primaries)."""
    return builder.matrix_profile("Wide gamut, sRGB curve", builder.REC2020_PRIMARIES)


@lru_cache
def named_profiles() -> dict[str, bytes]:
    """The profiles that ship with Impasto, by the name that people know them by."""
    matrix = builder.matrix_profile
    return {
        "sRGB": srgb_profile(),
        "Display P3": matrix("Display P3", builder.P3_PRIMARIES),
        "Compatible with Adobe RGB (1998)": matrix(
            "Compatible with Adobe RGB (1998)",
            builder.ADOBE_PRIMARIES,
            builder.gamma_curve(563 / 256),
        ),
        "ROMM RGB (ProPhoto)": matrix(
            "ROMM RGB (ProPhoto)",
            builder.ROMM_PRIMARIES,
            builder.gamma_curve(1.8),
            builder.D50_XY,
        ),
        "Rec. 2020 primaries, sRGB curve": wide_gamut_profile(),
    }


def read_profile(path: Path) -> bytes:
    """An RGB profile from a file (.icc, .icm).

    Raises:
        UserError: it cannot be read, or is no RGB profile.
    """
    try:
        icc = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    except OSError as error:
        raise UserError(
            f'The color profile "{path.name}" cannot be read: {error.strerror or error}.',
            "Check that the file is there and that you may read it.",
        ) from error
    if not is_usable(icc):
        raise UserError(
            f'"{path.name}" is not a color profile for RGB, or is damaged.',
            "Choose an .icc or .icm file of an RGB color space or of a monitor.",
        )
    return icc


@lru_cache(maxsize=32)
def is_usable(icc: bytes, space: Space = "rgb") -> bool:
    """Whether these bytes are a profile for this kind of samples that Little CMS accepts."""
    if icc[36:40] != b"acsp" or icc[16:20] != _SIGNATURES[space]:
        return False
    channels = {"gray": 1, "rgb": 3, "cmyk": 4}[space]
    try:
        _transform(np.zeros((1, 1, channels), np.uint8), icc, None, space=space)
    except imagecodecs.CmsError:
        return False
    return True


@lru_cache(maxsize=32)
def is_srgb_like(icc: bytes | None) -> bool:
    """Whether equal channels mean what they mean in sRGB: true for sRGB and Display P3.

    The gamut does not matter, only the transfer curve. None is sRGB.
    """
    if icc is None:
        return True
    if not is_usable(icc):
        return False
    ramp = np.repeat(np.linspace(0, 1, 65, dtype=np.float32), 3).reshape(1, -1, 3)
    return bool(np.abs(_transform(ramp, icc, None) - ramp).max() <= _CURVE_TOLERANCE)


def profile_name(icc: bytes | None) -> str:
    """A profile's own name for people, or "unnamed profile"."""
    if icc is None:
        return "sRGB"
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError):
        name = ""
    return "".join(c for c in name if c.isprintable()).strip() or "unnamed profile"


def convert(
    pixels: Pixels,
    source_icc: bytes | None,
    target_icc: bytes | None,
    *,
    fast: bool = False,
    intent: Intent = "relative",
) -> Pixels:
    """Pixels of one RGB profile in another.

    Against the formulas in float64, sRGB to the wide space is right to rounding in uint8 and to 3
    levels of 65535 in uint16. float32 in [0, 1] is not
    clipped, so colors outside the target come back from there (curves that are pure powers
    or tables end at 0 and 1, though).

    Args:
        pixels: H x W x 3 or H x W x 4 (alpha is copied), uint8, uint16 or float32.
        source_icc: RGB profile of the pixels; None is sRGB.
        target_icc: RGB profile wanted; None is sRGB.
        fast: for 8-bit display: about nine times as fast, off by up to 3 levels in shadows
            (measured from sRGB to Adobe RGB).
        intent: what becomes of colors outside the target; profiles of plain curves and
            primaries, such as all of `named_profiles`, treat all but "absolute" alike.

    Returns:
        A new array, or `pixels` itself where nothing is to be done.

    Raises:
        UserError: a profile is damaged or not an RGB profile.
    """
    if source_icc == target_icc:
        return pixels
    for icc in (source_icc, target_icc):
        if icc is not None and not is_usable(icc):
            raise UserError(
                f'The color profile "{profile_name(icc)}" is damaged or not an RGB profile.',
                "Choose another profile, or none for sRGB.",
            )
    result = np.empty_like(pixels, order="C")
    result[..., 3:] = pixels[..., 3:]
    for rows in bands(*pixels.shape[:2]):
        band = pixels[rows, :, :3]
        result[rows, :, :3] = _transform(band, source_icc, target_icc, fast=fast, intent=intent)
    return result


def to_srgb(samples: Samples, icc: bytes, space: Space) -> Samples:
    """Gray (H x W x 1), RGB or CMYK (255 is full ink) through their profile to sRGB, H x W x 3."""
    result = np.empty((*samples.shape[:2], 3), samples.dtype)
    for rows in bands(*samples.shape[:2]):
        result[rows] = _transform(samples[rows], icc, None, space=space)
    return result


def _transform(
    samples: NDArray[Any],
    source: bytes | None,
    target: bytes | None,
    *,
    space: Space = "rgb",
    fast: bool = False,
    intent: Intent = "relative",
) -> NDArray[Any]:
    # Left to itself Little CMS replaces the 16-bit transform by a coarse table: over 1000 of
    # 65535 levels off in shadows, measured. Its 8-bit shortcut is what `fast` is for.
    flags = _FLAGS.BLACKPOINTCOMPENSATION if space != "rgb" else 0
    if samples.ndim == 3 and samples.shape[2] == 1:
        samples = samples[..., 0]
    return imagecodecs.cms_transform(
        np.ascontiguousarray(samples),
        source or srgb_profile(),
        target or srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=samples.dtype,
        intent=_INTENTS[intent],
        flags=flags if fast else flags | _FLAGS.NOOPTIMIZE,
    )


def develop(
    samples: Samples, space: Space, icc: bytes | None
) -> tuple[Samples, bytes | None, tuple[str, ...]]:
    """Samples of a file as RGBA with an RGB profile.

    Args:
        samples: H x W x (channels of the space, and one more for straight alpha).
        space: what the channels are.
        icc: the profile found in the file.

    Returns:
        H x W x 4 pixels, their RGB profile (None is sRGB), and notes for the user.
    """
    notes: tuple[str, ...] = ()
    fits_rgb = icc is not None and space != "cmyk" and is_usable(icc, "rgb")
    if icc is not None and not fits_rgb and not is_usable(icc, space):
        notes = ("The color profile in the file is damaged or does not fit and was left out.",)
        icc = None
    if space == "cmyk":
        return _develop_cmyk(samples, icc, notes)
    if icc is None or fits_rgb:
        return to_rgba(samples), icc, notes
    kept = builder.rgb_from_gray(icc, profile_name(icc))
    if kept is not None and is_usable(kept):
        return to_rgba(samples), kept, notes
    note = f'Gray was converted to sRGB through its profile "{profile_name(icc)}".'
    color = to_srgb(samples[..., :1], icc, "gray")
    return to_rgba(np.concatenate([color, samples[..., 1:]], axis=2)), None, (*notes, note)


def _develop_cmyk(
    samples: Samples, icc: bytes | None, notes: tuple[str, ...]
) -> tuple[Samples, None, tuple[str, ...]]:
    if icc is not None:
        color = to_srgb(samples[..., :4], icc, "cmyk")
        note = f'CMYK was converted to sRGB through its profile "{profile_name(icc)}".'
    else:
        white = np.iinfo(samples.dtype).max
        color = np.empty((*samples.shape[:2], 3), samples.dtype)
        for rows in bands(*samples.shape[:2]):
            light = white - samples[rows, :, :4].astype(np.uint64)
            color[rows] = (light[..., :3] * light[..., 3:] + white // 2) // white
        note = "CMYK without a color profile was converted to sRGB by a plain formula."
    return to_rgba(np.concatenate([color, samples[..., 4:]], axis=2)), None, (*notes, note)


def gray_profile(icc: bytes | None) -> bytes | None:
    """A gray profile for the neutral pixels of an RGB profile; None where there is none."""
    return None if icc is None else builder.gray_from_rgb(icc, profile_name(icc))
