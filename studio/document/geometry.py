"""Rectangles on the canvas, in whole pixels; x grows to the right, y downwards."""

from __future__ import annotations

from typing import NamedTuple


class Rect(NamedTuple):
    """``width`` x ``height`` pixels whose top left pixel is (x, y); empty if a side is not positive."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column to the right of the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the rectangle."""
        return self.y + self.height

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.width <= 0 or self.height <= 0

    def intersected(self, other: Rect) -> Rect:
        """The pixels in both; an empty rectangle if there are none."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(right - x, 0), max(bottom - y, 0))

    def united(self, other: Rect) -> Rect:
        """The smallest rectangle around both; an empty one adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def grown(self, pixels: int) -> Rect:
        """With ``pixels`` more on every side."""
        return Rect(
            self.x - pixels, self.y - pixels, self.width + 2 * pixels, self.height + 2 * pixels
        )

    def contains(self, x: int, y: int) -> bool:
        """Whether the pixel (x, y) lies inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom
