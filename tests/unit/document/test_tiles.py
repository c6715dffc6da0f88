"""Rasters against a plain array: wherever they are read, they hold what was written last."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import TILE, Raster, Rect

DEPTHS = st.sampled_from([np.uint8, np.uint16])
SEEDS = st.integers(0, 2**32 - 1)
REACH = 600  # the model covers [-REACH, REACH) in both directions


@st.composite
def rects(draw, largest=400):
    x, y = draw(st.integers(-REACH, REACH - 1)), draw(st.integers(-REACH, REACH - 1))
    width = draw(st.integers(0, min(largest, REACH - x)))
    height = draw(st.integers(0, min(largest, REACH - y)))
    return Rect(x, y, width, height)


def noise(seed, shape, dtype):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def part(model, rect):
    return model[
        rect.y + REACH : rect.bottom + REACH,
        rect.x + REACH : rect.right + REACH,
    ]


@settings(deadline=None, max_examples=40)
@given(
    dtype=DEPTHS,
    channels=st.sampled_from([1, 4]),
    writes=st.lists(st.tuples(rects(), SEEDS, st.booleans()), max_size=6),
    reads=st.lists(rects(largest=900), min_size=1, max_size=3),
)
def test_reads_what_was_written_last_anywhere_on_the_plane(dtype, channels, writes, reads):
    model = np.zeros((2 * REACH, 2 * REACH, channels), dtype)
    raster = Raster(dtype, channels)
    for rect, seed, erase in writes:
        pixels = noise(seed, (rect.height, rect.width, channels), dtype)
        if erase:
            pixels[...] = 0
        raster = raster.write(rect.x, rect.y, pixels)
        part(model, rect)[...] = pixels
    for rect in reads:
        got = raster.read(rect)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, part(model, rect))
        got[...] = 7  # what was read is the caller's
        np.testing.assert_array_equal(raster.read(rect), part(model, rect))


@settings(deadline=None, max_examples=40)
@given(base=rects(), change=rects(), dtype=DEPTHS, seed=SEEDS)
def test_writing_leaves_the_old_raster_alone_and_shares_the_tiles_it_did_not_touch(
    base, change, dtype, seed
):
    old = Raster.from_array(noise(seed, (base.height, base.width, 4), dtype), base.x, base.y)
    held = {index: tile.copy() for index, tile in old.tiles.items()}
    pixels = noise(seed + 1, (change.height, change.width, 4), dtype)
    new = old.write(change.x, change.y, pixels)
    assert set(old.tiles) == set(held)
    for index, tile in held.items():
        np.testing.assert_array_equal(old.tiles[index], tile)
    touched = {
        (column, row)
        for column in range(change.x // TILE, (change.right - 1) // TILE + 1)
        for row in range(change.y // TILE, (change.bottom - 1) // TILE + 1)
        if not change.empty
    }
    assert new.changed_tiles(old) <= touched
    assert all(not tile.flags.writeable for tile in new.tiles.values())


def test_writing_the_same_pixels_again_changes_no_tile():
    pixels = noise(1, (300, 520, 4), np.uint8)
    raster = Raster.from_array(pixels, -7, 13)
    assert not raster.write(-7, 13, pixels).changed_tiles(raster)
    assert Raster(np.uint8).write(0, 0, np.zeros((600, 600, 4), np.uint8)).nbytes == 0


@settings(deadline=None, max_examples=60)
@given(
    dtype=DEPTHS,
    channels=st.sampled_from([1, 4]),
    x=st.integers(-300, 300),
    y=st.integers(-300, 300),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    depth=st.sampled_from([np.float32, np.float64]),
    seed=SEEDS,
)
def test_blend_keeps_bits_at_0_takes_pixels_at_1_and_mixes_by_alpha_between(
    dtype, channels, x, y, size, depth, seed
):
    rng = np.random.default_rng(seed)
    shape = (*size, channels)
    old = noise(seed, shape, dtype)
    new = noise(seed + 1, shape, dtype)
    if channels == 4:  # fully transparent and fully opaque pixels are what goes wrong
        for array in (old, new):
            array[rng.random(size) < 0.3, 3] = 0
            array[rng.random(size) < 0.3, 3] = np.iinfo(dtype).max
    mask = rng.choice([0, 1, 0.5, 1e-30, 1e-9, 1 - 1e-7, rng.random()], size).astype(depth)
    raster = Raster.from_array(old, x, y)
    blended = raster.blend(x, y, new, mask)
    got = blended.read(Rect(x, y, size[1], size[0]))
    np.testing.assert_array_equal(got[mask == 0], old[mask == 0])
    np.testing.assert_array_equal(got[mask == 1], new[mask == 1])
    want = mixed(old.astype(float), new.astype(float), mask.astype(float)[..., None])
    seen = np.broadcast_to(got[..., -1:] > 0, shape) if channels == 4 else np.ones(shape, bool)
    # Colour is a quotient: under an alpha of a few levels its rounding shows as more than one.
    assert np.abs(got - want)[seen].max(initial=0) <= 1
    if channels == 4:
        assert np.abs(got[..., 3] - want[..., 3]).max() <= 0.51


def mixed(old, new, weight):
    if old.shape[2] == 1:
        return old + (new - old) * weight
    alpha = old[..., 3:] * (1 - weight) + new[..., 3:] * weight
    color = old[..., :3] * old[..., 3:] * (1 - weight) + new[..., :3] * new[..., 3:] * weight
    color = np.where(alpha > 0, color / np.where(alpha > 0, alpha, 1), new[..., :3])
    return np.concatenate([color, alpha], axis=2)


def test_blend_treats_masks_out_of_range_as_0_and_1():
    old, new = noise(1, (2, 2, 4), np.uint8), noise(2, (2, 2, 4), np.uint8)
    mask = np.array([[-3, 2], [np.nan, 1]], np.float32)
    got = Raster.from_array(old).blend(0, 0, new, mask).read(Rect(0, 0, 2, 2))
    np.testing.assert_array_equal(got, np.where(mask[..., None] >= 1, new, old))


def test_the_colour_of_transparent_pixels_does_not_bleed():
    old = np.full((1, 1, 4), [200, 10, 10, 255], np.uint8)
    new = np.full((1, 1, 4), [0, 255, 0, 0], np.uint8)
    got = Raster.from_array(old).blend(0, 0, new, np.full((1, 1), 0.5)).read(Rect(0, 0, 1, 1))
    np.testing.assert_array_equal(got[0, 0], [200, 10, 10, 128])


@settings(deadline=None, max_examples=40)
@given(base=rects(), rect=rects(), dtype=DEPTHS, seed=SEEDS)
def test_cropped_keeps_the_inside_shares_whole_tiles_and_zeroes_the_rest(base, rect, dtype, seed):
    raster = Raster.from_array(noise(seed, (base.height, base.width, 4), dtype), base.x, base.y)
    cropped = raster.cropped(rect)
    everything = Rect(-REACH, -REACH, 2 * REACH, 2 * REACH)
    want = np.zeros((2 * REACH, 2 * REACH, 4), dtype)
    part(want, rect)[...] = raster.read(rect)
    np.testing.assert_array_equal(cropped.read(everything), want)
    for index, tile in cropped.tiles.items():
        area = Rect(index[0] * TILE, index[1] * TILE, TILE, TILE)
        assert not area.intersected(rect).empty
        assert (tile is raster.tiles[index]) == (area.intersected(rect) == area)


def test_shifted_moves_by_whole_tiles_and_shares_them():
    raster = Raster.from_array(noise(3, (100, 300, 4), np.uint16), -20, 30)
    moved = raster.shifted(-2, 5)
    area = Rect(-20, 30, 300, 100)
    there = Rect(area.x - 2 * TILE, area.y + 5 * TILE, area.width, area.height)
    np.testing.assert_array_equal(moved.read(there), raster.read(area))
    assert {id(tile) for tile in moved.tiles.values()} == {id(t) for t in raster.tiles.values()}


def test_equality_is_of_pixels_not_of_tiles():
    pixels = noise(5, (20, 20, 4), np.uint8)
    raster = Raster.from_array(pixels)
    erased = raster.write(400, 0, pixels).write(400, 0, np.zeros_like(pixels))
    assert len(erased.tiles) > len(raster.tiles)
    assert erased == raster
    assert hash(erased) == hash(raster)
    assert raster != raster.write(0, 0, 255 - pixels)
    assert Raster(np.uint8, 4) != Raster(np.uint16, 4)
    assert Raster(np.uint8, 4) != Raster(np.uint8, 1)
    assert raster != "a raster"


def test_bounds_are_tile_aligned_and_cover_everything():
    assert Raster().bounds.empty
    pixels = noise(5, (2, 2, 4), np.uint8)
    raster = Raster.from_array(pixels, -1, -1).write(600, 10, pixels)
    assert raster.bounds == Rect(-TILE, -TILE, 4 * TILE, 2 * TILE)
    assert raster.nbytes == len(raster.tiles) * TILE * TILE * 4


@pytest.mark.parametrize(
    "pixels",
    [
        np.ones((4, 4, 4), np.uint16),
        np.ones((4, 4, 3), np.uint8),
        np.ones((4, 4), np.uint8),
        np.ones((4, 4, 4), np.float32),
    ],
)
def test_other_depths_and_channels_are_refused(pixels):
    raster = Raster(np.uint8, 4)
    with pytest.raises(ValueError, match="into a uint8 raster of 4 channels"):
        raster.write(0, 0, pixels)
    with pytest.raises(ValueError, match="into a uint8 raster of 4 channels"):
        raster.blend(0, 0, pixels, np.ones((4, 4)))


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match="a mask of"):
        Raster().blend(0, 0, np.ones((4, 4, 4), np.uint8), np.ones((4, 1)))


def test_a_raster_is_of_whole_numbers():
    with pytest.raises(ValueError, match="uint8 or uint16, not float32"):
        Raster(np.float32)
