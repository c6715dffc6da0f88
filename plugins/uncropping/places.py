"""Where on the larger canvas the picture is."""

from __future__ import annotations

from torch import Tensor

from studio.nn.filling_parts import Box


def grown(box: Box, across: int, down: int, height: int, width: int) -> Box:
    """With this much more on every side, inside ``width`` x ``height``."""
    return Box(
        max(box.top - down, 0),
        max(box.left - across, 0),
        min(box.bottom + down, height),
        min(box.right + across, width),
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
        box = grown(box, across, down, height, width)
        found.append(box)
    return found
