"""Selections by colour, at both depths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Layer, Picture, Raster
from studio.document.regions import by_color, sampled_pixels, wand

DEPTHS = [np.uint8, np.uint16]


def noise(seed, dtype, height=24, width=30):
    rng = np.random.default_rng(seed)
    pixels = np.repeat(np.repeat(rng.integers(0, 8, (height // 3, width // 3, 4)), 3, 0), 3, 1)
    pixels = pixels * 30 + rng.integers(0, 3, (height, width, 4))
    pixels[..., 3] = np.where(rng.random((height, width)) < 0.1, 0, 255)
    return (pixels * (np.iinfo(dtype).max // 255)).astype(dtype)


def difference(pixels, seed):
    unit = np.iinfo(pixels.dtype).max / 255
    apart = np.abs(pixels.astype(float) - seed.astype(float)) / unit
    return apart[..., 3] if seed[3] == 0 else apart.max(axis=2)


def flooded(alike, x, y):
    reached, stack = np.zeros_like(alike), [(y, x)]
    while stack:
        row, column = stack.pop()
        inside = 0 <= row < alike.shape[0] and 0 <= column < alike.shape[1]
        if inside and alike[row, column] and not reached[row, column]:
            reached[row, column] = True
            stack += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return reached


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    tolerance=st.integers(0, 255),
    x=st.integers(0, 29),
    y=st.integers(0, 23),
    dtype=st.sampled_from(DEPTHS),
)
def test_the_wand_selects_what_is_alike_and_connected(seed, tolerance, x, y, dtype):
    pixels = noise(seed, dtype)
    alike = difference(pixels, pixels[y, x]) <= tolerance + 1e-6
    everywhere = wand(pixels, x, y, tolerance, contiguous=False, antialias=False)
    np.testing.assert_array_equal(everywhere, np.where(alike, 255, 0))
    near = wand(pixels, x, y, tolerance, antialias=False)
    np.testing.assert_array_equal(near, np.where(flooded(alike, x, y), 255, 0))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_antialiasing_adds_only_neighbours_by_their_colour(dtype):
    pixels = np.zeros((5, 12, 4), dtype)
    pixels[..., 3] = np.iinfo(dtype).max
    ramp = np.array([0, 0, 0, 0, 25, 90, 200, 200, 25, 200, 200, 200])
    pixels[..., :3] = (ramp * (np.iinfo(dtype).max // 255))[None, :, None]
    hard = wand(pixels, 0, 0, 20, antialias=False)
    soft = wand(pixels, 0, 0, 20)
    assert hard[0].tolist() == [255] * 4 + [0] * 8
    assert soft[2].tolist() == [255] * 4 + [128] + [0] * 7


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_colour_range_fades_over_its_softness(dtype):
    unit = np.iinfo(dtype).max // 255
    pixels = np.full((1, 256, 4), np.iinfo(dtype).max, dtype)
    pixels[0, :, 0] = np.arange(256) * unit
    color = tuple(int(v) for v in pixels[0, 100])
    got = by_color(pixels, [color], 20, 40)[0].astype(float)
    apart = np.abs(np.arange(256) - 100)
    np.testing.assert_allclose(got, np.clip((60 - apart) / 40, 0, 1) * 255, atol=0.51)
    two = by_color(pixels, [color, tuple(int(v) for v in pixels[0, 255])], 20, 40)[0]
    assert two[255] == 255
    assert two[100] == 255
    assert two[190] == 0


def test_transparent_pixels_are_alike_whatever_their_colour():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 4)).astype(np.uint8)
    pixels[..., 3] = 0
    pixels[3:, :, 3] = 255
    selected = wand(pixels, 0, 0, 0)
    assert (selected[:3] == 255).all()
    assert not selected[3:].any()


def test_outside_of_the_picture_there_is_nothing_to_take():
    with pytest.raises(IndexError, match="outside"):
        wand(noise(0, np.uint8), 30, 0, 10)


def test_colours_come_from_what_shows_or_from_the_active_layer():
    picture = Picture.from_pixels(np.full((4, 4, 4), 255, np.uint8))
    red = np.zeros((4, 4, 4), np.uint8)
    red[..., 0], red[..., 3] = 255, 128
    layer = Layer("glaze", Raster.from_array(red))
    picture = picture.replaced(nodes=(*picture.nodes, layer), active=layer.id)
    assert sampled_pixels(picture, layer_only=True)[0, 0].tolist() == [255, 0, 0, 128]
    assert sampled_pixels(picture, layer_only=False)[0, 0].tolist() == [255, 127, 127, 255]
