"""Selecting what has one colour: the magic wand and everything of a colour."""

from __future__ import annotations

import math
import weakref
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from typing_extensions import override

from studio.document import Array, Picture, Raster
from studio.document.regions import by_color, from_mask, sampled_pixels, wand
from studio.qt.background import Task
from studio.qt.i18n import N_
from studio.qt.selecting.tool import ANTIALIAS, FEATHER, SelectTool
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.values import Choice, Field, Flag, Number

TOLERANCE = Number(
    "tolerance", N_("Tolerance"), 32, 0, 255, "", 0, slider=True,
    tip=N_("How far a channel may differ, of 255"),
)  # fmt: skip
SOFTNESS = Number(
    "softness", N_("Softness"), 16, 0, 255, "", 0, slider=True,
    tip=N_("Over how much more the selection fades"),
)  # fmt: skip
CONTIGUOUS = Flag(
    "contiguous", N_("Contiguous"), default=True, tip=N_("Only what hangs together with the pixel")
)
SOURCE = Choice(
    "source",
    N_("Sample"),
    "visible",
    {"visible": N_("Visible"), "layer": N_("Layer")},
    N_("Compare what shows, or the active layer alone"),
)
Find = Callable[[Array], Array]


class ColorTool(SelectTool):
    """Compares all pixels with the one that was clicked, on a thread."""

    moves_inside: ClassVar[bool] = False

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._task: Task | None = None
        # Clicks in a row are on one picture, of which the pixels need composing only once.
        self._pixels_of: object = None
        self._pixels: Array | None = None

    @abstractmethod
    def finder(self, x: int, y: int) -> Find:
        """From pixels to the mask of what is like the pixel at (x, y); called on a thread."""

    @property
    @override
    def busy(self) -> bool:
        return self._task is not None

    @override
    def press(self, p: Pointer) -> None:
        document = self.desk.document
        if document is None or self._task is not None:
            return
        picture, mode = document.picture, self.mode(p)
        x, y = math.floor(p.x), math.floor(p.y)
        if not picture.bounds.contains(x, y):
            self.deselect(mode)
            return
        find, layer_only = self.finder(x, y), self.values.text("source") == "layer"
        there = weakref.ref(document)
        known = self._known(picture, layer_only)

        def work() -> tuple[Array, Raster]:
            pixels = sampled_pixels(picture, layer_only=layer_only) if known is None else known
            return pixels, from_mask(find(pixels))

        def done(result: tuple[Array, Raster]) -> None:
            self._end()
            self._pixels, selection = result
            self._pixels_of = _content(picture, layer_only=layer_only)
            current = self.desk.document
            if current is not None and current is there():
                self.select(lambda: selection, mode)

        def failed(error: BaseException) -> None:
            self._end()
            self.desk.workspace.background.failed.emit(error)

        self._task = self.desk.workspace.background.run(work, done, failed, self)
        self.desk.canvas.refresh_cursor()

    @override
    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._end()
        super().cancel()

    @override
    def deactivate(self) -> None:
        super().deactivate()
        self._pixels = self._pixels_of = None

    @override
    def cursor(self) -> QCursor:
        waiting = self._task is not None
        return QCursor(Qt.CursorShape.BusyCursor if waiting else Qt.CursorShape.CrossCursor)

    def _known(self, picture: Picture, layer_only: bool) -> Array | None:
        same = self._pixels_of == _content(picture, layer_only=layer_only)
        return self._pixels if same else None

    def _end(self) -> None:
        self._task = None
        self.desk.canvas.refresh_cursor()


class WandTool(ColorTool):
    """Selects the surroundings of a pixel that have about its colour."""

    id = "wand"
    title = N_("Magic wand")
    icon = "wand"
    shortcut = "W"
    hint = N_("Click a color to select its surroundings. Shift adds, Alt subtracts.")
    fields: ClassVar[tuple[Field, ...]] = (TOLERANCE, CONTIGUOUS, ANTIALIAS, SOURCE, FEATHER)

    @override
    def finder(self, x: int, y: int) -> Find:
        tolerance = self.values.number("tolerance")
        contiguous, antialias = self.values.flag("contiguous"), self.values.flag("antialias")
        return lambda pixels: wand(
            pixels, x, y, tolerance, contiguous=contiguous, antialias=antialias
        )


class ByColorTool(ColorTool):
    """Selects everything that has about the colour of a pixel."""

    id = "select-color"
    title = N_("Select by color")
    icon = "select-color"
    shortcut = "Shift+W"
    hint = N_("Click a color to select it everywhere. Shift adds, Alt subtracts.")
    fields: ClassVar[tuple[Field, ...]] = (TOLERANCE, SOFTNESS, SOURCE, FEATHER)

    @override
    def finder(self, x: int, y: int) -> Find:
        tolerance, softness = self.values.number("tolerance"), self.values.number("softness")
        return lambda pixels: by_color(pixels, [pixels[y, x].tolist()], tolerance, softness)


def _content(picture: Picture, *, layer_only: bool) -> tuple[object, ...]:
    """What the compared pixels depend on; compared by identity and kept alive, so never reused."""
    part = picture.active_layer.raster if layer_only else picture.nodes
    return (layer_only, _Same(part), picture.width, picture.height)


class _Same:
    """Equal to another one of the very same object."""

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._thing is self._thing

    def __hash__(self) -> int:
        return id(self._thing)
