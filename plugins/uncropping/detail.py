"""Fine detail for the margins, in pieces: a large canvas would not fit into memory at once.

What the reduction lost is borrowed from the nearest part of the picture, by
`studio.nn.filling_detail`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.api import Context
from studio.nn.filling_detail import BLOCK
from studio.nn.filling_detail import add_detail as add_window_detail
from studio.nn.filling_parts import Box

_PIECE = 96  # reduced pixels a side
_FADE = 8  # reduced pixels over which neighbouring pieces fade into each other, on each side
_PAD = 4  # reduced pixels around a piece that its enlargement looks at
_SOURCES = 192  # reduced pixels a side of what is borrowed from


@dataclass(frozen=True)
class Span:
    """A piece of one axis, in reduced pixels: ``start`` to ``stop`` with the fades."""

    start: int
    stop: int
    fades: tuple[int, int]

    def weights(self, reduction: int) -> Tensor:
        """For each pixel: neighbours add up to 1."""
        line = torch.ones((self.stop - self.start) * reduction)
        first, last = (2 * fade * reduction for fade in self.fades)
        if first:
            line[:first] = (torch.arange(first) + 0.5) / first
        if last:
            line[-last:] = ((torch.arange(last) + 0.5) / last).flip(0)
        return line


def spans(length: int) -> list[Span]:
    """Pieces of about the same size that cover ``length`` reduced pixels."""
    count = max(1, round(length / _PIECE))
    cuts = [length * n // count for n in range(count + 1)]
    found = []
    for n in range(count):
        fades = (_FADE if n else 0, _FADE if n < count - 1 else 0)
        found.append(Span(cuts[n] - fades[0], cuts[n + 1] + fades[1], fades))
    return found


def add_detail(result: Tensor, known: Box, small: Tensor, reduction: int, context: Context) -> None:
    """Write the enlargement of ``small`` with fine detail around the known part.

    Args:
        result: 1 x 3 x H x W, written outside ``known``.
        known: the picture.
        small: 1 x 3 x h x w, the whole canvas reduced and filled.
        reduction: pixels of ``result`` for each of ``small``.
        context: for progress.
    """
    height, width = result.shape[2:]
    outside = _Outside(result, known)
    outside.clear()
    pairs = [(row, column) for row in spans(small.shape[2]) for column in spans(small.shape[3])]
    touched = []
    for row, column in pairs:
        area = Box(
            row.start * reduction,
            column.start * reduction,
            min(row.stop * reduction, height),
            min(column.stop * reduction, width),
        )
        if not _inside(area, known):
            touched.append((row, column, area))
    for number, (row, column, area) in enumerate(touched):
        context.progress(number / len(touched), "Adding fine detail")
        made = _piece(result, known, small, (row, column), reduction)
        made = made[..., : area.height, : area.width]
        made *= row.weights(reduction).to(made)[: area.height, None]
        made *= column.weights(reduction).to(made)[: area.width]
        outside.add(area, made)


@dataclass(frozen=True)
class _Outside:
    """All of an image but a box."""

    image: Tensor
    box: Box

    def clear(self) -> None:
        """Make it 0."""
        for part in self._parts():
            part.of(self.image).zero_()

    def add(self, area: Box, made: Tensor) -> None:
        """Add what was made for an area, where that is outside."""
        for part in self._parts():
            top, left = max(part.top, area.top), max(part.left, area.left)
            bottom, right = min(part.bottom, area.bottom), min(part.right, area.right)
            if top < bottom and left < right:
                common = Box(top, left, bottom, right)
                inner = Box(top - area.top, left - area.left, bottom - area.top, right - area.left)
                common.of(self.image).add_(inner.of(made))

    def _parts(self) -> list[Box]:
        height, width = self.image.shape[2:]
        box = self.box
        return [
            Box(0, 0, box.top, width),
            Box(box.bottom, 0, height, width),
            Box(box.top, 0, box.bottom, box.left),
            Box(box.top, box.right, box.bottom, width),
        ]


def _inside(area: Box, known: Box) -> bool:
    return (
        known.top <= area.top
        and known.left <= area.left
        and area.bottom <= known.bottom
        and area.right <= known.right
    )


def _piece(
    result: Tensor, known: Box, small: Tensor, place: tuple[Span, Span], reduction: int
) -> Tensor:
    """A piece enlarged, with detail: 1 x 3 x h x w of full resolution."""
    row, column = place
    sides = [span.stop - span.start + 2 * _PAD for span in place]
    sides = [side + -side % BLOCK for side in sides]
    base = _cells(small, row.start - _PAD, column.start - _PAD, *sides)
    top, left = _source(known, small, place, sides[0], reduction)
    wide = _SOURCES + -_SOURCES % BLOCK
    source = _cells(small, top, left, sides[0], wide)
    image = result.new_zeros((1, 3, sides[0] * reduction, (wide + sides[1]) * reduction))
    lent = image.new_zeros((1, 1, *image.shape[2:]))
    there = Box(
        max(top * reduction, known.top),
        max(left * reduction, known.left),
        min((top + sides[0]) * reduction, known.bottom),
        min((left + wide) * reduction, known.right),
    )
    at = Box(
        there.top - top * reduction,
        there.left - left * reduction,
        there.bottom - top * reduction,
        there.right - left * reduction,
    )
    at.of(image).copy_(there.of(result))
    at.of(lent).fill_(1)
    made = add_window_detail(torch.cat([source, base], dim=3), image, lent, reduction)
    pad, skip = _PAD * reduction, (wide + _PAD) * reduction
    height = (row.stop - row.start) * reduction
    width = (column.stop - column.start) * reduction
    return made[..., pad : pad + height, skip : skip + width].clone()


def _source(
    known: Box, small: Tensor, place: tuple[Span, Span], high: int, reduction: int
) -> tuple[int, int]:
    """Top and left, in reduced pixels, of the part of the picture that is nearest to a piece."""
    found = []
    for span, side, low, end, length in (
        (place[0], high, known.top, known.bottom, small.shape[2]),
        (place[1], _SOURCES, known.left, known.right, small.shape[3]),
    ):
        first, last = -(-low // reduction), end // reduction - side
        middle = (span.start + span.stop - side) // 2
        at = min(max(middle, first), max(last, first))
        found.append(min(at, max(length - side, 0)) if last < first else at)
    return found[0], found[1]


def _cells(small: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A part of the reduced canvas, which goes on beyond its border as it ends there."""
    rows = torch.arange(top, top + height, device=small.device).clamp(0, small.shape[2] - 1)
    columns = torch.arange(left, left + width, device=small.device).clamp(0, small.shape[3] - 1)
    return small[:, :, rows][:, :, :, columns]
