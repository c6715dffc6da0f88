"""Where on the larger canvas the picture is."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, ``bottom`` and ``right`` exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    def of(self, image: Tensor) -> Tensor:
        """The part of ... x H x W that it covers, without copying."""
        return image[..., self.top : self.bottom, self.left : self.right]

    def grown(self, across: int, down: int, height: int, width: int) -> Box:
        """With this much more on every side, inside ``width`` x ``height``."""
        return Box(
            max(self.top - down, 0),
            max(self.left - across, 0),
            min(self.bottom + down, height),
            min(self.right + across, width),
        )


def box_of(inside: Tensor) -> Box:
    """Around all places where H x W ``inside`` holds; there are some."""
    rows, columns = inside.any(dim=1).nonzero(), inside.any(dim=0).nonzero()
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def steps(known: Box, height: int, width: int, reach: float, least: int = 8) -> list[Box]:
    """What is known after each step outward, the whole canvas at last.

    Args:
        known: at first.
        height: of the canvas.
        width: of the canvas.
        reach: of a step on each side, as a share of what is known then.
        least: pixels that a step goes at any rate.
    """
    found = []
    box = known
    while (box.height, box.width) != (height, width):
        across, down = (max(least, round(reach * side)) for side in (box.width, box.height))
        box = box.grown(across, down, height, width)
        found.append(box)
    return found
