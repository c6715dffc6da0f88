"""TIFF through tifffile: 1 to 32 bits, float, planar, palette, CMYK and CIE Lab."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import numpy as np
import tifffile
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffPage

from studio.files import exif
from studio.files.codec import Decoded, Samples, SaveOptions, Tags, Unreadable, check_size
from studio.files.icc import SRGB_PRIMARIES, rgb_to_xyz
from studio.files.ifd import DamagedError
from studio.files.metadata import Metadata, sane_dpi
from studio.files.pixels import bands, full_scale, unpremultiply
from studio.files.profiles import Space, develop

_COLOR_CHANNELS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3, 9: 3}
_JPEG_COMPRESSIONS = (6, 7)
_MOST_SAMPLES = 16
_SAVE_AGAIN = "Save it as 8-bit or 16-bit RGB in the program that made it."


def read_tiff(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode the first full-size page."""
    with tifffile.TiffFile(file) as tiff:
        pages = [page for page in tiff.pages if isinstance(page, TiffPage)]
        page = next((page for page in pages if not page.is_reduced), None)
        if page is None or 50706 in pages[0].tags:
            raise Unreadable(
                "it is a camera's raw file", "Develop it in a raw converter and open the result."
            )
        _check(page, max_pixels)
        notes: tuple[str, ...] = ()
        if len(pages) > 1:
            notes = (f"The file has {len(pages)} pages; the first was opened.",)
        samples, more = _samples(page)
        pixels, icc, alpha, even_more = _to_rgb(page, samples)
        # tifffile closes a file that it opened; this one is the caller's, and still open.
        block, _, _ = exif.open_block(exif.from_tiff(file))
        return Decoded(
            pixels,
            Metadata(
                icc=icc,
                exif=block,
                xmp=_bytes(page, 700),
                dpi=_dpi(page),
                gray=page.photometric in (0, 1),
                source_alpha=alpha,
                notes=notes + more + even_more,
            ),
            int(_value(page, 274) or 1),
        )


def _value(page: TiffPage, code: int) -> Any:
    tag = page.tags.get(code)
    return None if tag is None else tag.value


def _bytes(page: TiffPage, code: int) -> bytes | None:
    value = _value(page, code)
    return bytes(value) if isinstance(value, bytes | tuple) and value else None


def _check(page: TiffPage, max_pixels: int) -> None:
    check_size(page.imagewidth, page.imagelength, max_pixels)
    bits = page.bitspersample
    if (
        page.photometric not in _COLOR_CHANNELS
        or not isinstance(bits, int)
        or page.imagedepth != 1
        or not _COLOR_CHANNELS[page.photometric] <= page.samplesperpixel <= _MOST_SAMPLES
        or (page.photometric == PHOTOMETRIC.YCBCR and page.compression not in _JPEG_COMPRESSIONS)
        or (page.photometric == PHOTOMETRIC.SEPARATED and (_value(page, 332) or 1) != 1)
        or (page.is_tiled and page.tilewidth * page.tilelength > max(max_pixels, 1 << 24))
    ):
        kind = getattr(page.photometric, "name", page.photometric)
        raise Unreadable(
            f"its kind of TIFF ({kind}, {page.samplesperpixel} x {bits} bits) is not supported",
            _SAVE_AGAIN,
        )


def _samples(page: TiffPage) -> tuple[Samples, tuple[str, ...]]:
    """H x W x C, uint8 or uint16 at full scale (Lab: as stored)."""
    data = page.asarray()
    shape = (page.imagelength, page.imagewidth, page.samplesperpixel)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        data = np.moveaxis(data.reshape(shape[2], *shape[:2]), 0, 2)
    return _to_integers(data.reshape(shape), page.bitspersample, page.photometric)


def _to_integers(
    data: NDArray[Any], bits: int, photometric: int
) -> tuple[Samples, tuple[str, ...]]:
    if photometric == PHOTOMETRIC.PALETTE and data.dtype.kind == "u":
        return data, ()
    if data.dtype.kind == "b":
        return data.astype(np.uint8) * np.uint8(255), ()
    if data.dtype.kind == "f":
        clamped = np.empty(data.shape, np.uint16)
        for rows in bands(*data.shape[:2]):
            whole = np.clip(np.nan_to_num(data[rows].astype(np.float64), nan=0.0), 0, 1)
            clamped[rows] = np.rint(whole * 65535)
        return clamped, (
            "Floating-point values were converted to 16 bits; those outside 0 to 1 were clamped.",
        )
    if data.dtype.kind != "u" and photometric not in (PHOTOMETRIC.CIELAB, PHOTOMETRIC.ICCLAB):
        raise Unreadable(f"its values ({data.dtype}) are not supported", _SAVE_AGAIN)
    if data.dtype.itemsize > 2:
        scaled = (data.astype(np.float64) * (65535 / (2**bits - 1))).round().astype(np.uint16)
        return scaled, (f"{bits} bits were reduced to 16.",)
    if bits in (8, 16):
        return data.view(f"u{data.dtype.itemsize}"), ()
    largest, white = 2**bits - 1, full_scale(data)
    return ((data.astype(np.uint32) * white + largest // 2) // largest).astype(data.dtype), ()


def _to_rgb(
    page: TiffPage, samples: Samples
) -> tuple[Samples, bytes | None, bool, tuple[str, ...]]:
    """RGBA pixels, profile, whether there was alpha, notes."""
    notes: tuple[str, ...] = ()
    color_channels = _COLOR_CHANNELS[page.photometric]
    color, kinds = samples[..., :color_channels], tuple(map(int, page.extrasamples))
    index = next((i for i, kind in enumerate(kinds) if kind in (1, 2)), None)
    if samples.shape[2] - color_channels > (index is not None):
        notes = ("Extra channels that are not transparency were left out.",)
    space: Space = "rgb"
    icc = _bytes(page, 34675)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        color, space = full_scale(color) - color, "gray"
    elif page.photometric == PHOTOMETRIC.MINISBLACK:
        space = "gray"
    elif page.photometric == PHOTOMETRIC.PALETTE:
        color = _look_up(page, color)
    elif page.photometric == PHOTOMETRIC.SEPARATED:
        space = "cmyk"
    elif page.photometric in (PHOTOMETRIC.CIELAB, PHOTOMETRIC.ICCLAB):
        color, icc = _lab_to_srgb(color, page.photometric == PHOTOMETRIC.ICCLAB), None
        notes += ("CIE Lab was converted to sRGB.",)
    if index is not None:
        alpha = samples[..., color_channels + index, None].astype(color.dtype)
        color = np.concatenate([color, alpha], axis=2)
    pixels, icc, more = develop(np.ascontiguousarray(color), space, icc)
    if index is not None and kinds[index] == 1:
        pixels = unpremultiply(pixels)
    return pixels, icc, index is not None, notes + more


def _look_up(page: TiffPage, indices: Samples) -> Samples:
    if page.colormap is None:
        raise Unreadable("its palette is missing", "Use another copy of the file.")
    palette = (page.colormap.astype(np.uint32) + 128) // 257
    largest = palette.shape[1] - 1
    colors: NDArray[np.uint8] = palette.T.astype(np.uint8)
    looked_up: NDArray[np.uint8] = colors[np.minimum(indices[..., 0], largest)]
    return looked_up


def _lab_to_srgb(lab: Samples, icc_encoded: bool) -> Samples:
    """CIE L*a*b* (D50) to sRGB, in the same depth. Encodings: TIFF Technical Note 4.

    CIELab has signed a and b; ICCLab has them offset by 128, and 16-bit values over 0xFF00.
    """
    deep = lab.dtype == np.uint16
    unit = 256.0 if deep else 1.0
    to_linear = np.linalg.inv(rgb_to_xyz(SRGB_PRIMARIES))
    result = np.empty_like(lab)
    for rows in bands(*lab.shape[:2]):
        values = lab[rows].astype(np.float64)
        if icc_encoded:
            lightness = values[..., 0] * (100 / (65280 if deep else 255))
            a, b = values[..., 1] / unit - 128, values[..., 2] / unit - 128
        else:
            lightness = values[..., 0] * (100 / full_scale(lab))
            signed = np.asarray(lab[rows].view(np.int16 if deep else np.int8), np.float64) / unit
            a, b = signed[..., 1], signed[..., 2]
        fy = (lightness + 16) / 116
        f = np.stack([fy + a / 500, fy, fy - b / 200], axis=-1)
        xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * (3 * (6 / 29) ** 2))
        linear = np.clip((xyz * (0.9642, 1.0, 0.8249)) @ to_linear.T, 0, 1)
        encoded = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
        result[rows] = np.rint(encoded * full_scale(lab))
    return result


def _dpi(page: TiffPage) -> tuple[float, float] | None:
    unit = _value(page, 296)
    scale = {2: 1.0, 3: 2.54}.get(2 if unit is None else int(unit))
    ratios = [_value(page, code) for code in (282, 283)]
    if scale is None or not all(isinstance(r, tuple) and len(r) == 2 and r[1] for r in ratios):
        return None
    return sane_dpi(*(scale * ratio[0] / ratio[1] for ratio in ratios))


def write_tiff(
    out: BinaryIO, samples: Samples, tags: Tags, options: SaveOptions
) -> tuple[str, ...]:
    """Encode H x W x (1 to 4) samples, 8 or 16 bits, deflated with a predictor."""
    channels = samples.shape[2]
    packed = options.compression > 0
    extra: list[tuple[int, int, int, bytes, bool]] = []
    if tags.xmp is not None:
        extra.append((700, 1, len(tags.xmp), tags.xmp, True))
    tifffile.imwrite(
        out,
        samples if channels > 1 else samples[..., 0],
        byteorder=cast("Any", exif.byte_order(tags.exif)),
        photometric="minisblack" if channels < 3 else "rgb",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib" if packed else None,
        compressionargs={"level": options.compression} if packed else None,
        predictor=packed,
        resolution=tags.dpi,
        resolutionunit="INCH" if tags.dpi else "NONE",
        iccprofile=tags.icc,
        metadata=None,
        software=False,
        extratags=extra,
    )
    if tags.exif is not None:
        try:
            exif.into_tiff(out, tags.exif)
        except DamagedError:
            return ("The EXIF data could not be kept in this file.",)
    return ()
