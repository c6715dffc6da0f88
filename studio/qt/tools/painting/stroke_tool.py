"""What tools that paint with a brush share: the stroke, its undo step, the outline, the keys."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from typing import ClassVar

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPen
from typing_extensions import override

from studio.document import Document, Picture
from studio.document.document import Transaction
from studio.document.painting import Brush, Ink, Sample, Stroke, Target
from studio.document.painting.brush import LARGEST, SMALLEST
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.painting.ink_tool import InkTool
from studio.qt.tools.values import Field, Flag, Number

LEAST_OUTLINE = 3.0
"""Device pixels across from which the brush is drawn as an outline."""
QUICK_MS = 700
"""Two digits typed within this time are one number."""

SIZE = Number(
    "size", N_("Size"), 40, SMALLEST, LARGEST, " px", 0, True, N_("Brush diameter ([ and ])")
)
HARDNESS = Number(
    "hardness", N_("Hardness"), 80, tip=N_("How sharp the edge is (Shift+[ and Shift+])")
)
OPACITY = Number(
    "opacity",
    N_("Opacity"),
    100,
    1,
    slider=True,
    tip=N_("Ceiling of one stroke (keys 0 to 9; two of them for exact percents)"),
)
FLOW = Number("flow", N_("Flow"), 100, 1, tip=N_("How fast a stroke reaches its opacity"))
SMOOTHING = Number(
    "smoothing", N_("Smoothing"), 0, tip=N_("How much the stroke trails a shaky hand")
)
PRESSURE_SIZE = Flag(
    "pressure-size", N_("Pen size"), default=True, tip=N_("A pen's pressure changes the size")
)
PRESSURE_OPACITY = Flag(
    "pressure-opacity", N_("Pen opacity"), tip=N_("A pen's pressure changes the opacity")
)
BRUSH_FIELDS: tuple[Field, ...] = (
    SIZE, HARDNESS, OPACITY, FLOW, SMOOTHING, PRESSURE_SIZE, PRESSURE_OPACITY
)  # fmt: skip


class StrokeTool(InkTool):
    """Paints strokes; one undo step each."""

    fields: ClassVar[tuple[Field, ...]] = BRUSH_FIELDS

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._stroke: Stroke | None = None
        self._transaction: Transaction | None = None
        self._document: weakref.ref[Document] | None = None
        self._last: tuple[weakref.ref[Document], Sample] | None = None
        self._pointer: Pointer | None = None
        self._drawn = QRect()
        self._typed: tuple[int | None, int] = (None, 0)
        # Painting waits until the events that are there have been read: one update for all.
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        self._flush.timeout.connect(self._show)
        self.values.changed.connect(lambda _: self.repaint.emit())

    @abstractmethod
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        """What a stroke that begins at ``p`` leaves behind; a UserError refuses it."""

    def paints_on(self) -> Document | None:
        """The document that a stroke changes, one undo step of it."""
        return self.desk.document

    def target(self, picture: Picture) -> Target:
        """What is painted on: the layer, its mask, or in quick mask the selection."""
        return self.desk.selecting.target(picture)

    def end(self, stroke: Stroke, transaction: Transaction) -> None:
        """Keep a stroke that is complete."""
        transaction.show(stroke.target.painted(stroke.update()), stroke.renewed)
        transaction.commit()

    @property
    @override
    def busy(self) -> bool:
        return self._stroke is not None

    def brush(self, p: Pointer) -> Brush:
        """The brush as it is set, for a pen or a mouse."""
        values, zoom = self.values, self.desk.canvas.zoom
        return Brush(
            size=values.number("size"),
            hardness=values.number("hardness") / 100,
            opacity=values.number("opacity") / 100,
            flow=values.number("flow") / 100,
            smoothing=values.number("smoothing") * self.desk.canvas.ratio / zoom,
            pressure_size=p.pen and values.flag("pressure-size"),
            pressure_opacity=p.pen and values.flag("pressure-opacity"),
        )

    # The stroke

    @override
    def press(self, p: Pointer) -> None:
        self._point(p)
        if self.picked(p):
            return
        document = self.paints_on()
        if document is None:
            return
        transaction = document.begin(tr(self.title))
        try:
            target = self.target(transaction.before)
            ink = self.make_ink(target, p)
        except BaseException:
            transaction.cancel()
            raise
        self._transaction, self._document = transaction, weakref.ref(document)
        self._stroke = stroke = Stroke(target, self.brush(p), ink)
        self.tell_of_text(target)
        last = self._line_start(document)
        if last is not None and p.holds(Qt.KeyboardModifier.ShiftModifier):
            stroke.start(last.x, last.y, last.pressure)
            stroke.line(p.x, p.y, p.pressure)
        else:
            stroke.start(p.x, p.y, p.pressure)
        self._show()

    @override
    def move(self, p: Pointer) -> None:
        self._point(p)
        if self.picked(p) or self._stroke is None:
            return
        self._stroke.move(p.x, p.y, p.pressure)
        self._flush.start()

    @override
    def release(self, p: Pointer) -> None:
        self._point(p)
        if self.end_picking() or self._stroke is None:
            return
        if (end := self._stroke.end) is None or (end.x, end.y) != (p.x, p.y):
            # A pen that is lifted has no pressure any more.
            pressure = p.pressure or (end.pressure if end else 1.0)
            self._stroke.move(p.x, p.y, pressure)
        self._complete()

    @override
    def commit(self) -> None:
        self._complete()

    @override
    def cancel(self) -> None:
        transaction = self._transaction
        self._forget()
        if transaction is not None:
            transaction.cancel()

    @override
    def deactivate(self) -> None:
        self._complete()
        self.end_picking()
        self._pointer = None
        super().deactivate()

    def _complete(self) -> None:
        stroke, transaction = self._stroke, self._transaction
        self._forget()
        if stroke is None or transaction is None or not transaction.open:
            return
        stroke.finish()
        self.end(stroke, transaction)
        if self._document is not None and stroke.end is not None:
            self._last = (self._document, stroke.end)

    def _show(self) -> None:
        if self._stroke is None or self._transaction is None:
            return
        if not self._transaction.open:
            # Taken back while the button was held: what follows would be another stroke.
            self._forget()
            return
        picture = self._stroke.target.painted(self._stroke.update())
        self._transaction.show(picture, self._stroke.renewed)

    def _forget(self) -> None:
        self._flush.stop()
        self._stroke = self._transaction = None

    def _line_start(self, document: Document | None) -> Sample | None:
        """Where the last stroke on this document ended."""
        if self._last is None or document is None or self._last[0]() is not document:
            return None
        return self._last[1]

    # Keys

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        digit = event.key() - Qt.Key.Key_0
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if 0 <= digit <= 9 and not plain:
            self._type_opacity(digit, event.timestamp())
            return True
        if event.key() == Qt.Key.Key_Shift:
            self.repaint.emit()
        return False

    def _type_opacity(self, digit: int, time: int) -> None:
        """A digit is tens of percent; two in quick succession are the percentage itself."""
        first, then = self._typed
        percent = digit * 10 or 100
        self._typed = (digit, time)
        if first is not None and 0 < time - then < QUICK_MS:
            percent = first * 10 + digit
            self._typed = (None, time)
        self.values.set("opacity", float(max(percent, 1)))

    @override
    def key_release(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Shift:
            self.repaint.emit()
        return False

    def resize(self, larger: bool) -> None:
        """A tenth larger or smaller, at least a pixel."""
        size = self.values.number("size")
        step = max(round(size * 0.1), 1)
        self.values.set("size", size + (step if larger else -step))

    def harden(self, harder: bool) -> None:
        """A tenth harder or softer."""
        self.values.set("hardness", self.values.number("hardness") + (10 if harder else -10))

    # The outline

    @override
    def hover(self, p: Pointer) -> None:
        self._point(p)

    def _point(self, p: Pointer) -> None:
        """Draw the outline at another place."""
        self._pointer = p
        canvas = self.desk.canvas
        drawn = self.outline_area(p)
        if p.holds(Qt.KeyboardModifier.ShiftModifier) and self._stroke is None:
            canvas.update()
        else:
            canvas.update(self._drawn.united(drawn) if not self._drawn.isNull() else drawn)
        self._drawn = drawn

    def outline_area(self, p: Pointer) -> QRect:
        """The logical rectangle of the view in which something is drawn for a pointer."""
        canvas = self.desk.canvas
        reach = max(self._radius(), LEAST_OUTLINE) + 3
        center = p.view + QPointF(canvas.inset, canvas.inset)
        corner = (center - QPointF(reach, reach)) / canvas.ratio
        side = 2 * reach / canvas.ratio
        return QRectF(corner.x(), corner.y(), side, side).toAlignedRect().adjusted(-1, -1, 1, 1)

    def _radius(self) -> float:
        return self.values.number("size") / 2 * self.desk.canvas.zoom

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        p = self._pointer
        if p is None or canvas.cursor_in_view is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        last = self._line_start(self.desk.document)
        if last is not None and self._stroke is None and p.holds(Qt.KeyboardModifier.ShiftModifier):
            for pen in outline_pens():
                painter.setPen(pen)
                painter.drawLine(canvas.image_to_view(last.x, last.y), p.view)
        radius = self._radius()
        if radius * 2 >= LEAST_OUTLINE:
            draw_circle(painter, p.view, radius)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.CrossCursor)


def outline_pens() -> tuple[QPen, QPen]:
    """Dark, then light: one of them shows on any picture."""
    return QPen(QColor(0, 0, 0, 160), 3), QPen(QColor(255, 255, 255, 230), 1)


def draw_circle(painter: QPainter, center: QPointF, radius: float) -> None:
    """A circle that shows on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in outline_pens():
        painter.setPen(pen)
        painter.drawEllipse(center, radius, radius)
