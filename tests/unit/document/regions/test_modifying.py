"""Growing and softening: monotone, local, and the same as on the whole picture at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Rect
from studio.document.regions import (
    border,
    feather,
    from_mask,
    grow,
    intersect,
    invert,
    rectangle,
    shrink,
    smooth,
    union,
)
from studio.document.selection import feathered

seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, max_examples=12)


def leq(a, b, bounds):
    return bool((a.read(bounds) <= b.read(bounds)).all())


@few
@given(seeds, seeds, st.integers(0, 12), st.integers(0, 12))
def test_growing_and_shrinking_are_monotone(blobs, bounds, i, j, near, more):
    a, b = blobs(i), blobs(j)
    far = near + more
    assert leq(a, grow(a, near, bounds), bounds)
    assert leq(grow(a, near, bounds), grow(a, far, bounds), bounds)
    assert leq(shrink(a, far, bounds), shrink(a, near, bounds), bounds)
    assert leq(shrink(a, near, bounds), a, bounds)
    assert leq(grow(intersect(a, b), near, bounds), grow(a, near, bounds), bounds)
    assert leq(shrink(a, near, bounds), shrink(union(a, b), near, bounds), bounds)


@few
@given(seeds, st.integers(1, 12))
def test_shrinking_is_growing_what_is_not_selected(blobs, bounds, seed, pixels):
    a = blobs(seed)
    other = invert(grow(invert(a, bounds), pixels, bounds), bounds)
    assert shrink(a, pixels, bounds) == other


def test_a_dot_grows_to_a_disk_and_back():
    bounds = Rect(0, 0, 700, 700)
    mask = np.zeros((700, 700), np.uint8)
    mask[255, 255] = 200  # at the corner of four tiles
    y, x = np.mgrid[:700, :700]
    distance = np.hypot(x - 255, y - 255)
    for radius in (1, 7, 24):
        disk = grow(from_mask(mask), radius, bounds)
        want = np.where(distance <= radius, 200, 0)
        np.testing.assert_array_equal(disk.read(bounds)[..., 0], want)
        np.testing.assert_array_equal(shrink(disk, radius, bounds).read(bounds)[..., 0], mask)
    large = grow(from_mask(mask), 100, bounds).read(bounds)[..., 0]
    assert large[distance > 100].max() == 0
    assert large[distance < 98].min() == 200


def test_a_soft_edge_moves_as_it_is():
    bounds = Rect(0, 0, 600, 300)
    edge = rectangle(100.25, 50, 200, 100, bounds)
    moved = grow(edge, 10, bounds).read(bounds)[100, 85:95, 0]
    np.testing.assert_array_equal(moved, edge.read(bounds)[100, 95:105, 0])


@pytest.mark.parametrize("pixels", [0.5, 3, 20, 60])
def test_feathering_by_tiles_is_feathering_at_once(pixels):
    bounds = Rect(0, 0, 900, 700)
    mask = np.zeros((700, 900), np.uint8)
    mask[:400, 300:520] = 255
    mask[600:, 850:] = 140
    got = feather(from_mask(mask), pixels, bounds).read(bounds)[..., 0].astype(int)
    want = feathered(mask, pixels).astype(int)
    # Wide blurs are computed on a smaller copy.
    assert np.abs(got - want).max() <= (1 if pixels < 24 else 6)


@few
@given(seeds, st.integers(1, 20))
def test_a_border_lies_along_the_edge(blobs, bounds, seed, pixels):
    a = blobs(seed)
    band = border(a, pixels, bounds).read(bounds)
    inner, outer = shrink(a, pixels, bounds), grow(a, pixels, bounds)
    np.testing.assert_array_equal(band, np.minimum(outer.read(bounds), 255 - inner.read(bounds)))


def test_smoothing_rounds_corners_and_drops_specks_with_a_crisp_edge():
    bounds = Rect(0, 0, 400, 400)
    mask = np.zeros((400, 400), np.uint8)
    mask[100:300, 100:300] = 255
    mask[200, 200] = mask[30, 30] = 255 - mask[200, 200]
    got = smooth(from_mask(mask), 12, bounds).read(bounds)[..., 0]
    assert got[30, 30] == 0
    assert got[200, 200] == 255
    assert got[100, 100] == 0
    assert got[200, 103] == 255
    assert got[200, 96] == 0


CHANGES = [grow, shrink, feather, smooth]


@pytest.mark.parametrize("change", CHANGES)
def test_tiles_far_from_every_edge_are_kept(change):
    bounds = Rect(0, 0, 2560, 1280)
    selection = rectangle(0, 0, 1280, 1280, bounds)
    made = change(selection, 5, bounds)
    assert {column for column, _ in made.changed_tiles(selection)} <= {4, 5}
    assert not any(column > 5 for column, _ in made.tiles)


@pytest.mark.parametrize("change", [*CHANGES, border])
def test_nothing_stays_nothing_and_everything_has_no_edge(change):
    bounds = Rect(0, 0, 600, 300)
    nothing, everything = from_mask(np.zeros((1, 1), np.uint8)), rectangle(0, 0, 600, 300, bounds)
    assert not change(nothing, 9, bounds).tiles
    want = nothing if change is border else everything
    assert change(everything, 9, bounds) == want


@pytest.mark.parametrize("change", CHANGES)
def test_by_no_pixels_nothing_changes(blobs, bounds, change):
    selection = blobs(3)
    assert change(selection, 0, bounds) is selection
