"""Brush and eraser."""

from __future__ import annotations

from typing_extensions import override

from studio.document.painting import EraseInk, Ink, SolidInk, Target
from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer
from studio.qt.tools.painting.ink_tool import paint_color
from studio.qt.tools.painting.stroke_tool import StrokeTool


class BrushTool(StrokeTool):
    """Paints with the foreground colour; a pen that is turned round erases."""

    id = "brush"
    title = N_("Brush")
    icon = "brush"
    shortcut = "B"
    hint = N_("Drag to paint. Shift+click draws a straight line, Alt+click picks a color.")
    group = "paint"

    @override
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        if p.eraser:
            return EraseInk()
        self.desk.colors.used(self.desk.colors.foreground)
        return SolidInk(paint_color(target, self.desk.colors.foreground))


class EraserTool(StrokeTool):
    """Makes pixels transparent; on a mask it hides."""

    id = "eraser"
    title = N_("Eraser")
    icon = "eraser"
    shortcut = "E"
    hint = N_("Drag to make pixels transparent. Shift+click erases along a straight line.")
    group = "paint"
    picks = False

    @override
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        return EraseInk()
