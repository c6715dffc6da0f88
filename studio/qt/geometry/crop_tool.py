"""The crop tool: a box with aspect and straightening."""

from __future__ import annotations

import dataclasses
import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document.transforms import crop_to
from studio.document.transforms.whole import straightened_size
from studio.qt.canvas import CanvasView
from studio.qt.geometry.box import Box
from studio.qt.geometry.box_tool import BoxTool
from studio.qt.geometry.handles import shade_outside
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, ToolDesk

STEEPEST = 45.0


class CropTool(BoxTool):
    """Cuts the picture to a box, straightened if need be; beyond the canvas it enlarges."""

    id = "crop"
    title = N_("Crop")
    icon = "crop"
    shortcut = "C"
    hint = N_(
        "Drag a box or its handles, beyond the canvas to enlarge it; Shift keeps the proportion, "
        "Alt the middle. Enter crops, Esc starts again."
    )
    group = "transform"

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        stored = desk.workspace.services.settings.tools.get("crop", {})
        self.aspect: tuple[float, float] | None = None
        self.delete = bool(stored.get("delete", True))
        self.straightening = False
        self._line: tuple[Pointer, Pointer] | None = None
        self._turned: tuple[Box | None, Box | None] = (None, None)
        """The box before it was turned, and after: turning back makes it as large as it was."""

    @override
    def ratio(self) -> float | None:
        return None if self.aspect is None else self.aspect[0] / self.aspect[1]

    def set_aspect(self, aspect: tuple[float, float] | None) -> None:
        """Keep width to height from now on; None is free."""
        self.aspect = aspect
        ratio = self.ratio()
        if ratio is not None and self.box is not None:
            self.set_box(self.box.shaped(ratio).whole())
        else:
            self.changed.emit()

    def set_size(self, width: int, height: int) -> None:
        """Give the box an exact size about its middle."""
        if self.box is not None and (width, height) != self.box.rect[2:]:
            self.set_box(dataclasses.replace(self.box, width=width, height=height).whole())

    def set_angle(self, angle: float) -> None:
        """Turn the picture under the box, and shrink the box to what the picture fills.

        A box that reached beyond the picture before is left as large as it is.
        """
        if self.box is None or abs(angle - self.box.angle) < 1e-9:
            return
        angle = min(max(angle, -STEEPEST), STEEPEST)
        width, height = self._size
        inside = straightened_size(width, height, angle)
        untouched = Box(width / 2, height / 2, *straightened_size(width, height, self.box.angle))
        near = (abs(self.box.width - untouched.width), abs(self.box.height - untouched.height))
        first, turned = self._turned
        before = self.box if first is None or self.box != turned else first
        box = dataclasses.replace(before, angle=angle)
        if before == before.within(width, height):
            box = box.within(width, height)
            # A pixel less: the box comes to lie on whole pixels, with none of them clear.
            if box.width < before.width:
                across, down = max(math.floor(box.width) - 1, 1), max(math.floor(box.height) - 1, 1)
                box = dataclasses.replace(box, width=across, height=down)
        if max(near) <= 2 and self.aspect is None:
            # Floor: not a single clear pixel in a corner.
            across, down = (max(math.floor(side), 1) for side in inside)
            box = Box(width / 2, height / 2, across, down, angle)
        self._turned = (before, box)
        self.set_box(box)

    def set_delete(self, delete: bool) -> None:
        """Drop what is cut off, or keep it on the layers."""
        self.delete = delete
        self.desk.workspace.services.settings.remember_tool("crop", {"delete": delete})

    def set_straightening(self, on: bool) -> None:
        """Let the next drag draw a line that shall be level or upright."""
        self.straightening = on
        self._line = None
        self.changed.emit()
        self.repaint.emit()
        self.desk.canvas.refresh_cursor()

    @override
    def press(self, p: Pointer) -> None:
        if self.straightening and self.box is not None:
            self._line = (p, p)
        else:
            super().press(p)

    @override
    def move(self, p: Pointer) -> None:
        if self._line is not None:
            self._line = (self._line[0], p)
            self.repaint.emit()
        else:
            super().move(p)

    @override
    def release(self, p: Pointer) -> None:
        line, self._line = self._line, None
        if line is None:
            super().release(p)
            return
        start = line[0]
        dx, dy = p.x - start.x, p.y - start.y
        if math.hypot(p.view.x() - start.view.x(), p.view.y() - start.view.y()) > 8:
            slope = math.degrees(math.atan2(dy, dx))
            off = (slope + 45) % 90 - 45  # from the nearest of level and upright
            self.set_angle(-off)
        self.set_straightening(on=False)

    @override
    def cancel(self) -> None:
        if self.straightening:
            self.set_straightening(on=False)
        else:
            super().cancel()

    @override
    def commit(self) -> None:
        if self.box is not None:
            edit = crop_to(self.box.rect, self.box.angle, delete=self.delete)
            self.apply(tr("Crop"), edit, effort=4 if self.box.angle else 1)

    @override
    def cursor(self) -> QCursor | None:
        if self.straightening:
            return QCursor(Qt.CursorShape.CrossCursor)
        return super().cursor()

    @override
    def paint_inside(self, painter: QPainter, canvas: CanvasView, corners: list[QPointF]) -> None:
        shade_outside(painter, canvas, corners)
        if not self.busy and self._held is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(self.box and self.box.angle))
        a, b, c, d = corners
        for color, width in ((QColor(0, 0, 0, 70), 3), (QColor(255, 255, 255, 150), 1)):
            painter.setPen(QPen(color, width * canvas.ratio))
            for share in (1 / 3, 2 / 3):
                painter.drawLine(a + (b - a) * share, d + (c - d) * share)
                painter.drawLine(a + (d - a) * share, b + (c - b) * share)

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        super().paint(painter, canvas)
        if self._line is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for color, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 220, 90), 1.5)):
                painter.setPen(QPen(color, width * canvas.ratio))
                painter.drawLine(self._line[0].view, self._line[1].view)

    @override
    def options(self) -> QWidget:
        from studio.qt.geometry.crop_options import CropOptions

        return CropOptions(self)
