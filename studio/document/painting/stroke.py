"""A stroke: coverage gathered per tile and laid over the pixels as they were before it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from studio.document.geometry import Rect
from studio.document.painting.brush import Brush, dab
from studio.document.painting.inks import Ink
from studio.document.painting.path import Path, Sample
from studio.document.painting.target import Target, in_tiles, slices
from studio.document.tiles import TILE, Array, Index, Raster


class Stroke:
    """Paints a path with a brush and an ink (indirect painting).

    Dabs raise a coverage towards the brush's opacity and never above it; the painted pixels are
    always made from the pixels before the stroke and the whole coverage. So opacity is a ceiling
    however often the stroke crosses itself, and the result does not depend on when `update` is
    called. Each call touches only what dabs have reached since the one before.

    Args:
        target: what is painted on.
        brush: how.
        ink: with what.
    """

    def __init__(self, target: Target, brush: Brush, ink: Ink) -> None:
        self.target, self.brush, self.ink = target, brush, ink
        self.raster: Raster = target.raster
        self.touched = Rect(0, 0, 0, 0)
        self.renewed = Rect(0, 0, 0, 0)
        self._path = Path(brush.step, brush.smoothing)
        self._coverage: dict[Index, Array] = {}
        self._dirty: dict[Index, Rect] = {}

    @property
    def end(self) -> Sample | None:
        """Where the pen was last."""
        return self._path.end

    def start(self, x: float, y: float, pressure: float = 1.0) -> None:
        """Touch the canvas."""
        self._add(self._path.start(Sample(x, y, pressure)))

    def move(self, x: float, y: float, pressure: float = 1.0) -> None:
        """Go on to a place."""
        self._add(self._path.move(Sample(x, y, pressure)))

    def line(self, x: float, y: float, pressure: float = 1.0) -> None:
        """Go straight to a place."""
        self._add(self._path.line(Sample(x, y, pressure)))

    def finish(self) -> None:
        """Go on to the last place given, which smoothing may not have reached."""
        self._add(self._path.finish())

    def update(self) -> Raster:
        """The painted raster so far; only what changed since the last call is made again.

        `renewed` is then the rectangle around that.
        """
        changed: dict[Index, Array | None] = {}
        self.renewed = Rect(0, 0, 0, 0)
        for index, rect in self._dirty.items():
            self.renewed = self.renewed.united(rect)
            tile = self._painted(index, rect)
            if tile is not None:
                changed[index] = tile
        self._dirty.clear()
        self.raster = self.raster.with_tiles(changed)
        return self.raster

    def coverage(self, rect: Rect) -> Array:
        """How much of each pixel the stroke covers so far: H x W float32 in [0, 1]."""
        out = np.zeros((rect.height, rect.width), np.float32)
        for index, part in in_tiles(rect):
            tile = self._coverage.get(index)
            if tile is not None:
                rows = slice(part.y - rect.y, part.bottom - rect.y)
                columns = slice(part.x - rect.x, part.right - rect.x)
                out[rows, columns] = tile[slices(part)]
        return out

    def _add(self, places: Iterable[Sample]) -> None:
        for place in places:
            self._touch(place)

    def _touch(self, place: Sample) -> None:
        brush = self.brush
        ceiling = np.float32(brush.ceiling(place.pressure))
        if ceiling <= 0 or brush.flow <= 0:
            return
        touch = dab(place.x, place.y, brush.diameter(place.pressure), brush.hardness)
        rect = touch.rect.intersected(self.target.bounds)
        self.touched = self.touched.united(rect)
        flow = np.float32(brush.flow)
        for index, part in in_tiles(rect):
            tile = self._coverage.get(index)
            if tile is None:
                tile = self._coverage[index] = np.zeros((TILE, TILE), np.float32)
            rows = slice(part.y - touch.y, part.bottom - touch.y)
            columns = slice(part.x - touch.x, part.right - touch.x)
            covered = tile[slices(part)]
            # Towards the ceiling by the dab's share of the way, never down from a higher one.
            missing = ceiling - covered
            np.maximum(missing, 0, out=missing)
            missing *= touch.shape[rows, columns]
            if flow < 1:
                missing *= flow
            covered += missing
            known = self._dirty.get(index)
            self._dirty[index] = part if known is None else known.united(part)

    def _painted(self, index: Index, rect: Rect) -> Array | None:
        """The tile with ``rect`` of it painted anew; None if nothing of it is selected."""
        where = slices(rect)
        weight = self.target.selected(rect, self._coverage[index][where])
        if weight is None:
            return None
        raster = self.target.raster
        before = raster.tiles.get(index)
        if before is None:
            before = np.zeros((TILE, TILE, raster.channels), raster.dtype)
        painted = self.ink.applied(before[where], weight, rect)
        shown = self.raster.tiles.get(index, before)
        tile = shown.copy()
        tile[where] = painted
        return tile
