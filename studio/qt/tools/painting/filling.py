"""The fill bucket."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from typing_extensions import override

from studio.document import Document, Picture
from studio.document.painting import SolidInk, Target, from_mask, laid
from studio.document.regions.similar import sampled_pixels, wand
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.painting.ink_tool import InkTool, paint_color
from studio.qt.tools.painting.stroke_tool import OPACITY
from studio.qt.tools.values import Choice, Field, Flag, Number

AT_ONCE = 500_000
"""Canvas pixels up to which there is no need for another thread."""


class FillTool(InkTool):
    """Fills what has about the colour that was clicked on."""

    id = "fill"
    title = N_("Fill")
    icon = "fill"
    shortcut = "G"
    hint = N_("Click to fill the area of about that colour with the foreground colour.")
    group = "paint"
    fields: ClassVar[tuple[Field, ...]] = (
        Number("tolerance", N_("Tolerance"), 32, 0, 255, "", slider=True),
        OPACITY,
        Flag("contiguous", N_("Contiguous"), default=True, tip=N_("Only what is connected")),
        Flag("antialias", N_("Smooth edge"), default=True),
        Choice("source", N_("Compare"), "layer", {"layer": N_("Layer"), "visible": N_("Visible")}),
    )

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._filling = False

    @override
    def press(self, p: Pointer) -> None:
        document = self.desk.document
        if self.picked(p) or document is None or self._filling:
            return
        x, y = math.floor(p.x), math.floor(p.y)
        picture = document.picture
        if not picture.bounds.contains(x, y):
            return
        target = self.desk.selecting.target(picture)
        colors = self.desk.colors
        colors.used(colors.foreground)
        work = self._work(target, x, y, paint_color(target, colors.foreground))
        if picture.width * picture.height <= AT_ONCE:
            self._done(document, picture, work())
            return
        self._filling = True
        self.desk.canvas.refresh_cursor()
        self.desk.workspace.background.run(
            work,
            lambda filled: self._done(document, picture, filled),
            self._failed,
            self,
        )

    @override
    def move(self, p: Pointer) -> None:
        if self._picking:
            self.picked(p)

    @override
    def release(self, p: Pointer) -> None:
        self.end_picking()

    def _work(
        self, target: Target, x: int, y: int, color: tuple[int, ...]
    ) -> Callable[[], Picture]:
        values = self.values
        tolerance, opacity = values.number("tolerance"), values.number("opacity") / 100
        contiguous, antialias = values.flag("contiguous"), values.flag("antialias")
        layer_only = values.text("source") == "layer"

        def fill() -> Picture:
            pixels = sampled_pixels(target.picture, layer_only=layer_only)
            mask = wand(pixels, x, y, tolerance, contiguous=contiguous, antialias=antialias)
            weight = from_mask(mask, opacity)
            return target.painted(laid(target, SolidInk(color), weight, target.bounds))

        return fill

    def _done(self, document: Document, before: Picture, filled: Picture) -> None:
        """One undo step, unless the picture has changed meanwhile."""
        self._filling = False
        self.desk.canvas.refresh_cursor()
        document.apply(tr(self.title), lambda now: filled if now is before else now)

    def _failed(self, error: BaseException) -> None:
        self._filling = False
        self.desk.canvas.refresh_cursor()
        self.desk.workspace.messages.show_error(error)

    @override
    def cursor(self) -> QCursor:
        busy = self._filling
        return QCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.CrossCursor)
