"""The gradient tool: a line with handles, laid when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import cv2
import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QCursor, QImage, QPainter
from typing_extensions import override

from studio.api.errors import UserError
from studio.document import Document, Picture, Rect
from studio.document.painting import GradientInk, GradientKind, Line, everywhere, laid
from studio.document.painting.gradient import shares
from studio.document.tiles import Array
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.colors import RGB
from studio.qt.tools.painting.ink_tool import InkTool, paint_color
from studio.qt.tools.painting.laying_job import LayingJob, Plan
from studio.qt.tools.painting.stroke_tool import OPACITY, draw_circle, outline_pens
from studio.qt.tools.values import Choice, Field, Flag

HANDLE = 6.0
REACH = 12.0
COARSE = 3
"""Device pixels per pixel of the preview."""

Grip = Literal["start", "end"]


class GradientTool(InkTool):
    """Lays a gradient over the selection or the whole canvas."""

    id = "gradient"
    title = N_("Gradient")
    icon = "gradient"
    shortcut = "Shift+G"
    hint = N_(
        "Drag a line, move its ends, then press Enter to lay the gradient or Esc to leave it."
    )
    group = "paint"
    fields: ClassVar[tuple[Field, ...]] = (
        Choice("kind", N_("Shape"), "linear", {"linear": N_("Linear"), "radial": N_("Radial")}),
        Choice(
            "colors",
            N_("Colors"),
            "background",
            {
                "background": N_("Foreground to background"),
                "transparent": N_("Foreground to transparent"),
            },
        ),
        OPACITY,
        Flag("reverse", N_("Reverse")),
    )

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._document: Document | None = None
        self._line: Line | None = None
        self._grip: Grip | None = None
        self._laying = False
        self._stencil: tuple[object, Array | None] = (None, None)
        self.values.changed.connect(lambda _: self.repaint.emit())
        desk.colors.changed.connect(self.repaint.emit)

    @property
    @override
    def busy(self) -> bool:
        return self._line is not None and not self._laying

    @override
    def press(self, p: Pointer) -> None:
        document = self.desk.document
        if self.picked(p) or document is None or self._laying:
            return
        # What cannot be painted on is refused before a line is drawn.
        self.desk.selecting.target(document.picture)
        self._grip = self._gripped(p)
        if self._grip is None:
            self._document, self._grip = document, "end"
            self._line = Line(p.x, p.y, p.x, p.y)
            self.repaint.emit()

    @override
    def move(self, p: Pointer) -> None:
        if self._picking:
            self.picked(p)
        elif self._line is not None and self._grip is not None:
            line, x, y = self._line, p.x, p.y
            fixed = (line.x1, line.y1) if self._grip == "start" else (line.x0, line.y0)
            if p.holds(Qt.KeyboardModifier.ShiftModifier):
                x, y = _straightened(*fixed, x, y)
            self._line = Line(x, y, *fixed) if self._grip == "start" else Line(*fixed, x, y)
            self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        if self.end_picking():
            return
        self._grip = None
        if self._line is not None and self._line.length < 1:
            self.cancel()

    @override
    def commit(self) -> None:
        document, line = self._document, self._line
        if document is None or line is None or self._laying:
            return
        self._laying = True
        try:
            LayingJob(self, document, self._plan(line), self._forget).start()
        except BaseException:
            self._laying = False
            raise
        self.desk.colors.used(self.desk.colors.foreground)

    def _plan(self, line: Line) -> Plan:
        """How the line is laid with the present values and colours."""
        (first, last), line = self._ends(), self._directed(line)
        kind = GradientKind(self.values.text("kind"))
        weight = everywhere(self.values.number("opacity") / 100)

        def plan(picture: Picture) -> Callable[[], Picture]:
            target = self.desk.selecting.target(picture)
            self.tell_of_text(target)
            start = paint_color(target, first)
            end = None if last is None else paint_color(target, last)
            dither = target.raster.dtype == np.uint8
            ink = GradientInk(line, kind, start, end, dither=dither)
            return lambda: target.painted(laid(target, ink, weight, target.bounds))

        return plan

    @override
    def cancel(self) -> None:
        if not self._laying:
            self._forget()

    @override
    def deactivate(self) -> None:
        self.end_picking()
        try:
            self.commit()
        except UserError as error:
            self._forget()
            self.desk.workspace.messages.show_error(error)
        super().deactivate()

    def _ends(self) -> tuple[RGB, RGB | None]:
        """The colours at both ends; a reversed fade runs the line the other way instead."""
        colors = self.desk.colors
        if self.values.text("colors") == "transparent":
            return colors.foreground, None
        ends = (colors.foreground, colors.background)
        return (ends[1], ends[0]) if self.values.flag("reverse") else ends

    def _directed(self, line: Line) -> Line:
        fades = self.values.text("colors") == "transparent"
        if fades and self.values.flag("reverse"):
            return Line(line.x1, line.y1, line.x0, line.y0)
        return line

    def _forget(self) -> None:
        self._line = self._grip = self._document = None
        self._laying = False
        self._stencil = (None, None)
        self.repaint.emit()

    def _gripped(self, p: Pointer) -> Grip | None:
        """The handle under the pointer."""
        if self._line is None or self._document is not self.desk.document:
            return None
        line, canvas = self._line, self.desk.canvas
        places: tuple[tuple[Grip, float, float], ...] = (
            ("end", line.x1, line.y1),
            ("start", line.x0, line.y0),
        )
        for grip, x, y in places:
            away = canvas.image_to_view(x, y) - p.view
            if max(abs(away.x()), abs(away.y())) <= REACH * canvas.ratio:
                return grip
        return None

    # What is drawn

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        line = self._line
        if line is None or self._document is not self.desk.document:
            return
        self._paint_preview(painter, canvas, line)
        start, end = canvas.image_to_view(line.x0, line.y0), canvas.image_to_view(line.x1, line.y1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in outline_pens():
            painter.setPen(pen)
            painter.drawLine(start, end)
        first, last = self._ends()
        for point, color in ((start, first), (end, last)):
            fill = QBrush(QColor(*color)) if color else QBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawEllipse(point, HANDLE * canvas.ratio, HANDLE * canvas.ratio)
            draw_circle(painter, point, HANDLE * canvas.ratio)

    def _paint_preview(self, painter: QPainter, canvas: CanvasView, line: Line) -> None:
        """The gradient over the part in view, at a lower resolution."""
        area = canvas.visible_region()
        if area.empty or self._document is None:
            return
        placed = QRectF(
            canvas.image_to_view(area.x, area.y), canvas.image_to_view(area.right, area.bottom)
        )
        width = max(int(placed.width()) // COARSE, 1)
        height = max(int(placed.height()) // COARSE, 1)
        xs = area.x + (np.arange(width) + 0.5) * area.width / width
        ys = area.y + (np.arange(height) + 0.5) * area.height / height
        share = shares(self._directed(line), GradientKind(self.values.text("kind")), xs, ys)
        sheet = self._sheet(share)
        stencil = self._selected(self._document.picture, area, width, height)
        if stencil is not None:
            sheet[..., 3] *= stencil
        pixels = np.ascontiguousarray(sheet + 0.5, np.uint8)
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGBA8888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(placed, image)

    def _sheet(self, share: Array) -> Array:
        """SRGB and alpha of a gradient, H x W x 4 float32 from 0 to 255."""
        first, last = self._ends()
        sheet = np.empty((*share.shape, 4), np.float32)
        for channel in range(3):
            begin = first[channel]
            sheet[..., channel] = begin + ((last or first)[channel] - begin) * share
        sheet[..., 3] = 255 * self.values.number("opacity") / 100
        if last is None:
            sheet[..., 3] *= 1 - share
        return sheet

    def _selected(self, picture: Picture, area: Rect, width: int, height: int) -> Array | None:
        """How much of each pixel of the preview is selected; None = all."""
        if picture.selection is None:
            return None
        key = (picture.selection, area, width, height)
        if self._stencil[0] != key:
            full = picture.selection.read(area)
            small = cv2.resize(full, (width, height), interpolation=cv2.INTER_NEAREST)
            self._stencil = (key, np.asarray(small, np.float32) / 255)
        return self._stencil[1]

    @override
    def cursor(self) -> QCursor:
        busy = self._laying
        return QCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.CrossCursor)


def _straightened(x0: float, y0: float, x: float, y: float) -> tuple[float, float]:
    """A point moved so that the line to it runs at a multiple of 15 degrees."""
    length = np.hypot(x - x0, y - y0)
    angle = np.round(np.arctan2(y - y0, x - x0) / (np.pi / 12)) * (np.pi / 12)
    return x0 + float(length * np.cos(angle)), y0 + float(length * np.sin(angle))
