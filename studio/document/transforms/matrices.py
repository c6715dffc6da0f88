"""Projective maps of the plane as 3 x 3 matrices that act on (x, y, 1) from the left."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Point = tuple[float, float]


def translation(dx: float, dy: float) -> Matrix:
    """Moves by (dx, dy)."""
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def scaling(across: float, down: float, about: Point = (0, 0)) -> Matrix:
    """Scales about a point."""
    return around(np.diag([across, down, 1.0]), about)


def rotation(degrees: float, about: Point = (0, 0)) -> Matrix:
    """Turns clockwise, as seen with y downwards, about a point; quarter turns are exact."""
    quarter, rest = divmod(degrees, 90)
    if rest == 0:
        cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
    else:
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], np.float64)
    return around(turn, about)


def around(matrix: Matrix, about: Point) -> Matrix:
    """The same map with ``about`` in the place of the origin."""
    return translation(*about) @ matrix @ translation(-about[0], -about[1])


def from_quads(source: Sequence[Point], target: Sequence[Point]) -> Matrix:
    """The map that takes four points to four others (Heckbert 1989).

    Raises:
        ValueError: if three of the points lie on a line.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    try:
        solved = np.linalg.solve(np.array(rows, np.float64), np.array(right, np.float64))
    except np.linalg.LinAlgError as error:
        raise ValueError("three of four points lie on a line") from error
    return np.append(solved, 1.0).reshape(3, 3)


def mapped_points(matrix: Matrix, points: Sequence[Point]) -> list[Point]:
    """Where points go."""
    homogeneous = matrix @ np.array([(x, y, 1.0) for x, y in points], np.float64).T
    return [(float(x / w), float(y / w)) for x, y, w in homogeneous.T]


def is_convex(points: Sequence[Point]) -> bool:
    """Whether four corners, in order, make a convex quadrilateral of some area."""
    signs = []
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = points[i], points[(i + 1) % 4], points[(i + 2) % 4]
        signs.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return all(sign > 1e-6 for sign in signs) or all(sign < -1e-6 for sign in signs)


def lattice(matrix: Matrix) -> tuple[int, bool, int, int] | None:
    """The map as exact moves of whole pixels, if it is one.

    Returns:
        Clockwise quarter turns, whether left and right are swapped before them, and the whole
        numbers of columns and rows moved after them; None if pixels would have to be mixed.
    """
    m = matrix / matrix[2, 2]
    if not np.allclose(m[2], (0, 0, 1), atol=1e-12):
        return None
    whole = np.rint(m)
    if not np.allclose(m, whole, atol=1e-9) or abs(abs(np.linalg.det(whole[:2, :2])) - 1) > 1e-9:
        return None
    if np.any(np.abs(whole[:2, :2]).sum(axis=0) != 1):
        return None
    mirrored = bool(np.linalg.det(whole[:2, :2]) < 0)
    turn = whole[:2, :2] @ (np.diag([-1.0, 1.0]) if mirrored else np.eye(2))
    quarters = {(1, 0): 0, (0, 1): 1, (-1, 0): 2, (0, -1): 3}[(int(turn[0, 0]), int(turn[1, 0]))]
    return quarters, mirrored, int(whole[0, 2]), int(whole[1, 2])


def uniform_scale(matrix: Matrix) -> float | None:
    """The factor of a map that only scales, alike in both directions up to 1 %, and moves."""
    m = matrix / matrix[2, 2]
    off = max(abs(m[0, 1]), abs(m[1, 0]), abs(m[2, 0]), abs(m[2, 1]))
    if off > 1e-9 or m[0, 0] <= 0 or abs(m[1, 1] / m[0, 0] - 1) > 0.01:
        return None
    return float(m[1, 1])
