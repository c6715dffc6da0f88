"""Values of tone controls: curves and levels, from text and as functions. No torch, no Qt."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Curve = tuple[tuple[float, float], ...]
"""Points (x, y) in [0, 1] that a tone curve goes through, x rising; see `curve_values`."""

STRAIGHT: Curve = ((0.0, 0.0), (1.0, 1.0))
MOST_POINTS = 64
GAMMA_RANGE = (0.1, 10.0)


class Levels(NamedTuple):
    """What the levels control sets: the input range, the middle tones and the output range.

    Attributes:
        black: input in [0, 1) that becomes ``output_black``.
        gamma: exponent 1 / gamma between black and white; above 1 the middle gets lighter.
        white: input in (0, 1] that becomes ``output_white``; above ``black``.
        output_black: output in [0, 1].
        output_white: output in [0, 1]; below ``output_black`` it inverts.
    """

    black: float = 0.0
    gamma: float = 1.0
    white: float = 1.0
    output_black: float = 0.0
    output_white: float = 1.0


def parse_numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between them, as typed behind a flag.

    Raises:
        ValueError: if one is not a number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not a list of numbers with commas between them") from None


def parse_curve(text: str) -> Curve:
    """Points as typed behind a flag: ``0,0;0.5,0.6;1,1``.

    Raises:
        ValueError: if a point is not two numbers.
    """
    points = [parse_numbers(part) for part in text.split(";") if part.strip()]
    if any(len(point) != 2 for point in points):
        raise ValueError(f"{text!r} is not a list of points like 0,0;0.5,0.6;1,1")
    return tuple((point[0], point[1]) for point in points)


def check_curve(points: Sequence[Sequence[float]]) -> None:
    """Refuse points that are not a curve.

    Raises:
        ValueError: unless there are 2 to 64 points in [0, 1] whose x rise.
    """
    if not 2 <= len(points) <= MOST_POINTS:
        raise ValueError(f"a curve has 2 to {MOST_POINTS} points")
    if not all(0 <= value <= 1 for point in points for value in point):
        raise ValueError("the points of a curve lie in 0 to 1")
    if any(b[0] <= a[0] for a, b in itertools.pairwise(points)):
        raise ValueError("the x of the points of a curve must rise")


def check_levels(levels: Levels) -> None:
    """Refuse levels out of range.

    Raises:
        ValueError: naming what is out of range.
    """
    low, high = GAMMA_RANGE
    if not 0 <= levels.black < levels.white <= 1:
        raise ValueError("black must lie below white, both in 0 to 1")
    if not low <= levels.gamma <= high:
        raise ValueError(f"gamma must lie in {low:g} to {high:g}")
    if not (0 <= levels.output_black <= 1 and 0 <= levels.output_white <= 1):
        raise ValueError("the output must lie in 0 to 1")


def to_text(value: Any) -> str:
    """A curve, levels or a plain value as it is typed behind a flag."""
    if not isinstance(value, list | tuple):
        return f"{value:g}" if isinstance(value, float) else str(value)
    inner = ";" if value and isinstance(value[0], list | tuple) else ","
    return inner.join(to_text(part) for part in value)


def curve_values(points: Curve, x: ArrayLike) -> NDArray[np.float64]:
    """The curve through ``points`` at ``x``: monotone cubic, level beyond the first and last point.

    Hermite cubics with the tangents of Fritsch and Carlson, Monotone Piecewise Cubic
    Interpolation, SIAM J. Numer. Anal. 17 (1980): between two points the curve never leaves the
    range of their values, so a tone curve has no ripples.

    Args:
        points: at least two, x rising.
        x: any shape.

    Returns:
        Values in [0, 1] of the shape of ``x``.
    """
    import numpy as np

    at = np.asarray([point[0] for point in points], np.float64)
    y = np.asarray([point[1] for point in points], np.float64)
    width, slope = np.diff(at), np.diff(y) / np.diff(at)
    tangent = _tangents(slope)
    given = np.clip(np.asarray(x, np.float64), at[0], at[-1])
    left = np.clip(np.searchsorted(at, given, side="right") - 1, 0, len(at) - 2)
    # Each piece as a polynomial in the distance from its left point.
    bend = (3 * slope - 2 * tangent[:-1] - tangent[1:]) / width
    turn = (tangent[:-1] + tangent[1:] - 2 * slope) / width**2
    t = given - at[left]
    value = y[left] + t * (tangent[left] + t * (bend[left] + t * turn[left]))
    clipped: NDArray[np.float64] = np.clip(value, 0, 1)
    return clipped


def _tangents(slope: NDArray[np.float64]) -> NDArray[np.float64]:
    """One tangent per point from the slopes between them (steps 1 and 2 of the paper)."""
    import numpy as np

    tangent = np.empty(len(slope) + 1)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    tangent[1:-1] = (slope[:-1] + slope[1:]) / 2
    tangent[1:-1][slope[:-1] * slope[1:] <= 0] = 0
    for k, rise in enumerate(slope):
        if rise == 0:
            tangent[k] = tangent[k + 1] = 0
            continue
        a, b = tangent[k] / rise, tangent[k + 1] / rise
        length = np.hypot(a, b)
        if length > 3:  # outside the circle of radius 3 the piece could overshoot
            tangent[k], tangent[k + 1] = 3 * a / length * rise, 3 * b / length * rise
    return tangent
