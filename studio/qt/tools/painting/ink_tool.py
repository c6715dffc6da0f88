"""What all painting tools share: values, picking a colour with Alt, colours for the picture."""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Layer
from studio.document.painting import Target
from studio.document.painting.sampling import sampled
from studio.qt.i18n import tr
from studio.qt.tools.base import Pointer, Tool, ToolDesk
from studio.qt.tools.colors import RGB, from_profile, in_profile
from studio.qt.tools.options import OptionsRow
from studio.qt.tools.values import Field, Values


class InkTool(Tool):
    """A tool with values that can be set, on which Alt picks a colour.

    Attributes:
        fields: what can be set.
        picks: whether Alt+click takes the foreground from the picture.
    """

    fields: ClassVar[tuple[Field, ...]] = ()
    picks: ClassVar[bool] = True

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.values = Values(self.id, self.fields, desk.workspace.services.settings, self)
        self._picking = False

    @override
    def options(self) -> QWidget | None:
        return OptionsRow(self.values) if self.fields else None

    @override
    def deactivate(self) -> None:
        self.values.save()

    def picked(self, p: Pointer) -> bool:
        """Take the colour under the pointer if Alt is held or was when the button went down."""
        if self.picks and p.holds(Qt.KeyboardModifier.AltModifier):
            self._picking = True
        if self._picking:
            pick_color(self.desk, p)
        return self._picking

    def tell_of_text(self, target: Target) -> None:
        """Say so if what is painted on is text, which becomes pixels."""
        node = target.picture.node(target.node_id)
        if isinstance(node, Layer) and node.text is not None and not target.on_mask:
            self.desk.workspace.messages.show_message(
                "info",
                tr("“{name}” is pixels now; its text cannot be changed any more.", name=node.name),
                tr("Undo keeps the text. A layer above it can be painted on instead."),
            )

    def end_picking(self) -> bool:
        """The button went up; returns whether it was for picking."""
        was, self._picking = self._picking, False
        return was


def pick_color(
    desk: ToolDesk, p: Pointer, size: int = 1, *, layer_only: bool = False, background: bool = False
) -> None:
    """Make the colour under the pointer the foreground or the background."""
    document = desk.document
    if document is None:
        return
    picture = document.picture
    x, y = math.floor(p.x), math.floor(p.y)
    color = sampled(picture, x, y, size, layer_only=layer_only)
    if color is None:
        return
    found = from_profile(color, picture.icc, picture.dtype)
    if background:
        desk.colors.background = found
    else:
        desk.colors.foreground = found


def paint_color(target: Target, color: RGB) -> tuple[int, ...]:
    """An sRGB colour as a target takes it: in its profile and depth; on a mask its lightness."""
    if target.on_mask:
        red, green, blue = color
        gray = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
        return (round(gray * target.raster.maximum),)
    picture = target.picture
    return in_profile(color, picture.icc, picture.dtype)
