"""Rectangles against sets of pixels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import TILE, Rect, tile_rect

SMALL = st.builds(
    Rect, st.integers(-6, 6), st.integers(-6, 6), st.integers(-1, 6), st.integers(-1, 6)
)


def pixels(rect):
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@settings(deadline=None)
@given(SMALL, SMALL)
def test_operations_agree_with_sets_of_pixels(a, b):
    assert pixels(a.intersected(b)) == pixels(a) & pixels(b)
    assert pixels(a.united(b)) >= pixels(a) | pixels(b)
    assert a.empty == (not pixels(a))
    corners = [(x, y) for x in (a.x - 1, a.x, a.right) for y in (a.y, a.bottom - 1, a.bottom)]
    for x, y in corners:
        assert a.contains(x, y) == ((x, y) in pixels(a))


@settings(deadline=None)
@given(SMALL, SMALL)
def test_the_united_rectangle_is_the_smallest(a, b):
    both = pixels(a) | pixels(b)
    united = a.united(b)
    if not both:
        assert united.empty
        return
    columns, rows = zip(*both, strict=True)
    assert (united.x, united.y) == (min(columns), min(rows))
    assert (united.right - 1, united.bottom - 1) == (max(columns), max(rows))


def test_grown_adds_on_every_side():
    assert Rect(3, 4, 5, 6).grown(2) == Rect(1, 2, 9, 10)


def test_tiles_lie_on_a_grid():
    assert tile_rect((-1, 2)) == Rect(-TILE, 2 * TILE, TILE, TILE)
