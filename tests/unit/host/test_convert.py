from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.files.icc import REC2020_PRIMARIES, SRGB_PRIMARIES, matrix_profile
from studio.host.convert import to_pixels, to_tensors

PROPHOTO_PRIMARIES = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))


def power(gamma):
    """A curve tag of one exponent, in unsigned 8.8 fixed point."""
    return b"curv\0\0\0\0" + struct.pack(">IH2x", 1, round(gamma * 256))


FOREIGN = {
    "adobe": imagecodecs.cms_profile("adobergb"),
    "prophoto 1.8": matrix_profile("ProPhoto-like", PROPHOTO_PRIMARIES, power(1.8)),
    "srgb primaries 1.8": matrix_profile("1.8", SRGB_PRIMARIES, power(1.8)),
    "linear": matrix_profile("linear", REC2020_PRIMARIES, power(1.0)),
}
P3 = matrix_profile("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)))
LEVELS = {np.uint8: 1, np.uint16: 8}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("icc", [None, P3], ids=["srgb", "p3"])
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 300), width=st.integers(1, 20))
def test_the_way_there_and_back_keeps_every_bit(dtype, icc, seed, height, width):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, np.iinfo(dtype).max, (height, width, 4), dtype, endpoint=True)

    color, alpha = to_tensors(pixels, icc)

    assert color.shape == (1, 3, height, width)
    assert color.dtype == torch.float32
    assert alpha is None or alpha.shape == (1, 1, height, width)
    assert np.array_equal(to_pixels(color, alpha, np.dtype(dtype), icc), pixels)


def test_every_value_of_both_depths_survives():
    for dtype in LEVELS:
        values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
        pixels = np.repeat(values, 4).reshape(-1, 16, 4)
        color, alpha = to_tensors(pixels, None)
        assert np.array_equal(to_pixels(color, alpha, pixels.dtype, None), pixels)


def test_an_opaque_picture_has_no_alpha():
    pixels = np.full((3, 4, 4), 255, np.uint8)
    color, alpha = to_tensors(pixels, None)
    assert alpha is None
    assert np.array_equal(to_pixels(color, None, pixels.dtype, None), pixels)


@pytest.mark.parametrize("dtype", LEVELS)
@pytest.mark.parametrize("name", FOREIGN)
def test_a_profile_with_another_curve_comes_back_within_a_level(dtype, name):
    rng = np.random.default_rng(0)
    maximum = np.iinfo(dtype).max
    pixels = rng.integers(0, maximum, (300, 70, 4), dtype, endpoint=True)
    pixels[:8, :8, :3] = np.array([0, maximum])[rng.integers(0, 2, (8, 8, 3))]  # gamut's corners
    pixels[10:20, :, :3] //= 100  # shadows, where the curves differ most

    color, alpha = to_tensors(pixels, FOREIGN[name])
    back = to_pixels(color, alpha, np.dtype(dtype), FOREIGN[name])

    difference = np.abs(back.astype(int) - pixels)[..., :3]
    # Below 1/256 a power curve is so steep that float32 rounding in the other channels shows, by
    # less than half a level in 8 bits.
    dark = pixels[..., :3] < maximum / 256
    assert difference[~dark].max() <= LEVELS[dtype]
    assert difference[dark].max() <= (1 if dtype is np.uint8 else 128)
    assert np.array_equal(back[..., 3], pixels[..., 3])


def test_foreign_pixels_reach_operations_in_the_curve_they_expect():
    gray = np.full((2, 2, 4), 128, np.uint8)  # half of full light, in a linear profile
    color, _ = to_tensors(gray, FOREIGN["linear"])
    torch.testing.assert_close(color, torch.full_like(color, 0.7366), rtol=0, atol=2e-3)


def test_values_beyond_the_range_are_clamped_and_rounded():
    color = (
        torch.tensor([-1.0, 0.4999 / 255, 0.5001 / 255, 2.0]).reshape(1, 1, 1, 4).expand(1, 3, 1, 4)
    )
    alpha = torch.tensor([-0.5, 0.5, 1.0, 9.0]).reshape(1, 1, 1, 4)
    pixels = to_pixels(color, alpha, np.dtype(np.uint8), None)
    assert pixels[0, :, 0].tolist() == [0, 0, 1, 255]
    assert pixels[0, :, 3].tolist() == [0, 128, 255, 255]


def test_half_precision_tensors_are_taken():
    color = torch.full((1, 3, 2, 2), 0.5, dtype=torch.bfloat16)
    assert (to_pixels(color, None, np.dtype(np.uint16), None)[..., :3] == 32768).all()
