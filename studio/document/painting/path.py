"""From the pointer's samples to the places of dabs: smoothing, curves and even spacing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

CHORD = 3.0
"""Canvas pixels between the points that stand for a curve."""


class Sample(NamedTuple):
    """A place of the pen on the canvas and its pressure, 0 to 1."""

    x: float
    y: float
    pressure: float = 1.0


class Path:
    """Turns samples into evenly spaced ones, whatever the rate at which they come.

    Each sample is handled by itself, so that it does not matter how many arrive at once. The curve
    runs through the middles between samples with the samples as control points of quadratic Bézier
    curves, which is smooth and never leaves their hull; `finish` adds the rest up to the last one.

    Args:
        step: canvas pixels from a place to the next, by pressure.
        smoothing: canvas pixels by which the curve trails the samples; 0 follows them.
    """

    def __init__(self, step: Callable[[float], float], smoothing: float = 0.0) -> None:
        self._step = step
        self._smoothing = smoothing
        self._raw: Sample | None = None
        self._control: Sample | None = None
        self._end: Sample | None = None
        self._left = 0.0

    @property
    def end(self) -> Sample | None:
        """Where the last sample was."""
        return self._raw

    def start(self, sample: Sample) -> list[Sample]:
        """Begin here; the first place is right there."""
        self._raw = self._control = self._end = sample
        self._left = self._step(sample.pressure)
        return [sample]

    def move(self, sample: Sample) -> list[Sample]:
        """Go on to a sample; returns the places reached since."""
        if self._raw is None or self._control is None or self._end is None:
            return self.start(sample)
        gone = math.hypot(sample.x - self._raw.x, sample.y - self._raw.y)
        target = self._trailing(self._control, sample, gone)
        self._raw = sample
        if target == self._control:
            return []
        start, control, end = self._end, self._control, _between(self._control, target, 0.5)
        self._control, self._end = target, end
        return list(self._walk(start, _curve(start, control, end)))

    def line(self, sample: Sample) -> list[Sample]:
        """Go straight to a place, unsmoothed."""
        if self._end is None:
            return self.start(sample)
        start = self._end
        self._raw = self._control = self._end = sample
        return list(self._walk(start, iter((sample,))))

    def finish(self) -> list[Sample]:
        """Go on to where the last sample was."""
        if self._raw is None or self._end is None or self._control is None:
            return []
        corner, last = self._control, self._raw
        places = self.line(corner) if corner != last else []
        return places + self.line(last)

    def _trailing(self, smoothed: Sample, sample: Sample, gone: float) -> Sample:
        """The smoothed place: an exponential mean over the way gone, not over the time."""
        if self._smoothing <= 0:
            return sample
        return _between(smoothed, sample, 1 - math.exp(-gone / self._smoothing))

    def _walk(self, start: Sample, points: Iterator[Sample]) -> Iterator[Sample]:
        """Places at even distances along a polyline."""
        for point in points:
            length = math.hypot(point.x - start.x, point.y - start.y)
            gone = 0.0
            while self._left <= length - gone:
                gone += self._left
                place = _between(start, point, gone / length)
                yield place
                self._left = self._step(place.pressure)
            self._left -= length - gone
            start = point


def _between(a: Sample, b: Sample, share: float) -> Sample:
    return Sample(
        a.x + (b.x - a.x) * share,
        a.y + (b.y - a.y) * share,
        a.pressure + (b.pressure - a.pressure) * share,
    )


def _curve(start: Sample, control: Sample, end: Sample) -> Iterator[Sample]:
    """Points of a quadratic Bézier curve after its start."""
    way = math.hypot(control.x - start.x, control.y - start.y)
    way += math.hypot(end.x - control.x, end.y - control.y)
    count = max(math.ceil(way / CHORD), 1)
    for index in range(1, count + 1):
        share = index / count
        yield _between(_between(start, control, share), _between(control, end, share), share)
