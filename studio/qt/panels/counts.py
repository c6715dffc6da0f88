"""How often each level occurs in a picture: counted per tile, so that a stroke costs its tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from studio.document import Array, Picture, Raster, composite, tile_rect
from studio.document.differences import shown_differences
from studio.document.tiles import Index
from studio.qt.canvas.display import all_tiles
from studio.qt.canvas.pyramid import to_eight_bits

Source = Literal["visible", "layer", "selection"]
CHANNELS = ("red", "green", "blue", "luminosity")
REC_709 = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
"""Weights of the luminosity (ITU-R BT.709), applied to the encoded values."""

BINS = 256
HALF_SELECTED = 128


@dataclass(frozen=True)
class Counts:
    """Pixels per level.

    Attributes:
        bins: 4 x 256 counts of red, green, blue and luminosity; 16-bit values are rounded to
            8 bits first. Fully transparent pixels do not count.
    """

    bins: Array

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return int(self.bins[0].sum())

    def statistics(self, channel: int) -> Statistics | None:
        """Mean and the like of a channel; None without pixels."""
        counts = self.bins[channel].astype(np.float64)
        total = counts.sum()
        if total == 0:
            return None
        levels = np.arange(BINS)
        mean = float((counts * levels).sum() / total)
        spread = float((counts * (levels - mean) ** 2).sum() / total)
        below = np.cumsum(counts)
        lower = int(np.searchsorted(below, total / 2))
        upper = int(np.searchsorted(below, total / 2, side="right"))
        median = (lower + min(upper, BINS - 1)) / 2
        return Statistics(mean, spread**0.5, median, int(total))

    def clipped(self) -> tuple[float, float]:
        """Share of pixels with a colour channel at 0 and at 255, of the worst channel each."""
        total = max(self.pixels, 1)
        return float(self.bins[:3, 0].max() / total), float(self.bins[:3, -1].max() / total)

    def below(self, channel: int, level: int) -> float:
        """Share of pixels that are at ``level`` or darker."""
        total = max(int(self.bins[channel].sum()), 1)
        return float(self.bins[channel, : level + 1].sum() / total)


@dataclass(frozen=True)
class Statistics:
    """Figures of one channel, in levels of 0 to 255.

    Attributes:
        mean: the average.
        deviation: standard deviation of all pixels.
        median: half of the pixels are darker.
        pixels: how many there are.
    """

    mean: float
    deviation: float
    median: float
    pixels: int


class Counter:
    """Counts one picture after another; used by one thread at a time.

    It keeps the last picture it was given, to see what has changed since.
    """

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._source: Source | None = None
        self._tiles: dict[Index, Array] = {}
        self._stale: set[Index] = set()

    def forget(self) -> None:
        """Let go of the picture."""
        self.__init__()  # type: ignore[misc]  # to begin anew is all that it means

    def count(
        self, picture: Picture, source: Source, cancelled: Callable[[], bool] = lambda: False
    ) -> Counts | None:
        """Count what ``source`` says: what shows, the active layer, or what shows and is selected.

        Without a selection everything is selected; a pixel counts if it is selected by half.

        Returns:
            None if cancelled; the next call goes on from there.
        """
        everything = all_tiles(picture.bounds)
        changed = self._changes(picture, source)
        if changed is None:
            self._tiles.clear()
            self._stale = set(everything)
        else:
            self._stale |= changed
        self._picture, self._source = picture, source
        for index in everything:
            if index in self._stale:
                if cancelled():
                    return None
                self._tiles[index] = _tile_counts(picture, source, index)
                self._stale.discard(index)
        total = np.zeros((4, BINS), np.int64)
        for index in everything:
            total += self._tiles[index]
        return Counts(total)

    def _changes(self, picture: Picture, source: Source) -> set[Index] | None:
        """Tiles that need counting again; None = all."""
        before = self._picture
        if before is None or source != self._source or before.bounds != picture.bounds:
            return None
        if source == "layer":
            old, new = before.active_layer, picture.active_layer
            same = old.id == new.id and old.raster.dtype == new.raster.dtype
            return old.raster.changed_tiles(new.raster) if same else None
        changed = shown_differences(before, picture)
        if source == "visible" or changed is None:
            return changed
        if before.selection is picture.selection:
            return changed
        if before.selection is None or picture.selection is None:
            return None
        return changed | before.selection.changed_tiles(picture.selection)


def _tile_counts(picture: Picture, source: Source, index: Index) -> Array:
    area = tile_rect(index).intersected(picture.bounds)
    selection: Raster | None = picture.selection if source == "selection" else None
    if selection is not None and index not in selection.tiles:
        return np.zeros((4, BINS), np.int64)
    if source == "layer":
        raster = picture.active_layer.raster
        if index not in raster.tiles:
            return np.zeros((4, BINS), np.int64)
        pixels = raster.read(area)
    else:
        pixels = composite(picture, area)
    mask = (pixels[..., 3] > 0).astype(np.uint8)
    if selection is not None:
        mask &= (selection.read(area)[..., 0] >= HALF_SELECTED).astype(np.uint8)
    shown = np.ascontiguousarray(to_eight_bits(np.ascontiguousarray(pixels))[..., :3])
    luminosity = cv2.transform(shown, REC_709)
    bins = [_histogram(shown, channel, mask) for channel in range(3)]
    bins.append(_histogram(np.asarray(luminosity), 0, mask))
    return np.stack(bins)


def _histogram(pixels: Array, channel: int, mask: Array) -> Array:
    counted = cv2.calcHist([pixels], [channel], mask, [BINS], [0, BINS])
    return np.rint(np.asarray(counted).reshape(-1)).astype(np.int64)
