"""The laws of sets, for soft selections too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Document, Picture, Raster, Rect
from studio.document.regions import (
    Mode,
    change_selection,
    combine,
    from_mask,
    intersect,
    invert,
    moved,
    select_all,
    subtract,
    union,
)

seeds = st.integers(0, 2**32 - 1)
several = settings(deadline=None, max_examples=25)


@several
@given(seeds, seeds, seeds)
def test_union_and_intersection_are_a_lattice(blobs, bounds, i, j, k):
    a, b, c = blobs(i), blobs(j), blobs(k)
    assert union(a, b) == union(b, a)
    assert intersect(a, b) == intersect(b, a)
    assert union(a, union(b, c)) == union(union(a, b), c)
    assert intersect(a, intersect(b, c)) == intersect(intersect(a, b), c)
    assert union(a, a) == a == intersect(a, a)
    assert union(a, intersect(a, b)) == a == intersect(a, union(a, b))
    assert intersect(a, union(b, c)) == union(intersect(a, b), intersect(a, c))


@several
@given(seeds, seeds)
def test_complements_follow_de_morgan_and_twice_is_nothing(blobs, bounds, i, j):
    a, b = blobs(i), blobs(j)
    assert invert(invert(a, bounds), bounds) == a
    both, either = intersect(a, b), union(a, b)
    assert invert(either, bounds) == intersect(invert(a, bounds), invert(b, bounds))
    assert invert(both, bounds) == union(invert(a, bounds), invert(b, bounds))
    assert subtract(a, b) == intersect(a, invert(b, bounds))


@several
@given(seeds, seeds, st.sampled_from(Mode))
def test_combining_is_what_it_says_pixel_by_pixel(blobs, bounds, i, j, mode):
    a, b = blobs(i), blobs(j)
    old, new = a.read(bounds), b.read(bounds)
    want = {
        Mode.REPLACE: new,
        Mode.ADD: np.maximum(old, new),
        Mode.SUBTRACT: np.minimum(old, 255 - new),
        Mode.INTERSECT: np.minimum(old, new),
    }[mode]
    np.testing.assert_array_equal(combine(a, b, mode, bounds).read(bounds), want)


@several
@given(seeds, seeds)
def test_tiles_that_a_new_part_does_not_touch_are_shared(blobs, bounds, i, j):
    a = blobs(i)
    dot = from_mask(np.full((3, 4), 200, np.uint8), 20, 30)
    for result in (union(a, dot), subtract(a, dot)):
        assert result.changed_tiles(a) <= {(0, 0)}
    assert union(a, a).changed_tiles(a) == set()


def test_everything_selected_takes_one_tile_of_memory():
    whole = from_mask(np.full((1024, 2048), 255, np.uint8))
    assert len({id(tile) for tile in whole.tiles.values()}) == 1


def test_no_selection_is_everything_to_take_from_and_nothing_to_add_to(bounds):
    new = from_mask(np.full((10, 10), 100, np.uint8), 5, 5)
    assert combine(None, new, Mode.ADD, bounds) == new
    assert combine(None, new, Mode.INTERSECT, bounds) == new
    assert combine(None, new, Mode.SUBTRACT, bounds) == invert(new, bounds)


def test_nothing_reaches_beyond_the_canvas(bounds):
    new = from_mask(np.full((900, 900), 255, np.uint8), -100, -100)
    for mode in Mode:
        made = combine(None, new, mode, bounds)
        outside = made.read(bounds.grown(200))
        outside[200:-200, 200:-200] = 0
        assert not outside.any()


@several
@given(seeds, st.integers(-700, 700), st.integers(-400, 400))
def test_moving_shifts_every_pixel_and_drops_what_leaves(blobs, bounds, seed, dx, dy):
    a = blobs(seed)
    want = a.read(Rect(-dx, -dy, bounds.width, bounds.height))
    made = moved(a, dx, dy, bounds)
    np.testing.assert_array_equal(made.read(bounds), want)
    assert made.read(bounds.grown(300)).sum() == want.sum()


def picture() -> Picture:
    return Picture.from_pixels(np.zeros((300, 600, 4), np.uint8))


def test_a_selection_is_an_undo_step_and_an_equal_one_is_none(blobs):
    document = Document(picture())
    document.apply("Select", select_all())
    assert document.picture.selection.read(document.picture.bounds).min() == 255
    assert not document.apply("Select", select_all())
    document.undo()
    assert document.picture.selection is None


@pytest.mark.parametrize("mode", [Mode.SUBTRACT, Mode.INTERSECT])
def test_nothing_left_is_no_selection(mode):
    left = from_mask(np.full((10, 10), 255, np.uint8))
    other = left if mode is Mode.SUBTRACT else moved(left, 50, 50, Rect(0, 0, 600, 300))
    one = change_selection(left)(picture())
    assert one.selection == left
    assert change_selection(other, mode)(one).selection is None
    assert change_selection(None)(one).selection is None
    assert Raster(np.uint8, 1).blank
