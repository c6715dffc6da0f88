"""Covered shares against areas known in closed form and by sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Rect
from studio.document.regions import ellipse, polygon, rectangle

CANVAS = Rect(0, 0, 300, 280)
place = st.floats(-60, 360, allow_nan=False)


def read(raster, bounds=CANVAS):
    return raster.read(bounds)[..., 0].astype(float) / 255


@settings(deadline=None, max_examples=60)
@given(place, place, st.floats(0.1, 300), st.floats(0.1, 300))
def test_a_rectangle_covers_each_pixel_by_its_share(x, y, width, height):
    def share(start, length, count):
        low, high = np.arange(count), np.arange(count) + 1.0
        return np.clip(np.minimum(high, start + length) - np.maximum(low, start), 0, 1)

    want = np.outer(share(y, height, 280), share(x, width, 300))
    got = read(rectangle(x, y, width, height, CANVAS))
    np.testing.assert_allclose(got, want, atol=0.5 / 255 + 1e-6)


def test_a_rectangle_of_whole_pixels_is_hard():
    got = rectangle(10, 20, 30, 40, CANVAS).read(CANVAS)[..., 0]
    want = np.zeros((280, 300), np.uint8)
    want[20:60, 10:40] = 255
    np.testing.assert_array_equal(got, want)


def test_without_antialiasing_edges_go_to_the_nearest_pixel():
    got = rectangle(9.6, 19.5, 30, 40.2, CANVAS, antialias=False).read(CANVAS)[..., 0]
    want = np.zeros((280, 300), np.uint8)
    want[20:60, 10:40] = 255
    np.testing.assert_array_equal(got, want)


@settings(deadline=None, max_examples=40)
@given(st.floats(90, 200), st.floats(90, 180), st.floats(0.6, 85), st.floats(0.6, 85))
def test_an_ellipse_has_its_area_and_its_symmetry(x, y, a, b):
    got = read(ellipse(x - a, y - b, 2 * a, 2 * b, CANVAS))
    circumference = math.pi * (a + b)
    assert abs(got.sum() - math.pi * a * b) < 0.02 * circumference + 0.05
    rows, columns = np.nonzero(got)
    assert abs((got.sum(axis=0) * (np.arange(300) + 0.5)).sum() / got.sum() - x) < 0.05
    assert rows.min() == math.floor(y - b) or got[math.floor(y - b)].max() < 1 / 255
    assert columns.max() <= math.floor(x + a)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9))
def test_convex_polygons_agree_with_sampling(seed, count):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(count) * 2 * math.pi)
    middle, radius = rng.uniform(5, 25, 2), rng.uniform(3, 25)
    points = middle + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    bounds = Rect(0, 0, 30, 30)
    at = (np.arange(30 * 16) + 0.5) / 16
    x, y = np.meshgrid(at, at)
    inside = np.ones_like(x, bool)
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        inside &= (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0
    want = inside.reshape(30, 16, 30, 16).mean(axis=(1, 3))
    assert np.abs(read(polygon(points, bounds), bounds) - want).max() < 0.07


def test_direction_and_crossings_do_not_matter():
    bounds = Rect(0, 0, 40, 40)
    bow = [(5, 5), (35, 35), (35, 5), (5, 35)]
    made = read(polygon(bow, bounds), bounds)
    assert abs(made.sum() - 450) < 1
    np.testing.assert_array_equal(made, read(polygon(bow[::-1], bounds), bounds))
    twice = [(5, 5), (35, 5), (35, 35), (5, 35)] * 2
    assert read(polygon(twice, bounds), bounds).sum() == 900


def test_a_polygon_around_the_canvas_selects_all_of_it_and_nothing_more():
    made = polygon([(-500, -400), (900, -300), (1000, 700), (-600, 800)], CANVAS)
    assert (made.read(CANVAS) == 255).all()
    assert made.read(CANVAS.grown(100)).sum() == 255 * 300 * 280


def test_on_a_canvas_that_does_not_begin_at_the_origin():
    bounds = Rect(-300, 100, 200, 500)
    made = rectangle(-250.5, 90, 100, 300, bounds)
    got = made.read(bounds)[..., 0]
    assert got[:290, 50:149].min() == 255
    assert (got[:290, 49] == 128).all()
    assert got[290:].max() == 0


@pytest.mark.parametrize("points", [[], [(1, 1)], [(1, 1), (9, 9)], [(3, 3)] * 5])
def test_no_area_is_no_selection(points):
    assert not polygon(points, CANVAS).read(CANVAS).any()


def test_tiles_off_the_outline_are_shared_or_missing():
    made = ellipse(300, 300, 3000, 2000, Rect(0, 0, 4000, 3000))
    tiles = list(made.tiles.values())
    assert len({id(tile) for tile in tiles}) < len(tiles) * 0.6
    assert (0, 0) not in made.tiles
