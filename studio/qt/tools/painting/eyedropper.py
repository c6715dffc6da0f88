"""The eyedropper."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from typing_extensions import override

from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer
from studio.qt.tools.painting.ink_tool import InkTool, pick_color
from studio.qt.tools.values import Choice, Field


class EyedropperTool(InkTool):
    """Takes a colour from the picture."""

    id = "eyedropper"
    title = N_("Eyedropper")
    icon = "eyedropper"
    shortcut = "I"
    hint = N_("Click to take a color as the foreground, Alt+click as the background.")
    group = "paint"
    picks = False
    fields: ClassVar[tuple[Field, ...]] = (
        Choice(
            "average",
            N_("Average"),
            "1",
            {
                "1": N_("1 pixel"),
                "3": N_("3 × 3 pixels"),
                "5": N_("5 × 5 pixels"),
                "11": N_("11 × 11 pixels"),
            },
        ),
        Choice("source", N_("Sample"), "visible", {"visible": N_("Visible"), "layer": N_("Layer")}),
    )

    @override
    def press(self, p: Pointer) -> None:
        pick_color(
            self.desk,
            p,
            int(self.values.text("average")),
            layer_only=self.values.text("source") == "layer",
            background=p.holds(Qt.KeyboardModifier.AltModifier),
        )

    @override
    def move(self, p: Pointer) -> None:
        self.press(p)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.CrossCursor)
