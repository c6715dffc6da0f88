"""The fill bucket."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from typing_extensions import override

from studio.document import Picture
from studio.document.painting import SolidInk, from_mask, laid
from studio.document.regions.similar import sampled_pixels, wand
from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.colors import RGB
from studio.qt.tools.painting.ink_tool import InkTool, paint_color
from studio.qt.tools.painting.laying_job import LayingJob, Plan
from studio.qt.tools.painting.stroke_tool import OPACITY
from studio.qt.tools.values import Choice, Field, Flag, Number


class FillTool(InkTool):
    """Fills what has about the colour that was clicked on."""

    id = "fill"
    title = N_("Fill")
    icon = "fill"
    shortcut = "G"
    hint = N_("Click to fill the area of about that color with the foreground color.")
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
        if not document.picture.bounds.contains(x, y):
            return
        color = self.desk.colors.foreground
        job = LayingJob(self, document, self._plan(x, y, color), self._done)
        self._filling = True
        try:
            job.start()
        except BaseException:
            self._filling = False
            raise
        self.desk.colors.used(color)
        self.desk.canvas.refresh_cursor()

    @override
    def move(self, p: Pointer) -> None:
        if self._picking:
            self.picked(p)

    @override
    def release(self, p: Pointer) -> None:
        self.end_picking()

    def _plan(self, x: int, y: int, color: RGB) -> Plan:
        """How a click at a pixel is carried out with the present values."""
        values = self.values
        tolerance, opacity = values.number("tolerance"), values.number("opacity") / 100
        contiguous, antialias = values.flag("contiguous"), values.flag("antialias")
        layer_only = values.text("source") == "layer"

        def plan(picture: Picture) -> Callable[[], Picture]:
            target = self.desk.selecting.target(picture)
            self.tell_of_text(target)
            ink = SolidInk(paint_color(target, color))

            def fill() -> Picture:
                pixels = sampled_pixels(picture, layer_only=layer_only)
                mask = wand(pixels, x, y, tolerance, contiguous=contiguous, antialias=antialias)
                return target.painted(laid(target, ink, from_mask(mask, opacity), target.bounds))

            return fill

        return plan

    def _done(self) -> None:
        self._filling = False
        self.desk.canvas.refresh_cursor()

    @override
    def cursor(self) -> QCursor:
        busy = self._filling
        return QCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.CrossCursor)
