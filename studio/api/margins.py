"""How far a canvas grows around its picture."""

from __future__ import annotations

from typing import NamedTuple


class Margins(NamedTuple):
    """Pixels that the canvas gets on each side, none below 0.

    Attributes:
        left: new columns on the left.
        top: new rows above.
        right: new columns on the right.
        bottom: new rows below.
        overlap: pixels inside the border of the old canvas over which the result fades out, to
            blend into the picture; with 0 every pixel there shows as it did.
    """

    left: int
    top: int
    right: int
    bottom: int
    overlap: int = 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the canvas with these margins."""
        return self.left + width + self.right, self.top + height + self.bottom
