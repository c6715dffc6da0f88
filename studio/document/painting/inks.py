"""What a brush leaves behind: a colour, nothing, or a copy of another place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from studio.document.geometry import Rect
from studio.document.painting.mixing import erased, over, toward
from studio.document.tiles import TILE, Array


class Ink(Protocol):
    """Makes the painted pixels out of those before the stroke."""

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:
        """The pixels of ``rect`` painted on.

        Args:
            before: H x W x channels as it was before the stroke; not to be written to.
            weight: H x W float32 in [0, 1]: coverage of the stroke within the selection.
            rect: where that is on the canvas.

        Returns:
            A new array like ``before``; where the weight is 0 every bit is as before.
        """


class SolidInk:
    """One colour.

    Args:
        color: red, green and blue at the depth and in the profile of the picture; one value for a
            mask.
    """

    def __init__(self, color: tuple[int, ...]) -> None:
        self.color = color
        self._sheet = np.zeros((0, 0, 4), np.float32)

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:  # noqa: ARG002 - Ink
        """Laid over the pixels."""
        if before.shape[2] == 1:
            return toward(before, self.color[0], weight)
        height, width = before.shape[:2]
        if self._sheet.shape[0] < height or self._sheet.shape[1] < width:
            maximum = np.iinfo(before.dtype).max
            self._sheet = np.empty((max(height, TILE), max(width, TILE), 4), np.float32)
            self._sheet[:] = (*self.color, maximum)
        return over(before, self._sheet[:height, :width], weight)


class EraseInk:
    """Takes alpha away; on a mask it hides."""

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:  # noqa: ARG002 - Ink
        """Made more transparent."""
        return toward(before, 0, weight) if before.shape[2] == 1 else erased(before, weight)


class CloneInk:
    """A copy of another place.

    Args:
        read: gives the pixels of a rectangle of the source, as it was before the stroke, in the
            depth and with the channels of what is painted on.
        dx: columns from a painted pixel to the one it copies.
        dy: rows to it.
    """

    def __init__(self, read: Callable[[Rect], Array], dx: int, dy: int) -> None:
        self._read = read
        self.dx, self.dy = dx, dy

    def applied(self, before: Array, weight: Array, rect: Rect) -> Array:
        """The source laid over the pixels; where it is transparent nothing happens."""
        paint = self.source(rect)
        if before.shape[2] == 1:
            return toward(before, paint[..., 0].astype(np.float32), weight)
        maximum = np.float32(np.iinfo(before.dtype).max)
        sheet = paint.astype(np.float32)
        weight = weight * (sheet[..., 3] / maximum)
        return over(before, sheet, weight)

    def source(self, rect: Rect) -> Array:
        """The pixels that are copied to ``rect``."""
        return self._read(Rect(rect.x + self.dx, rect.y + self.dy, rect.width, rect.height))
