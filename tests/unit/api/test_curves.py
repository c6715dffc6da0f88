"""Curves, levels and colours as parameters, and the curve through points."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.api import Curve, Levels, Parameters, UserError, color, curve, curve_values, levels
from studio.api.curves import parse_curve, to_text
from studio.api.parameters import canonical_json, describe, validate


class Tones(Parameters):
    rgb: Curve = curve()
    red: Levels = levels(channel="red")
    tint: str | None = color("#102030")


def test_the_declaration_reads_back():
    rgb, red, tint = describe(Tones)
    assert (rgb.kind, rgb.channel, rgb.default) == ("curve", "all", ((0, 0), (1, 1)))
    assert (red.kind, red.channel, red.default) == ("levels", "red", Levels())
    assert (tint.kind, tint.optional, tint.default) == ("color", True, "#102030")


def test_lists_text_and_tuples_mean_the_same():
    ways = (
        {"rgb": [[0, 0.1], [1, 0.9]], "red": [0.1, 1.5, 0.9]},
        {"rgb": "0,0.1;1,0.9", "red": "0.1,1.5,0.9"},
        {"rgb": ((0, 0.1), (1, 0.9)), "red": Levels(0.1, 1.5, 0.9, 0, 1)},
    )
    made = [validate(Tones, dict(values)) for values in ways]
    assert made[0] == made[1] == made[2]
    assert made[0].red.output_white == 1
    assert len({hash(parameters) for parameters in made}) == 1
    assert validate(Tones, json.loads(canonical_json(made[0]))) == made[0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rgb": ((0, 0),)}, "2 to 64 points"),
        ({"rgb": ((0, 0), (0.5, 1.1), (1, 1))}, "lie in 0 to 1"),
        ({"rgb": ((0, 0), (0.5, 0.2), (0.5, 0.3), (1, 1))}, "must rise"),
        ({"rgb": "0,0;1"}, "list of points"),
        ({"rgb": "0,zero;1,1"}, "list of numbers"),
        ({"red": (0.9, 1, 0.1)}, "black must lie below white"),
        ({"red": (0, 0, 1)}, "gamma must lie in 0.1 to 10"),
        ({"red": (0, 1, 1, -1, 1)}, "output must lie in 0 to 1"),
        ({"red": "0,1,1,0,1,7"}, "red"),
        ({"tint": "blue"}, "tint"),
    ],
)
def test_what_is_no_curve_levels_or_colour_is_refused(values, says):
    with pytest.raises(UserError, match=says):
        validate(Tones, values)


points = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 100)),
    min_size=2,
    max_size=9,
    unique_by=lambda p: p[0],
).map(lambda pairs: tuple((x / 100, y / 100) for x, y in sorted(pairs)))


@settings(deadline=None, max_examples=200)
@given(points)
def test_a_curve_goes_through_its_points_and_is_monotone_between_them(given_points):
    x, y = np.array(given_points).T
    assert curve_values(given_points, x) == pytest.approx(y, abs=1e-9)
    for (x0, y0), (x1, y1) in itertools.pairwise(given_points):
        piece = curve_values(given_points, np.linspace(x0, x1, 50))
        assert piece.min() >= min(y0, y1) - 1e-9
        assert piece.max() <= max(y0, y1) + 1e-9
        steps = np.diff(piece) * (1 if y1 >= y0 else -1)
        assert (steps >= -1e-9).all()


@settings(deadline=None)
@given(points)
def test_what_is_typed_is_read_back(given_points):
    assert parse_curve(to_text(given_points)) == given_points


def test_the_straight_line_is_exact():
    x = np.arange(65536) / 65535
    assert np.array_equal(np.rint(curve_values(((0, 0), (1, 1)), x) * 65535), np.arange(65536))
