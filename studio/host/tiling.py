"""Running a network over a picture of any size in overlapping tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_TILE = 64
_SMALLEST_INPUT = 8  # pixels a side: networks that mirror their own borders refuse less
Network = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True)
class Span:
    """One tile's extent along one axis, in input pixels, and its overlaps with its neighbours."""

    start: int
    size: int
    before: int
    after: int

    @property
    def end(self) -> int:
        """First pixel behind the tile."""
        return self.start + self.size


def plan(length: int, tile: int, overlap: int, multiple: int = 1) -> tuple[Span, ...]:
    """Evenly sized tiles over ``length`` pixels, each sharing at least ``overlap`` with the next.

    Even sizes leave no thin last tile, which would show other borders than its neighbours. Tiles
    start at multiples of ``multiple``: a network that strides sees the same grid in all of them.

    Args:
        length: pixels to cover, at least 1.
        tile: largest size of a tile; raised where it would not exceed the overlap.
        overlap: pixels that neighbours share at least.
        multiple: sizes are multiples of it; only the last tile ends with the picture, and is padded
            as the whole picture would be.
    """
    tile = max(tile, 2 * overlap + multiple)
    tile += -tile % multiple
    if length <= tile:
        return (Span(0, length, 0, 0),)
    reach = length + -length % multiple
    shared = overlap + -overlap % multiple
    count = max(math.ceil((reach - shared) / (tile - shared)), 2)
    size = math.ceil((reach + (count - 1) * shared) / count)
    size += -size % multiple
    steps = (reach - size) // multiple
    starts = [i * steps // (count - 1) * multiple for i in range(count)]
    ends = [min(start + size, length) for start in starts]
    overlaps = [ends[i] - starts[i + 1] for i in range(count - 1)]
    return tuple(
        Span(start, end - start, before, after)
        for start, end, before, after in zip(
            starts, ends, [0, *overlaps], [*overlaps, 0], strict=True
        )
    )


def weights(spans: Sequence[Span], scale: int) -> list[Tensor]:
    """Weights of every tile along one axis at the output's scale; in each pixel they add up to 1.

    Raised cosines over the overlaps, divided by their sum: small tiles can share a pixel by three.
    """
    import torch

    ramps = [_ramp(span, scale) for span in spans]
    total = torch.zeros(spans[-1].end * scale)
    for span, rise in zip(spans, ramps, strict=True):
        total[span.start * scale : span.end * scale] += rise
    return [
        rise / total[span.start * scale : span.end * scale]
        for span, rise in zip(spans, ramps, strict=True)
    ]


def _ramp(span: Span, scale: int) -> Tensor:
    import torch

    values = torch.ones(span.size * scale)
    for width, flip in ((span.before * scale, False), (span.after * scale, True)):
        if width:
            rise = torch.sin((torch.arange(width) + 0.5) / width * (math.pi / 2)) ** 2
            if flip:
                values[-width:] *= rise.flip(0)
            else:
                values[:width] *= rise
    return values


def padded(image: Tensor, multiple: int, smallest: int) -> Tensor:
    """``image`` mirrored to the right and below up to multiples of ``multiple``, >= ``smallest``.

    Unlike torch's reflection it takes any size down to 1 x 1.
    """
    import torch

    for axis in (2, 3):
        length = image.shape[axis]
        wanted = max(length, smallest)
        wanted += -wanted % multiple
        if wanted == length:
            continue
        index = torch.arange(wanted, device=image.device)
        period = max(2 * (length - 1), 1)
        index = index % period
        index = torch.where(index >= length, period - index, index)
        image = image.index_select(axis, index)
    return image


def run_tile(network: Network, image: Tensor, scale: int, multiple: int) -> Tensor:
    """One call of the network on a small picture, padded and cropped back; float32.

    Raises:
        ValueError: if the output is not ``scale`` times as large as the input.
    """
    import torch

    height, width = image.shape[2:]
    given = padded(image, multiple, _SMALLEST_INPUT)
    given = given.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        out = network(given)
    expected = (given.shape[2] * scale, given.shape[3] * scale)
    if tuple(out.shape[2:]) != expected:
        raise ValueError(
            f"the network made {out.shape[3]}x{out.shape[2]} of {given.shape[3]}x{given.shape[2]}, "
            f"not {scale} times as much"
        )
    return out[:, :, : height * scale, : width * scale].float()


class Mosaic:
    """Collects weighted tiles into one output.

    Args:
        rows: the tiles' extents downwards.
        columns: the tiles' extents to the right.
        scale: enlargement of the network.
    """

    def __init__(self, rows: Sequence[Span], columns: Sequence[Span], scale: int) -> None:
        self.rows, self.columns, self.scale = rows, columns, scale
        import torch

        self._weights = {True: weights(rows, scale), False: weights(columns, scale)}
        self._down = torch.zeros(rows[-1].end * scale)
        self._across = torch.zeros(columns[-1].end * scale)
        self.output: Tensor | None = None

    def add(self, row: int, column: int, tile: Tensor) -> Tensor:
        """Blend the finished tile of a row and a column in; tiles come row by row.

        Returns:
            The output under that tile, as far as it is known, and not faded where a neighbour is
            still to come.
        """
        import torch

        if len(self.rows) == len(self.columns) == 1:
            self.output = tile
            return tile
        if self.output is None:
            height, width = self.rows[-1].end * self.scale, self.columns[-1].end * self.scale
            self.output = torch.zeros((1, tile.shape[1], height, width), dtype=torch.float32)
        down, across = self.rows[row], self.columns[column]
        area = self.output[
            :,
            :,
            down.start * self.scale : down.end * self.scale,
            across.start * self.scale : across.end * self.scale,
        ]
        weight = self._weights[True][row][:, None] * self._weights[False][column][None, :]
        area.addcmul_(tile.to(self.output.device, torch.float32), weight)
        return area / self._known(row, column)

    def _known(self, row: int, column: int) -> Tensor:
        """Weights that have been added under a tile so far: 1 where nothing is to come."""
        down, across = self.rows[row], self.columns[column]
        lines = slice(across.start * self.scale, across.end * self.scale)
        if column == 0:
            self._across.zero_()
            if row:
                above = self.rows[row - 1]
                rows = slice(above.start * self.scale, above.end * self.scale)
                self._down[rows] += self._weights[True][row - 1]
        self._across[lines] += self._weights[False][column]
        finished = self._down[down.start * self.scale : down.end * self.scale]
        return finished[:, None] + self._weights[True][row][:, None] * self._across[lines]

    def finished(self) -> Tensor:
        """The output, once every tile was added.

        Raises:
            ValueError: if none was.
        """
        if self.output is None:
            raise ValueError("a mosaic without tiles")
        return self.output
