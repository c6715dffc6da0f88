"""How far the canvas grows: pixels, percent and aspect ratios."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.api import Margins, UserError
from studio_plugins.uncropping.parameters import (
    ExtendParameters,
    aspect_ratio,
    margin_values,
    margins,
)

SIDE = st.integers(1, 5000)


@given(SIDE, SIDE, st.sampled_from(["16:9", "1:1", "4:5", "2.39", "3x2", "20:1"]))
def test_an_aspect_ratio_grows_one_direction_as_little_as_possible(width, height, aspect):
    ratio = aspect_ratio(aspect)
    if width in (round(height * ratio), height * ratio) or height == round(width / ratio):
        return
    found = margins(ExtendParameters(aspect=aspect), width, height)
    wide, high = found.size(width, height)
    assert wide == width or high == height
    assert abs(wide - high * ratio) <= max(1, ratio)
    assert abs(found.left - found.right) <= 1
    assert abs(found.top - found.bottom) <= 1


@pytest.mark.parametrize(
    ("anchor", "found"),
    [
        ("center", (25, 0, 25, 0)),
        ("left", (0, 0, 50, 0)),
        ("right", (50, 0, 0, 0)),
        ("top", (25, 0, 25, 0)),
    ],
)
def test_an_anchor_says_where_the_picture_stays(anchor, found):
    assert margins(ExtendParameters(aspect="3:2", anchor=anchor), 100, 100)[:4] == found


def test_heights_have_anchors_too():
    assert margins(ExtendParameters(aspect="1:2", anchor="bottom"), 10, 10) == (0, 10, 0, 0, 0)
    assert margins(ExtendParameters(aspect="1:2", anchor="top"), 10, 10) == (0, 0, 0, 10, 0)


def test_percent_is_of_each_side_and_never_nothing():
    assert margins(ExtendParameters(percent=25, overlap=9), 400, 200) == (100, 50, 100, 50, 9)
    assert margins(ExtendParameters(percent=1), 1, 1) == (1, 1, 1, 1, 0)


@given(st.tuples(*[st.integers(0, 9)] * 4).filter(any))
def test_a_dragged_border_is_what_the_form_says(sides):
    before = ExtendParameters(aspect="16:9", percent=12, fill="smear")
    after = before.model_copy(update=dict(margin_values(Margins(*sides))))
    assert margins(after, 50, 60)[:4] == sides
    assert after.fill == "smear"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"left": 3, "bottom": 1, "percent": 5.0}, ("left, bottom", "percent")),
        ({"top": 3, "aspect": "1:1"}, ("top", "aspect")),
        ({"percent": 3.0, "aspect": "1:1"}, ("percent", "aspect")),
        ({}, ("not said",)),
        ({"aspect": " "}, ("not said",)),
        ({"aspect": "wide"}, ("wide",)),
        ({"aspect": "16:0"}, ("16:0",)),
        ({"aspect": "100:1"}, ("100:1",)),
        ({"aspect": "4:2"}, ("already",)),
    ],
)
def test_what_makes_no_sense_is_named(values, named):
    with pytest.raises(UserError) as caught:
        margins(ExtendParameters(**values), 200, 100)
    for word in named:
        assert word in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("written", ["16:9", "16/9", " 16 x 9 ", "16×9"])
def test_ways_to_write_an_aspect_ratio(written):
    assert aspect_ratio(written) == Fraction(16, 9)
    assert aspect_ratio("1,85") == aspect_ratio("1.85") == Fraction(185, 100)
