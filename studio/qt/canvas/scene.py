"""What a canvas shows: a document, perhaps a result over it, and tiles of a running job."""

from __future__ import annotations

from collections.abc import Callable

from studio.document import Change, Document, Rect, composite
from studio.document.events import listen
from studio.qt.canvas.display import Display
from studio.qt.canvas.overlay import Overlay
from studio.qt.canvas.pyramid import ToDisplay
from studio.qt.canvas.tiles import TileStore

NOWHERE = Rect(0, 0, 0, 0)


class Scene:
    """Owns the displays, their threads and the subscription to the document.

    Args:
        to_display: conversion to the monitor's profile, or None.
    """

    def __init__(self, to_display: ToDisplay | None = None) -> None:
        self.to_display = to_display
        self.document: Document | None = None
        self.display: Display | None = None
        self.overlay: Overlay | None = None
        self.after: Display | None = None
        self.tiles = TileStore()
        self._unlisten: Callable[[], None] | None = None

    def set_document(
        self, document: Document | None, changed: Callable[[Change], None] | None = None
    ) -> None:
        """Show another document; ``changed`` hears of its edits until it is replaced."""
        self.close()
        self.document = document
        if document is not None:
            self.display = Display(document.picture, self.to_display)
            self._unlisten = changed and listen(document.changed, changed)

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show a result over the document, or none."""
        if self.after is not None:
            self.after.close()
        self.overlay = overlay
        self.after = None if overlay is None else Display(overlay.after, self.to_display)

    def set_to_display(self, to_display: ToDisplay | None) -> None:
        """Convert with another profile from now on."""
        self.to_display = to_display
        if self.display is not None:
            self.display.close()
            self.display = Display(self.display.picture, to_display)
        self.set_overlay(self.overlay)

    def take(self, change: Change) -> Rect:
        """Follow an edit; returns the canvas rectangle that was renewed at once."""
        display, after = self.display, change.after
        if display is None:
            return NOWHERE
        if (after.width, after.height) == (display.pyramid.width, display.pyramid.height):
            return display.update(after, change.tiles, change.area)
        display.close()
        self.display = Display(after, self.to_display)
        return after.bounds

    @property
    def beyond(self) -> Rect | None:
        """What a result, or the tiles of one that is made, covers; None without one."""
        areas = (None if self.overlay is None else self.overlay.area, self.tiles.area)
        shown = [area for area in areas if area is not None]
        return shown[0].united(shown[-1]) if shown else None

    @property
    def displays(self) -> tuple[Display, ...]:
        """The document's and the result's."""
        return tuple(display for display in (self.display, self.after) if display is not None)

    @property
    def building(self) -> bool:
        """Whether a thread is still filling a display."""
        return any(display.building for display in self.displays)

    def value_at(self, x: int, y: int) -> tuple[int, ...] | None:
        """Straight RGBA of a canvas pixel at the document's depth; None outside the canvas."""
        if self.document is None or not self.document.picture.bounds.contains(x, y):
            return None
        pixel = composite(self.document.picture, Rect(x, y, 1, 1))[0, 0]
        return tuple(int(value) for value in pixel)

    def close(self) -> None:
        """Stop listening, end the threads and let go of everything."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        for display in self.displays:
            display.close()
        self.document = self.display = self.overlay = self.after = None
        self.tiles.clear()
