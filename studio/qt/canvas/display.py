"""The display of one picture: a pyramid, Qt's view of its memory and the thread that fills it."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Iterable

from PySide6.QtGui import QImage

from studio.document import TILE, Array, Picture, Rect, tile_rect
from studio.document.tiles import Index
from studio.qt.canvas.pyramid import Pyramid, ToDisplay, runs

log = logging.getLogger(__name__)

SYNCHRONOUS_TILES = 96
"""Tiles times visible layers renewed at once; beyond about 50 ms a thread does it."""

RUN_TILES = 8


class Display:
    """A picture as QImages that share memory with its pyramid, renewed tile by tile.

    Many tiles are renewed by a thread, the part in view first; a new large picture shows a coarse
    preview meanwhile. The owner asks `poll` for what became ready and calls `close` at the end.

    Args:
        picture: what to show.
        to_display: conversion to the monitor's profile, or None.
    """

    def __init__(self, picture: Picture, to_display: ToDisplay | None = None) -> None:
        self.picture = picture
        self.pyramid = Pyramid(picture.width, picture.height, to_display)
        self.images = [_wrapped(level) for level in self.pyramid.levels]
        self._builder = Builder(self.pyramid)
        self._preview: int | None = None
        self._ready: set[Index] = set()
        everything = all_tiles(picture.bounds)
        if self._at_once(everything):
            self._render(everything)
        else:
            self._preview = self.pyramid.preview(picture)
            self._builder.add(picture, everything)

    @property
    def building(self) -> bool:
        """Whether the thread has work, or finished work that `poll` has not reported."""
        return self._builder.busy

    def level_for(self, scale: float) -> int:
        """The smallest level that needs no enlarging at ``scale`` screen pixels per pixel."""
        if scale >= 1:
            return 0
        return min(int(math.log2(1 / scale) + 1e-9), len(self.images) - 1)

    def update(
        self, picture: Picture, tiles: frozenset[Index] | None, area: Rect | None = None
    ) -> Rect:
        """Show ``picture``, which has the same size and differs in ``tiles`` (None = everywhere).

        With an ``area`` it differs only inside that, too.

        Returns:
            What was renewed at once; empty if the thread will do it.
        """
        if (picture.width, picture.height) != (self.pyramid.width, self.pyramid.height):
            raise ValueError("a display keeps the size of its picture")
        self.picture = picture
        dirty = set(all_tiles(picture.bounds) if tiles is None else tiles)
        dirty = {tile for tile in dirty if not tile_rect(tile).intersected(picture.bounds).empty}
        if not self.building and self._at_once(dirty):
            return self._render(dirty, area)
        # While the thread writes, it is the only writer: a change it has not seen joins its queue.
        self._builder.add(picture, dirty)
        return Rect(0, 0, 0, 0)

    def poll(self) -> Rect:
        """The rectangle around what the thread finished since the last call."""
        area = Rect(0, 0, 0, 0)
        for rect in self._builder.finished():
            area = area.united(rect)
            if self._preview is not None:
                self._ready.update(all_tiles(rect))
        if self._preview is not None and not self._builder.busy:
            self._preview = None
            self._ready.clear()
            area = self.picture.bounds
        return area

    def wait(self) -> None:
        """Block until everything is up to date."""
        self._builder.wait()
        self.poll()

    def prioritise(self, rect: Rect) -> None:
        """Build the tiles of ``rect`` before the others."""
        self._builder.prioritise(rect)

    def sharp(self, level: int, rect: Rect) -> list[Rect] | None:
        """Where inside ``rect`` a level is complete; None = everywhere, as after the first build.

        Elsewhere `preview_level` is to be shown.
        """
        if self._preview is None or level >= self._preview:
            return None
        ready = [tile for tile in all_tiles(rect) if tile in self._ready]
        return runs(ready, self.picture.bounds, longest=1 << 20)

    @property
    def preview_level(self) -> int:
        """The finest level that shows the whole picture already."""
        return 0 if self._preview is None else self._preview

    def close(self) -> None:
        """Stop the thread; the images keep what they have."""
        self._builder.close()

    def _at_once(self, tiles: Iterable[Index]) -> bool:
        layers = sum(layer.visible for layer in self.picture.layers)
        return len(list(tiles)) * max(layers, 1) <= SYNCHRONOUS_TILES

    def _render(self, tiles: Iterable[Index], within: Rect | None = None) -> Rect:
        area = Rect(0, 0, 0, 0)
        bounds = self.picture.bounds
        for rect in runs(
            tiles, bounds if within is None else bounds.intersected(within), RUN_TILES
        ):
            self.pyramid.render(self.picture, rect)
            area = area.united(rect)
        return area


class Builder:
    """Renews tiles of a pyramid on a thread that lives only while there is work.

    numpy and OpenCV release the interpreter's lock while they copy, so the window stays fluent.
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self._pyramid = pyramid
        self._bounds = Rect(0, 0, pyramid.width, pyramid.height)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._picture: Picture | None = None
        self._pending: set[Index] = set()
        self._order: deque[Index] = deque()
        self._finished: list[Rect] = []
        self._first = Rect(0, 0, 0, 0)

    @property
    def busy(self) -> bool:
        """Whether work is left or finished work was not collected."""
        with self._lock:
            return bool(self._thread or self._finished)

    def add(self, picture: Picture, tiles: Iterable[Index]) -> None:
        """Renew ``tiles``, and those still waiting, from ``picture``."""
        with self._lock:
            self._picture = picture
            new = [tile for tile in tiles if tile not in self._pending]
            self._pending.update(new)
            self._order.extend(new)
            if self._thread is None and self._pending:
                self._thread = threading.Thread(
                    target=self._work, name="canvas display", daemon=True
                )
                self._thread.start()

    def prioritise(self, rect: Rect) -> None:
        """Take the tiles of ``rect`` first."""
        if rect == self._first:
            return
        self._first = rect
        with self._lock:
            wanted = [tile for tile in all_tiles(rect) if tile in self._pending]
            chosen = set(wanted)
            self._order = deque(wanted + [tile for tile in self._order if tile not in chosen])

    def finished(self) -> list[Rect]:
        """Rectangles done since the last call."""
        with self._lock:
            done, self._finished = self._finished, []
            return done

    def wait(self) -> None:
        """Block until nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Drop what is left and wait for the run in progress, a few milliseconds."""
        with self._lock:
            self._pending.clear()
            self._order.clear()
        self.wait()
        self.finished()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            picture, rect = job
            try:
                self._pyramid.render(picture, rect)
            except Exception:
                log.exception("cannot show the part %s of the picture", rect)
                continue
            with self._lock:
                self._finished.append(rect)

    def _take(self) -> tuple[Picture, Rect] | None:
        """The next run of tiles and the newest picture; None ends the thread."""
        with self._lock:
            while self._order and self._order[0] not in self._pending:
                self._order.popleft()
            if not self._order or self._picture is None:
                self._thread = None
                return None
            column, row = self._order[0]
            tiles: list[Index] = []
            while len(tiles) < RUN_TILES and (column, row) in self._pending:
                tiles.append((column, row))
                column += 1
            self._pending.difference_update(tiles)
            return self._picture, runs(tiles, self._bounds)[0]


def all_tiles(rect: Rect) -> list[Index]:
    """Indices of the tiles that ``rect`` touches, row by row."""
    if rect.empty:
        return []
    columns = range(rect.x // TILE, (rect.right - 1) // TILE + 1)
    rows = range(rect.y // TILE, (rect.bottom - 1) // TILE + 1)
    return [(column, row) for row in rows for column in columns]


def _wrapped(level: Array) -> QImage:
    """A QImage over a level's memory; valid while the pyramid lives."""
    height, width = level.shape[:2]
    return QImage(level.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
