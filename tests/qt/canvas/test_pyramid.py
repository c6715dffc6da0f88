from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Layer, Picture, Raster, Rect
from studio.document.differences import shown_differences
from studio.document.edits import paint
from studio.document.layer_edits import add_node, change_node
from studio.qt.canvas.display import all_tiles
from studio.qt.canvas.pyramid import Pyramid, runs, to_eight_bits


def built(picture, to_display=None):
    pyramid = Pyramid(picture.width, picture.height, to_display)
    pyramid.render(picture, picture.bounds)
    return pyramid


def halved(level):
    """The definition: means of 2 x 2 pixels, rounded half up, edges repeated."""
    level = np.pad(
        level.astype(int), ((0, level.shape[0] % 2), (0, level.shape[1] % 2), (0, 0)), "edge"
    )
    return (level[::2, ::2] + level[1::2, ::2] + level[::2, 1::2] + level[1::2, 1::2] + 2) // 4


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (513, 1), (257, 259), (600, 512), (1023, 301)])
def test_levels_halve_until_they_are_small(noise, size):
    picture = Picture.from_pixels(noise(*size, alpha=None))
    levels = built(picture).levels
    assert max(levels[-1].shape[:2]) <= 256
    assert all(max(level.shape[:2]) > 256 for level in levels[:-1])
    for larger, smaller in pairwise(levels):
        expected = halved(larger)
        # At an odd edge two means are taken after another, which may round up once more.
        rows, columns = larger.shape[0] // 2, larger.shape[1] // 2
        assert np.array_equal(smaller[:rows, :columns], expected[:rows, :columns])
        assert np.abs(smaller.astype(int) - expected).max() <= 1


def test_level_zero_is_the_picture_premultiplied_as_bgra(noise):
    pixels = noise(70, 50, alpha=None)
    level = built(Picture.from_pixels(pixels)).levels[0]
    alpha = pixels[..., 3:].astype(int)
    expected = (2 * pixels[..., 2::-1].astype(int) * alpha + 255) // 510
    assert np.array_equal(level[..., :3], expected)
    assert np.array_equal(level[..., 3], pixels[..., 3])


def test_sixteen_bits_are_rounded_to_eight():
    values = np.arange(65536, dtype=np.uint16)
    pixels = np.stack([values, values, values, np.full_like(values, 65535)], axis=1)
    pixels = pixels.reshape(256, 256, 4)
    assert np.array_equal(to_eight_bits(pixels), np.rint(pixels / 257).astype(np.uint8))
    level = built(Picture.from_pixels(pixels)).levels[0]
    assert np.array_equal(level[..., 0], np.rint(pixels[..., 0] / 257).astype(np.uint8))


def test_the_display_profile_gets_depth_and_profile_of_the_picture(noise):
    seen = []

    def to_display(pixels, icc):
        seen.append((pixels.dtype, icc))
        return to_eight_bits(pixels)[..., [1, 0, 2, 3]]

    pixels = noise(30, 20, depth=np.uint16)
    level = built(Picture.from_pixels(pixels, icc=b"profile"), to_display).levels[0]
    assert seen == [(np.dtype(np.uint16), b"profile")]
    assert np.array_equal(level[..., 1], to_eight_bits(pixels)[..., 0])


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 900), st.integers(1, 700)),
    depth=st.sampled_from([np.uint8, np.uint16]),
    strokes=st.lists(
        st.tuples(
            st.integers(-40, 900), st.integers(-40, 700), st.integers(1, 300), st.integers(1, 300)
        ),
        min_size=1,
        max_size=4,
    ),
    opacity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_renewing_dirty_tiles_equals_a_full_build_on_every_level(
    size, depth, strokes, opacity, seed
):
    rng = np.random.default_rng(seed)

    def random(width, height):
        return rng.integers(0, np.iinfo(depth).max, (height, width, 4), dtype=depth, endpoint=True)

    picture = Picture.from_pixels(random(*size))
    picture = add_node(Layer("above", Raster(depth)))(picture)
    steps = [paint(picture.active, x, y, random(w, h)) for x, y, w, h in strokes]
    steps.insert(1, change_node(picture.active, opacity=opacity))
    pyramid = built(picture)
    for step in steps:
        after = step(picture)
        for rect in runs(shown_differences(picture, after), picture.bounds):
            pyramid.render(after, rect)
        picture = after
    for level, expected in zip(pyramid.levels, built(picture).levels, strict=True):
        assert np.array_equal(level, expected)


@given(
    st.sets(st.tuples(st.integers(0, 12), st.integers(0, 12))),
    st.integers(1, 3000),
    st.integers(1, 3000),
)
def test_runs_cover_every_tile_once(tiles, width, height):
    bounds = Rect(0, 0, width, height)
    found = runs(tiles, bounds)
    covered = [tile for rect in found for tile in all_tiles(rect)]
    inside = [(x, y) for x, y in tiles if x * 256 < width and y * 256 < height]
    assert sorted(covered) == sorted(inside)
    assert all(rect.intersected(bounds) == rect and rect.width <= 8 * 256 for rect in found)


def test_the_preview_picks_pixels_of_every_layer_at_once(noise):
    pixels = noise(2100, 1300)
    pixels[:, 1050:, 3] = 0
    base = noise(2100, 1300, seed=1)
    picture = Picture.from_pixels(base)
    picture = add_node(Layer("above", Raster.from_array(pixels)))(picture)
    hidden = Layer("hidden", Raster.from_array(noise(2100, 1300, seed=2)), visible=False)
    picture = add_node(hidden)(picture)
    pyramid = Pyramid(picture.width, picture.height)
    level = pyramid.preview(picture)
    assert level == 2, "two layers of a megapixel would take twice as long"
    expected = np.where(pixels[..., 3:] > 0, pixels, base)[::4, ::4, [2, 1, 0, 3]]
    assert np.array_equal(pyramid.levels[2], expected)
    assert pyramid.levels[3].any()
    assert not pyramid.levels[0].any()
