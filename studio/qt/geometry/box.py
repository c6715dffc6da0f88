"""A box on the canvas, perhaps turned: plain geometry for the crop and the canvas tool."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from studio.document import Rect
from studio.document.transforms.matrices import Point
from studio.qt.geometry.handles import UNIT

SMALLEST = 1.0


@dataclass(frozen=True)
class Box:
    """A rectangle of ``width`` x ``height`` about (x, y), drawn turned by -``angle`` degrees.

    Turning the picture clockwise by ``angle`` is the same as turning the box the other way.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    @classmethod
    def of(cls, rect: Rect) -> Box:
        """Around whole pixels."""
        return cls(rect.x + rect.width / 2, rect.y + rect.height / 2, rect.width, rect.height)

    @classmethod
    def between(cls, a: Point, b: Point, angle: float = 0.0) -> Box:
        """With two opposite corners, upright."""
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        size = max(abs(a[0] - b[0]), SMALLEST), max(abs(a[1] - b[1]), SMALLEST)
        return cls(*middle, *size, angle)

    @property
    def rect(self) -> Rect:
        """In whole pixels, after the turning; at least one."""
        width, height = max(round(self.width), 1), max(round(self.height), 1)
        left = math.floor(self.x - width / 2 + 0.5)
        return Rect(left, math.floor(self.y - height / 2 + 0.5), width, height)

    def outer(self, local: Point) -> Point:
        """A point given from the middle of the box, along its sides, on the canvas."""
        cosine, sine = self._turn
        x, y = local
        return self.x + x * cosine + y * sine, self.y - x * sine + y * cosine

    def inner(self, point: Point) -> Point:
        """A point of the canvas as seen from the middle of the box, along its sides."""
        cosine, sine = self._turn
        x, y = point[0] - self.x, point[1] - self.y
        return x * cosine - y * sine, x * sine + y * cosine

    @property
    def _turn(self) -> tuple[float, float]:
        return math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))

    def corners(self) -> list[Point]:
        """Clockwise from the top left."""
        w, h = self.width / 2, self.height / 2
        return [self.outer(p) for p in ((-w, -h), (w, -h), (w, h), (-w, h))]

    def handles(self) -> list[Point]:
        """The eight handles, clockwise from the top left."""
        return [self.outer(((u - 0.5) * self.width, (v - 0.5) * self.height)) for u, v in UNIT]

    def contains(self, point: Point) -> bool:
        """Whether a point lies inside."""
        x, y = self.inner(point)
        return abs(x) <= self.width / 2 and abs(y) <= self.height / 2

    def moved(self, dx: float, dy: float) -> Box:
        """At another place."""
        return dataclasses.replace(self, x=self.x + dx, y=self.y + dy)

    def resized(
        self, handle: int, point: Point, ratio: float | None = None, *, centred: bool = False
    ) -> Box:
        """With a handle at ``point`` and the opposite side, or the middle, where it was.

        Args:
            handle: one of the eight.
            point: on the canvas.
            ratio: width to height to keep; None is free.
            centred: whether the middle stays.
        """
        x, y = self.inner(point)
        u, v = UNIT[handle]
        fixed_x = 0.0 if centred else (0.5 - u) * self.width
        fixed_y = 0.0 if centred else (0.5 - v) * self.height
        reach = 2.0 if centred else 1.0
        width = self.width if u == 0.5 else max(abs(x - fixed_x) * reach, SMALLEST)
        height = self.height if v == 0.5 else max(abs(y - fixed_y) * reach, SMALLEST)
        if ratio is not None:
            width, height = _in_ratio(width, height, ratio, u, v)
        sign_x = math.copysign(1.0, x - fixed_x) if u != 0.5 else 0.0
        sign_y = math.copysign(1.0, y - fixed_y) if v != 0.5 else 0.0
        if centred:
            sign_x = sign_y = 0.0
        middle = (
            fixed_x + sign_x * width / 2 if sign_x else 0.0,
            fixed_y + sign_y * height / 2 if sign_y else 0.0,
        )
        new_x, new_y = self.outer(middle)
        return Box(new_x, new_y, width, height, self.angle)

    def shaped(self, ratio: float) -> Box:
        """With another proportion, as large as fits inside this one."""
        width = min(self.width, self.height * ratio)
        return dataclasses.replace(self, width=width, height=width / ratio)

    def within(self, width: float, height: float) -> Box:
        """Smaller about its middle, in the same proportion, until all corners are in a picture.

        The box itself if its middle lies outside.
        """
        share = 1.0
        for x, y in self.corners():
            for at, middle, size in ((x, self.x, width), (y, self.y, height)):
                if at < 0 or at > size:
                    share = min(share, ((0 if at < 0 else size) - middle) / (at - middle))
        if share <= 0:
            return self
        return dataclasses.replace(self, width=self.width * share, height=self.height * share)

    def whole(self) -> Box:
        """With its sides on whole pixels, as far as it is not turned."""
        rect = self.rect
        return dataclasses.replace(Box.of(rect), angle=self.angle)


def _in_ratio(width: float, height: float, ratio: float, u: float, v: float) -> tuple[float, float]:
    if u == 0.5:
        return height * ratio, height
    if v == 0.5:
        return width, width / ratio
    width = max(width, height * ratio)
    return width, width / ratio
