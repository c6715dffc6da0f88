"""ICC profiles as bytes: taking tags out, building matrix and gray profiles.

Built profiles carry a fixed date, so the same profile is the same bytes. Layout: ICC.1:2010.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D65_XY = (0.3127, 0.3290)
D50_XY = (0.3457, 0.3585)
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
REC2020_PRIMARIES = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))  # SMPTE RP 431-2
ADOBE_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))  # Adobe RGB (1998)
ROMM_PRIMARIES = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))  # ISO 22028-2
_RGB_CURVES = (b"rTRC", b"gTRC", b"bTRC")


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text(value: str) -> bytes:
    encoded = value.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


# IEC 61966-2-1 as a parametric curve of type 3: (a x + b)^g from d on, c x below.
SRGB_CURVE = (
    b"para\0\0\0\0"
    + struct.pack(">H2x", 3)
    + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
)


def gamma_curve(gamma: float) -> bytes:
    """A curve tag that is a pure power."""
    return b"para\0\0\0\0" + struct.pack(">H2x", 0) + _fixed(gamma)


def _xy_to_xyz(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _adaptation(white: tuple[float, float] = _D65_XY) -> NDArray[np.float64]:
    """Bradford adaptation from a white (D65) to D50."""
    scale = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ _xy_to_xyz(*white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD)


def rgb_to_xyz(
    primaries: tuple[tuple[float, float], ...], white: tuple[float, float] = _D65_XY
) -> NDArray[np.float64]:
    """3 x 3 matrix from linear RGB with a white (D65) to XYZ relative to D50."""
    columns = np.stack([_xy_to_xyz(x, y) for x, y in primaries], axis=1)
    scale = np.linalg.solve(columns, _xy_to_xyz(*white))
    return np.asarray(_adaptation(white) @ (columns * scale))


def read_tags(icc: bytes) -> dict[bytes, bytes]:
    """Signature and raw data of every tag; empty for bytes that are no profile."""
    try:
        (count,) = struct.unpack_from(">I", icc, 128)
        table = [struct.unpack_from(">4sII", icc, 132 + 12 * i) for i in range(min(count, 200))]
    except struct.error:
        return {}
    return {signature: icc[offset : offset + size] for signature, offset, size in table}


def build(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A display profile with XYZ connection space; equal tag data is stored once."""
    table, body, placed = b"", b"", dict[bytes, int]()
    start = 132 + 12 * len(tags)
    for signature, data in tags.items():
        if data not in placed:
            placed[data] = start + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", signature, placed[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s24x", start + len(body), b"", 0x04300000, b"mntr", space, b"XYZ ",
        2024, 1, 1, 0, 0, 0, b"acsp",
    )  # fmt: skip
    header += struct.pack(">I", 1) + _fixed(*_D50)  # relative colorimetric, D50
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix_profile(
    name: str,
    primaries: tuple[tuple[float, float], ...],
    curve: bytes = SRGB_CURVE,
    white: tuple[float, float] = _D65_XY,
) -> bytes:
    """An RGB profile from chromaticities and one curve tag for all channels."""
    colorants = rgb_to_xyz(primaries, white)
    return build(
        b"RGB ",
        {
            b"desc": _text(name),
            b"cprt": _text("CC0"),
            b"wtpt": _xyz(*_D50),
            b"chad": b"sf32\0\0\0\0" + _fixed(*_adaptation(white).ravel()),
            b"rXYZ": _xyz(*colorants[:, 0]),
            b"gXYZ": _xyz(*colorants[:, 1]),
            b"bXYZ": _xyz(*colorants[:, 2]),
            **dict.fromkeys(_RGB_CURVES, curve),
        },
    )


def rgb_from_gray(icc: bytes, name: str) -> bytes | None:
    """An RGB profile in which equal channels mean what the gray value meant.

    So gray pixels are kept bit for bit. None where the gray profile is not a plain curve.
    """
    curve = read_tags(icc).get(b"kTRC")
    if icc[20:24] != b"XYZ " or not curve or curve[:4] not in (b"curv", b"para"):
        return None
    return matrix_profile(name, SRGB_PRIMARIES, curve)


def gray_from_rgb(icc: bytes, name: str) -> bytes | None:
    """The way back: a gray profile with the curve of an RGB profile's neutral axis.

    None where the channels have different curves or the profile is a table.
    """
    tags = read_tags(icc)
    curves = {tags.get(signature, b"") for signature in _RGB_CURVES}
    if len(curves) != 1 or b"A2B0" in tags or not (curve := curves.pop()):
        return None
    return build(
        b"GRAY",
        {b"desc": _text(name), b"cprt": _text("CC0"), b"wtpt": _xyz(*_D50), b"kTRC": curve},
    )
