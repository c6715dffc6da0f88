from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.document import Rect
from studio.qt.canvas.viewport import LADDER, MAXIMUM_ZOOM, MINIMUM_ZOOM, Viewport

sizes = st.tuples(st.integers(1, 5000), st.integers(1, 5000))
views = st.tuples(st.integers(64, 2000), st.integers(64, 2000))
zooms = st.floats(MINIMUM_ZOOM, MAXIMUM_ZOOM)
fractions = st.tuples(st.floats(0, 1), st.floats(0, 1))


def viewport(view, canvas):
    port = Viewport()
    port.resize(*view)
    port.show(*canvas)
    return port


def in_view(port):
    view = Rect(0, 0, port.width, port.height)
    return not port.placed(Rect(0, 0, *port.canvas)).intersected(view).empty


@given(views, sizes, fractions, zooms, st.lists(zooms, min_size=1, max_size=5))
def test_zooming_keeps_the_point_of_the_picture_under_the_pointer(view, canvas, at, start, path):
    port = viewport(view, canvas)
    port.zoom_to(start)
    seen = port.visible()
    point = seen.x + at[0] * seen.width, seen.y + at[1] * seen.height
    anchor = port.from_image(*point)
    assume(0 <= anchor[0] <= view[0] and 0 <= anchor[1] <= view[1])
    for zoom in path:
        before, old = port.to_image(*anchor), port.zoom
        if not (0 <= before[0] <= canvas[0] and 0 <= before[1] <= canvas[1]):
            break
        port.zoom_to(zoom, anchor)
        after = port.from_image(*before)
        # Drawn on whole device pixels, the picture is half a pixel off, before and after.
        off = 1.01 + 0.51 * max(zoom / old, 1)
        assert after == pytest.approx(anchor, abs=off)


@given(views, fractions, st.floats(0.1, 10), st.lists(st.floats(0.9, 1.1), max_size=60))
def test_many_small_steps_do_not_drift(view, at, start, path):
    port = viewport(view, (4000, 3000))
    port.zoom_to(start)
    anchor = at[0] * view[0], at[1] * view[1]
    point = port.to_image(*anchor)
    assume(0 <= point[0] <= 4000 and 0 <= point[1] <= 3000)
    for factor in path:
        port.zoom_to(port.zoom * factor, anchor)
    grown = max(port.zoom / start, 1) if start < 1 else 1
    assert port.from_image(*point) == pytest.approx(anchor, abs=0.51 + 0.5 * grown)


@given(views, sizes, st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), zooms)))
def test_no_way_of_moving_loses_the_picture(view, canvas, moves):
    port = viewport(view, canvas)
    for dx, dy, zoom in moves:
        port.pan(dx, dy)
        assert in_view(port)
        port.zoom_to(zoom, (dx % view[0], dy % view[1]))
        assert in_view(port)
        port.resize(*reversed(view))
        assert in_view(port)


@given(views, views, sizes)
def test_a_fitted_picture_stays_fitted_until_the_user_zooms(view, other, canvas):
    port = viewport(view, canvas)
    port.fit()
    port.resize(*other)
    again = viewport(other, canvas)
    again.fit()
    assert (port.zoom, port.origin) == (again.zoom, again.origin)
    port.zoom_to(port.zoom)
    assert port.fit_limit is None


def test_a_new_picture_is_fitted_but_not_enlarged():
    assert viewport((1000, 800), (100, 100)).zoom == 1
    assert viewport((1000, 800), (4000, 400)).zoom == (1000 - 32) / 4000
    small = viewport((1000, 800), (100, 100))
    small.fit()
    assert small.zoom == (800 - 32) / 100


def test_a_fitted_view_makes_room_for_what_lies_around_the_picture():
    port = viewport((1000, 800), (4000, 2000))
    fitted = port.state
    room = Rect(-1000, 0, 5000, 3000)
    assert port.make_room(room)
    assert not port.make_room(room)
    placed = port.placed(room)
    assert placed.x >= 16
    assert placed.right <= 984
    assert (placed.bottom - placed.y) <= 768
    assert abs(placed.x + placed.right - 1000) <= 1
    assert port.make_room(None)
    assert port.state == fitted

    port.zoom_to(1.0)
    placed = port.state
    assert not port.make_room(room)
    assert port.state == placed


@given(st.integers(100, 4000), st.integers(100, 4000), st.sampled_from([2, 3, 4]), fractions)
def test_an_enlarged_canvas_shows_the_same_part(width, height, factor, at):
    port = viewport((800, 600), (width, height))
    port.zoom_to(1.0)
    port.pan(-(at[0] - 0.5) * width, -(at[1] - 0.5) * height)
    before, position = port.visible(), (port.x, port.y)
    port.change_canvas(width * factor, height * factor)
    after = port.visible()
    assert port.zoom == pytest.approx(1 / factor)
    assert (port.x, port.y) == pytest.approx(position)
    for old, new in zip(before, after, strict=True):
        assert new == pytest.approx(old * factor, abs=2 * factor)
    port.change_canvas(width, height)
    assert port.zoom == pytest.approx(1)
    assert (port.x, port.y) == pytest.approx(position)


def test_a_cropped_canvas_keeps_its_zoom():
    port = viewport((800, 600), (2000, 2000))
    port.zoom_to(3.0)
    port.change_canvas(500, 1500)
    assert port.zoom == 3
    assert in_view(port)


def test_the_ladder_climbs_and_holds_the_sharp_zooms():
    assert list(LADDER) == sorted(set(LADDER))
    assert {1 / 4, 1 / 2, 1, 2, 3, 4, 8} <= set(LADDER)
    port = viewport((800, 600), (100, 100))
    climbed = []
    while not climbed or climbed[-1] < MAXIMUM_ZOOM:
        climbed.append(port.step(1))
        port.zoom_to(climbed[-1])
    port.zoom_to(climbed[0])
    assert port.step(-1) == 1
    assert port.step(2) == climbed[2]
    assert (min(LADDER), max(LADDER)) == (MINIMUM_ZOOM, MAXIMUM_ZOOM)


def test_visible_counts_whole_pixels_inside_the_canvas():
    port = viewport((100, 100), (1000, 1000))
    port.zoom_to(4.0, (0, 0))
    port.x, port.y = -10.0, 50.0
    assert port.visible() == Rect(2, 0, 26, 13)
    port.zoom_to(1.0)
    port.x, port.y = -3.0, -950.0
    assert port.visible() == Rect(3, 950, 100, 50)
