"""The quadrilateral of a free transform: plain geometry."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from studio.document import Rect
from studio.document.transforms.matrices import (
    Matrix,
    Point,
    from_quads,
    is_convex,
    mapped_points,
    rotation,
    scaling,
    translation,
)
from studio.qt.geometry.handles import UNIT

CORNERS = (0, 2, 4, 6)
SMALLEST = 0.5


@dataclass(frozen=True)
class Quad:
    """Where the corners of an area go.

    Attributes:
        area: what is transformed.
        matrix: the map, of which the corners are the image.
    """

    area: Rect
    matrix: Matrix = dataclasses.field(default_factory=lambda: np.eye(3))

    @property
    def changed(self) -> bool:
        """Whether anything goes elsewhere."""
        return not np.allclose(self.matrix, np.eye(3), atol=1e-9)

    @property
    def corners(self) -> list[Point]:
        """Clockwise from what was the top left."""
        return [self.handles[i] for i in CORNERS]

    @property
    def handles(self) -> list[Point]:
        """Eight handles, clockwise from what was the top left corner."""
        area = self.area
        places = [(area.x + u * area.width, area.y + v * area.height) for u, v in UNIT]
        return mapped_points(self.matrix, places)

    @property
    def middle(self) -> Point:
        """Where the middle of the area goes."""
        area = self.area
        center = (area.x + area.width / 2, area.y + area.height / 2)
        return mapped_points(self.matrix, [center])[0]

    @property
    def size(self) -> tuple[float, float]:
        """Lengths of the upper and the left side, as shares of what they were."""
        a, b, _, d = self.corners
        return (
            math.dist(a, b) / max(self.area.width, 1),
            math.dist(a, d) / max(self.area.height, 1),
        )

    @property
    def angle(self) -> float:
        """Degrees clockwise of the upper side, -180 to 180."""
        a, b = self.corners[:2]
        return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))

    def after(self, matrix: Matrix) -> Quad:
        """With another map on top."""
        return dataclasses.replace(self, matrix=matrix @ self.matrix)

    def before(self, matrix: Matrix) -> Quad:
        """With another map of the area underneath."""
        return dataclasses.replace(self, matrix=self.matrix @ matrix)

    def moved(self, dx: float, dy: float) -> Quad:
        """At another place."""
        return self.after(translation(dx, dy))

    def turned(self, degrees: float) -> Quad:
        """Turned about its middle."""
        return self.after(rotation(degrees, self.middle))

    def scaled(self, across: float, down: float) -> Quad:
        """Scaled about its middle, along its own sides."""
        area = self.area
        center = (area.x + area.width / 2, area.y + area.height / 2)
        return self.before(scaling(across, down, center))

    def inner(self, point: Point) -> Point:
        """The point of the area that is shown at a point of the canvas."""
        return mapped_points(np.linalg.inv(self.matrix).astype(np.float64), [point])[0]

    def contains(self, point: Point) -> bool:
        """Whether a point lies inside."""
        x, y = self.inner(point)
        area = self.area
        return area.x <= x <= area.right and area.y <= y <= area.bottom

    def stretched(
        self, handle: int, point: Point, *, proportional: bool = False, centred: bool = False
    ) -> Quad:
        """With a handle drawn to ``point`` along the sides; the opposite one or the middle stays."""
        area = self.area
        u, v = UNIT[handle]
        x, y = self.inner(point)
        fixed_u, fixed_v = (0.5, 0.5) if centred else (1 - u, 1 - v)
        fixed = (area.x + fixed_u * area.width, area.y + fixed_v * area.height)
        across = _factor(x - fixed[0], (u - fixed_u) * area.width)
        down = _factor(y - fixed[1], (v - fixed_v) * area.height)
        if proportional:
            if u == 0.5:
                across = abs(down)
            elif v == 0.5:
                down = abs(across)
            else:
                size = max(abs(across), abs(down))
                across, down = math.copysign(size, across), math.copysign(size, down)
        least = (SMALLEST / max(area.width, 1), SMALLEST / max(area.height, 1))
        across = math.copysign(max(abs(across), least[0]), across)
        down = math.copysign(max(abs(down), least[1]), down)
        return self.before(scaling(across, down, fixed))

    def distorted(self, handle: int, point: Point, *, centred: bool = False) -> Quad:
        """With a corner alone drawn to ``point``, or a side skewed; unchanged if it folds over."""
        corners = self.corners
        if handle in CORNERS:
            index = CORNERS.index(handle)
            moves = [(index, point)]
            if centred:
                middle = self.middle
                mirrored = (2 * middle[0] - point[0], 2 * middle[1] - point[1])
                moves.append(((index + 2) % 4, mirrored))
            for i, to in moves:
                corners[i] = to
        else:
            first = handle // 2
            at = self.handles[handle]
            dx, dy = point[0] - at[0], point[1] - at[1]
            for i in (first, (first + 1) % 4):
                corners[i] = (corners[i][0] + dx, corners[i][1] + dy)
            if centred:
                for i in ((first + 2) % 4, (first + 3) % 4):
                    corners[i] = (corners[i][0] - dx, corners[i][1] - dy)
        return self.with_corners(corners)

    def with_corners(self, corners: list[Point]) -> Quad:
        """With the corners at given places; unchanged if that is no convex shape."""
        if not is_convex(corners):
            return self
        area = self.area
        source = [
            (area.x, area.y), (area.right, area.y), (area.right, area.bottom), (area.x, area.bottom)
        ]  # fmt: skip
        return dataclasses.replace(self, matrix=from_quads(source, corners))


def _factor(now: float, before: float) -> float:
    return now / before if before else 1.0
