"""Painting the selection."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Picture
from studio.document.painting import Brush, Ink, SolidInk, Target
from studio.document.regions import Mode
from studio.document.regions.target import SelectionTarget
from studio.qt.i18n import N_
from studio.qt.selecting.mode_buttons import SelectionOptions
from studio.qt.selecting.tool import ALT
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.painting.stroke_tool import HARDNESS, SIZE, SMOOTHING, StrokeTool
from studio.qt.tools.values import Field


class SelectionBrushTool(StrokeTool):
    """Adds to the selection what is painted; with Alt or in subtract mode takes it away."""

    id = "select-brush"
    title = N_("Selection brush")
    icon = "select-brush"
    shortcut = "A"
    hint = N_("Paint to select, with Alt to deselect. [ and ] change the size.")
    group = "select"
    picks = False
    fields: ClassVar[tuple[Field, ...]] = (SIZE, HARDNESS, SMOOTHING)

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._taking = False

    @override
    def options(self) -> QWidget | None:
        theme = self.desk.workspace.theme
        return SelectionOptions(self.values, self.desk.selecting, theme, intersects=False)

    @override
    def press(self, p: Pointer) -> None:
        chosen = self.desk.selecting.options.mode is Mode.SUBTRACT
        self._taking = p.holds(ALT) or p.eraser or chosen
        super().press(p)

    @override
    def target(self, picture: Picture) -> Target:
        return SelectionTarget.of_selection(picture, adding=not self._taking)

    @override
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        return SolidInk((0 if self._taking else 255,))

    @override
    def brush(self, p: Pointer) -> Brush:
        values, zoom = self.values, self.desk.canvas.zoom
        return Brush(
            size=values.number("size"),
            hardness=values.number("hardness") / 100,
            smoothing=values.number("smoothing") * self.desk.canvas.ratio / zoom,
        )

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        return False  # there is no opacity for the digits to set
