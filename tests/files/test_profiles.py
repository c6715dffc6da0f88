"""Profiles: what they are, and that conversion is exact at every depth."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.api.errors import UserError
from studio.files.icc import REC2020_PRIMARIES, SRGB_PRIMARIES, matrix_profile, rgb_to_xyz
from studio.files.profiles import (
    convert,
    is_srgb_like,
    profile_name,
    srgb_profile,
    wide_gamut_profile,
)

P3 = matrix_profile("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)))
ADOBE = imagecodecs.cms_profile("adobergb")
LINEAR_CURVE = b"curv\0\0\0\0\0\0\0\0"
SCALES = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


def decode(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def encode(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0) ** (1 / 2.4) - 0.055)


def reference(values: np.ndarray) -> np.ndarray:
    """sRGB to Rec. 2020 primaries, in float64."""
    matrix = np.linalg.inv(rgb_to_xyz(REC2020_PRIMARIES)) @ rgb_to_xyz(SRGB_PRIMARIES)
    return encode(decode(values) @ matrix.T)


def test_srgb_matrix_is_the_published_one():
    published = [  # the colorants of "sRGB IEC61966-2.1"
        [0.43607, 0.38515, 0.14307],
        [0.22249, 0.71687, 0.06061],
        [0.01392, 0.09708, 0.71410],
    ]
    np.testing.assert_allclose(rgb_to_xyz(SRGB_PRIMARIES), published, atol=2e-4)


def test_which_profiles_are_srgb_like(foreign_profile):
    for icc in (None, foreign_profile, srgb_profile(), wide_gamut_profile(), P3):
        assert is_srgb_like(icc)
    linear = matrix_profile("linear", SRGB_PRIMARIES, LINEAR_CURVE)
    for icc in (ADOBE, linear, b"no profile", imagecodecs.cms_profile("gray", gamma=2.2)):
        assert not is_srgb_like(icc)


def test_names():
    assert profile_name(None) == "sRGB"
    assert profile_name(P3) == "Display P3"
    assert "Adobe" in profile_name(ADOBE) or "RGB" in profile_name(ADOBE)
    assert profile_name(b"junk") == "unnamed profile"


def test_built_profiles_are_the_same_bytes_and_valid():
    srgb_profile.cache_clear()
    assert srgb_profile() == srgb_profile()
    imagecodecs.cms_profile_validate(wide_gamut_profile())


def test_own_srgb_means_what_others_mean(foreign_profile):
    values = np.random.default_rng(0).integers(0, 65536, (64, 64, 3), np.uint16)
    converted = convert(values, foreign_profile, srgb_profile())
    assert np.abs(converted.astype(int) - values).max() <= 40  # of 65535


@pytest.mark.parametrize(("dtype", "limit"), [(np.uint8, 0.52), (np.uint16, 3), (np.float32, 3e-5)])
def test_conversion_is_exact(dtype, limit):
    scale = SCALES[dtype]
    values = np.random.default_rng(1).random((128, 128, 3)) ** 2
    values = (values * scale).round().astype(dtype) if scale > 1 else values.astype(dtype)
    converted = convert(values, None, wide_gamut_profile())

    assert converted.dtype == dtype
    assert np.abs(converted - reference(values / scale) * scale).max() <= limit


def test_fast_8_bit_conversion_is_close():
    values = np.random.default_rng(1).integers(0, 256, (128, 128, 4), np.uint8)
    exact, fast = (convert(values, None, ADOBE, fast=fast) for fast in (False, True))
    assert np.abs(exact.astype(int) - fast).max() <= 3
    np.testing.assert_array_equal(fast[..., 3], values[..., 3])


def test_agrees_with_an_independent_path():
    values = np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8)
    there = ImageCms.profileToProfile(
        Image.fromarray(values),
        ImageCms.createProfile("sRGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(P3)),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    ours = convert(values, None, P3)
    assert np.abs(ours.astype(int) - np.asarray(there)).max() <= 2


@pytest.mark.parametrize("icc", [ADOBE, P3, matrix_profile("linear", SRGB_PRIMARIES, LINEAR_CURVE)])
def test_16_bits_come_back_from_the_wide_space(icc):
    values = np.random.default_rng(4).integers(0, 65536, (64, 64, 4), np.uint16)
    wide = convert(values, icc, wide_gamut_profile())
    back = convert(wide, wide_gamut_profile(), icc)
    difference = np.abs(back.astype(int) - values)[..., :3]

    assert np.median(difference) <= 1
    # Where a gamma curve starts steeply, one level of the other space is many of its own.
    bright = (values[..., :3] > 6000).all(axis=2)
    assert difference[bright].max() <= 24
    np.testing.assert_array_equal(back[..., 3], values[..., 3])


def test_float_is_not_clipped():
    green = np.array([[[0.0, 1.0, 0.0, 0.5]]], np.float32)
    outside = convert(green, wide_gamut_profile(), None)
    assert outside.min() < -0.2
    np.testing.assert_allclose(convert(outside, None, wide_gamut_profile()), green, atol=1e-4)


def test_same_profile_is_no_work_and_several_bands_agree():
    tall = np.random.default_rng(5).integers(0, 256, (2100, 600, 4), np.uint8)
    assert convert(tall, P3, P3) is tall
    whole = convert(tall, None, P3, fast=True)
    np.testing.assert_array_equal(whole[-5:], convert(tall[-5:], None, P3, fast=True))


@pytest.mark.parametrize("junk", [b"", b"junk", b"x" * 500, srgb_profile()[:200]])
def test_a_damaged_profile_is_a_clear_error(junk):
    with pytest.raises(UserError, match="damaged or not an RGB profile"):
        convert(np.zeros((2, 2, 3), np.uint8), junk, None)
