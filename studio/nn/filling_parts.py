"""Which pieces a mask is filled in: connected parts, and the windows around them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

CELL = 16
"""Parts are told apart on a grid of squares of this side, in pixels; nearer ones are one part."""
MARGIN = 128
"""Least context around a part, in pixels, unless told otherwise."""
_SLACK = 1.25  # of the working size, before a window is reduced further
_THIN = 0.2  # share of its box below which a part that is too large is taken in pieces

Grid = npt.NDArray[np.int64]


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


@dataclass(frozen=True)
class Part:
    """Some of a mask, filled at once.

    Attributes:
        number: in the grid of `split`.
        box: around it, on the borders of cells.
        window: the box with its context.
        reduction: how many times smaller the window is when a network sees it.
    """

    number: int
    box: Box
    window: Box
    reduction: int


def split(hole: Tensor, size: int, multiple: int, margin: int = MARGIN) -> tuple[list[Part], Grid]:
    """Connected parts of a hole, near ones together, long thin ones in pieces.

    Args:
        hole: H x W, bool.
        size: side of the square, in pixels, that a network sees at once.
        multiple: sides of what it sees are multiples of this where the picture is large enough.
        margin: least context around a part, in pixels.

    Returns:
        The parts, and for every cell the number of the part that it belongs to, or 0.
    """
    height, width = hole.shape
    occupied = _occupied(hole)
    grid = _labels(occupied)
    for number in _numbers(grid):
        _cut(grid, number, size)
    _gather(grid, size)
    parts = []
    for number in _numbers(grid):
        box = _box(grid, number, height, width)
        parts.append(Part(number, box, *_window(box, (height, width), size, multiple, margin)))
    return parts, grid


def belongs(grid: Grid, part: Part, hole: Tensor) -> Tensor:
    """Which pixels of a part's window are its own: bool, as large as the window.

    Args:
        grid: of `split`.
        part: one of its parts.
        hole: H x W, bool: what is still to be filled.
    """
    window = part.window
    rows = torch.arange(window.top, window.bottom) // CELL
    columns = torch.arange(window.left, window.right) // CELL
    mine = torch.from_numpy(grid == part.number).to(hole.device)
    return mine[rows[:, None], columns[None, :]] & window.of(hole)


def _occupied(hole: Tensor) -> npt.NDArray[np.bool_]:
    pooled = F.max_pool2d(hole[None, None].float(), CELL, ceil_mode=True)
    found: npt.NDArray[np.bool_] = (pooled[0, 0] > 0).cpu().numpy()
    return found


def _labels(occupied: npt.NDArray[np.bool_]) -> Grid:
    """Connected components, also over a gap of one cell, by hooking and pointer jumping."""
    wide = _neighbours(occupied.astype(np.int64), np.maximum, 0) > 0
    count = wide.size
    cells = np.flatnonzero(wide)
    parent = np.arange(count + 1)
    while True:
        roots = np.where(wide, parent[:count].reshape(wide.shape), count)
        lowest = _neighbours(roots, np.minimum, count).ravel()[cells]
        new = parent.copy()
        np.minimum.at(new, parent[cells], lowest)
        while not np.array_equal(new, jumped := new[new]):
            new = jumped
        if np.array_equal(new, parent):
            break
        parent = new
    return np.where(occupied, parent[:count].reshape(wide.shape) + 1, 0)


def _neighbours(grid: Grid, pick: np.ufunc, outside: int) -> Grid:
    """The extreme of the 3 x 3 cells around each."""
    padded = np.pad(grid, 1, constant_values=outside)
    rows = pick(pick(padded[:-2], padded[1:-1]), padded[2:])
    picked: Grid = pick(pick(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return picked


def _numbers(grid: Grid) -> list[int]:
    return [int(number) for number in np.unique(grid) if number]


def _box(grid: Grid, number: int, height: int, width: int) -> Box:
    rows, columns = np.nonzero(grid == number)
    return Box(
        int(rows.min()) * CELL,
        int(columns.min()) * CELL,
        min((int(rows.max()) + 1) * CELL, height),
        min((int(columns.max()) + 1) * CELL, width),
    )


def _cut(grid: Grid, number: int, size: int) -> None:
    """Halve a part until it is compact or small: a scratch is not to be reduced to nothing."""
    rows, columns = np.nonzero(grid == number)
    tall, wide = (int(np.ptp(axis)) + 1 for axis in (rows, columns))
    if max(tall, wide) * CELL <= size or len(rows) >= _THIN * tall * wide:
        return
    along = rows if tall >= wide else columns
    far = along > (int(along.min()) + int(along.max())) // 2
    new = int(grid.max()) + 1
    grid[rows[far], columns[far]] = new
    for each in (number, new):
        _cut(grid, each, size)


def _gather(grid: Grid, size: int) -> None:
    """Give small parts that fit into one window the same number: specks of dust are many."""
    rows, columns = np.nonzero(grid)
    if not len(rows):
        return
    numbers, index = np.unique(grid[rows, columns], return_inverse=True)
    low, high = np.full((2, len(numbers)), grid.size), np.zeros((2, len(numbers)), dtype=np.int64)
    for axis, along in enumerate((rows, columns)):
        np.minimum.at(low[axis], index, along)
        np.maximum.at(high[axis], index, along)
    small = np.all((high - low + 1) * CELL <= size // 4, axis=0)
    place = ((low + high) * CELL) // size  # twice the middle over the size: squares of half of it
    first: dict[tuple[int, int], int] = {}
    renamed = numbers.copy()
    for n in np.flatnonzero(small):
        key = (int(place[0, n]), int(place[1, n]))
        renamed[n] = first.setdefault(key, int(numbers[n]))
    grid[rows, columns] = renamed[index]


def _window(
    box: Box, shape: tuple[int, int], size: int, multiple: int, margin: int
) -> tuple[Box, int]:
    height, width = shape
    margin = max(margin, (box.height + box.width) // 4)
    wanted = (box.height + 2 * margin, box.width + 2 * margin)
    area = min(wanted[0], height) * min(wanted[1], width)
    reduction = max(1, math.ceil(math.sqrt(area) / (_SLACK * size)))
    unit = reduction * multiple
    sides = [side + -side % unit for side in wanted]
    top, bottom = _placed(box.top, box.bottom, sides[0], height)
    left, right = _placed(box.left, box.right, sides[1], width)
    return Box(top, left, bottom, right), reduction


def _placed(start: int, stop: int, side: int, length: int) -> tuple[int, int]:
    """An interval of this side around another, shifted inward at borders."""
    side = min(side, length)
    first = min(max(0, (start + stop - side) // 2), length - side)
    return first, first + side
