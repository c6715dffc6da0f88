"""Paths: even spacing whatever the rate of samples, and smoothing that ends at the pen."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.document.painting import Path, Sample

samples = st.lists(
    st.builds(Sample, st.floats(0, 500), st.floats(0, 500), st.floats(0, 1)),
    min_size=1,
    max_size=10,
)


def walked(path: Path, through: list[Sample]) -> list[Sample]:
    places = path.start(through[0])
    for sample in through[1:]:
        places += path.move(sample)
    return places + path.finish()


@given(samples, st.floats(0.7, 40), st.sampled_from([0.0, 30.0]))
def test_places_are_never_further_apart_than_the_step(
    through: list[Sample], step: float, smoothing: float
) -> None:
    places = walked(Path(lambda _: step, smoothing), through)
    assert places[0] == through[0]
    for a, b in itertools.pairwise(places):
        assert math.hypot(b.x - a.x, b.y - a.y) <= step + 1e-6
    last = through[-1]
    assert math.hypot(last.x - places[-1].x, last.y - places[-1].y) <= step + 1e-6


@given(st.integers(1, 60))
def test_the_rate_of_samples_makes_no_difference_on_a_straight_line(count: int) -> None:
    line = [Sample(300 * i / count, 40 * i / count) for i in range(count + 1)]
    places = walked(Path(lambda _: 5.0), line)
    expected = walked(Path(lambda _: 5.0), [line[0], line[-1]])
    assert len(places) == len(expected)
    for place, other in zip(places, expected, strict=True):
        assert (place.x, place.y) == pytest.approx((other.x, other.y), abs=1e-6)


def test_smoothing_flattens_a_shaky_line() -> None:
    shaky = [Sample(4.0 * i, 100 + 6 * (-1) ** i) for i in range(100)]
    plain = walked(Path(lambda _: 1.0), shaky)
    smooth = walked(Path(lambda _: 1.0, 60), shaky)

    def spread(places: list[Sample]) -> float:
        middle = [abs(place.y - 100) for place in places if 100 < place.x < 300]
        return sum(middle) / len(middle)

    assert spread(smooth) < spread(plain) / 2


def test_a_line_is_straight_after_a_curve() -> None:
    path = Path(lambda _: 1.0, 50)
    path.start(Sample(0, 0))
    path.move(Sample(50, 10))
    path.finish()
    places = path.line(Sample(50, 100))
    assert all(place.x == pytest.approx(50) for place in places)
    assert path.end == Sample(50, 100)


def test_a_path_that_never_started_has_nothing_to_finish() -> None:
    assert Path(lambda _: 1.0).finish() == []
