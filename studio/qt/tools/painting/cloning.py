"""Clone and heal brushes: they paint with a copy of another place."""

from __future__ import annotations

import weakref
from typing import ClassVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QPainter
from typing_extensions import override

from studio.api.errors import UserError
from studio.document import Document, Picture, Rect, composite
from studio.document.document import Transaction
from studio.document.painting import CloneInk, HealInk, Ink, Stroke, Target, laid
from studio.document.tiles import Array
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.painting.stroke_tool import (
    FLOW,
    HARDNESS,
    OPACITY,
    PRESSURE_OPACITY,
    PRESSURE_SIZE,
    SIZE,
    SMOOTHING,
    StrokeTool,
    outline_pens,
)
from studio.qt.tools.values import Choice, Field, Flag

ARM = 7.0
AT_ONCE = 100_000
"""Pixels around a heal stroke up to which there is no need for another thread."""
ALIGNED = Flag(
    "aligned",
    N_("Aligned"),
    default=True,
    tip=N_("Keep the distance to the source from stroke to stroke"),
)
SOURCE = Choice(
    "source",
    N_("Sample"),
    "layer",
    {"layer": N_("Layer"), "visible": N_("Visible")},
    N_("Copy from the active layer or from everything that shows"),
)


class CloneTool(StrokeTool):
    """Paints with a copy of the surroundings of a source point."""

    id = "clone"
    title = N_("Clone")
    icon = "clone"
    shortcut = "S"
    hint = N_("Alt+click sets the source, then drag to copy from there.")
    group = "retouch"
    picks = False
    fields: ClassVar[tuple[Field, ...]] = (
        SIZE, HARDNESS, OPACITY, FLOW, SMOOTHING, PRESSURE_SIZE, PRESSURE_OPACITY, SOURCE, ALIGNED
    )  # fmt: skip

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._source: tuple[weakref.ref[Document], QPointF] | None = None
        self._offset: tuple[int, int] | None = None
        self._setting = False

    @override
    def press(self, p: Pointer) -> None:
        self._setting = p.holds(Qt.KeyboardModifier.AltModifier)
        if self._setting:
            self._set_source(p)
        else:
            super().press(p)

    @override
    def move(self, p: Pointer) -> None:
        if self._setting:
            self._set_source(p)
        else:
            super().move(p)
            self.repaint.emit()

    @override
    def hover(self, p: Pointer) -> None:
        super().hover(p)
        if self._offset is not None and self.values.flag("aligned"):
            self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        if self._setting:
            self._setting = False
        else:
            super().release(p)

    @override
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        source = self._source_here()
        if source is None:
            raise UserError(
                tr("There is no source to copy from yet."),
                tr("Hold Alt and click where to copy from, then paint."),
            )
        if self._offset is None or not self.values.flag("aligned"):
            self._offset = (round(source.x() - p.x), round(source.y() - p.y))
        return CloneInk(self._reader(target), *self._offset)

    def _reader(self, target: Target) -> _Reader:
        visible = self.values.text("source") == "visible" and not target.on_mask
        return _Reader(target, visible=visible)

    def _source_here(self) -> QPointF | None:
        if self._source is None or self._source[0]() is not self.desk.document:
            return None
        return self._source[1]

    def _set_source(self, p: Pointer) -> None:
        if self.desk.document is not None:
            self._source = (weakref.ref(self.desk.document), QPointF(p.x, p.y))
            self._offset = None
            self.repaint.emit()

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        super().paint(painter, canvas)
        source = self._source_here()
        if source is None:
            return
        at = canvas.image_to_view(source.x(), source.y())
        follows = self.busy or self.values.flag("aligned")
        if self._offset is not None and self._pointer is not None and follows:
            dx, dy = self._offset
            at = canvas.image_to_view(self._pointer.x + dx, self._pointer.y + dy)
        arm = ARM * canvas.ratio
        for pen in outline_pens():
            painter.setPen(pen)
            painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
            painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))


class HealTool(CloneTool):
    """Clones, then fits the colours of the copy to the surroundings."""

    id = "heal"
    title = N_("Heal")
    icon = "heal"
    shortcut = "J"
    hint = N_("Alt+click sets the source, then paint over a flaw: the copy takes on its colors.")

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._healing = False

    @override
    def press(self, p: Pointer) -> None:
        if not self._healing:
            super().press(p)

    @override
    def end(self, stroke: Stroke, transaction: Transaction) -> None:
        clone = stroke.ink
        if stroke.touched.empty or not isinstance(clone, CloneInk):
            transaction.commit()
            return

        def heal() -> Picture:
            ink = HealInk(clone, stroke)
            return stroke.target.painted(laid(stroke.target, ink, stroke.coverage, stroke.touched))

        def keep(picture: Picture) -> None:
            self._set_healing(on=False)
            transaction.show(picture, stroke.touched)
            transaction.commit()

        def fail(error: BaseException) -> None:
            self._set_healing(on=False)
            transaction.cancel()
            self.desk.workspace.messages.show_error(error)

        if stroke.touched.width * stroke.touched.height <= AT_ONCE:
            keep(heal())
            return
        # The plain copy shows until its colours are found.
        transaction.show(stroke.target.painted(stroke.update()), stroke.renewed)
        self._set_healing(on=True)
        self.desk.workspace.background.run(heal, keep, fail, self)

    def _set_healing(self, *, on: bool) -> None:
        self._healing = on
        self.desk.canvas.refresh_cursor()

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.BusyCursor) if self._healing else super().cursor()


class _Reader:
    """Reads the source as it was before the stroke."""

    def __init__(self, target: Target, *, visible: bool) -> None:
        self._target, self._visible = target, visible

    def __call__(self, rect: Rect) -> Array:
        if self._visible:
            return composite(self._target.picture, rect)
        return self._target.raster.read(rect)
