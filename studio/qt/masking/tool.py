"""The brush that removes: what is painted over is filled when the button is released."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QPainter
from typing_extensions import override

from studio.document import Document, Picture, Raster
from studio.document.document import Transaction
from studio.document.painting import Brush, Ink, SolidInk, Stroke, Target
from studio.document.regions import intersect
from studio.document.regions.target import SelectionTarget
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_
from studio.qt.masking.veil import MaskVeil
from studio.qt.tools.base import Pointer, ToolDesk
from studio.qt.tools.painting.stroke_tool import HARDNESS, SIZE, SMOOTHING, StrokeTool
from studio.qt.tools.values import Field


class RemoveTool(StrokeTool):
    """Paints a mask beside the document, and hands it on when a stroke ends.

    Signals:
        painted: a `Raster`, the mask of a stroke that has ended.
    """

    id = "remove"
    title = N_("Remove")
    icon = "remove"
    shortcut = "R"
    hint = N_("Paint over what is to go; it is filled when you release. [ and ] change the size.")
    group = "retouch"
    picks = False
    fields: ClassVar[tuple[Field, ...]] = (
        replace(SIZE, default=60), replace(HARDNESS, default=90), SMOOTHING
    )  # fmt: skip
    painted = Signal(object)

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.pending: tuple[Raster, ...] = ()
        self._veils: list[MaskVeil] = [MaskVeil()]
        self._drawing: Document | None = None

    def show_pending(self, masks: tuple[Raster, ...]) -> None:
        """Show masks of the document in front that are being filled or wait for it."""
        self.pending = masks
        self.repaint.emit()

    @override
    def paints_on(self) -> Document | None:
        document = self.desk.document
        if document is None:
            return None
        self._drawing = Document(document.picture.with_selection(None))
        return self._drawing

    @override
    def target(self, picture: Picture) -> Target:
        return SelectionTarget.of_selection(picture, adding=True)

    @override
    def make_ink(self, target: Target, p: Pointer) -> Ink:
        return SolidInk((255,))

    @override
    def brush(self, p: Pointer) -> Brush:
        values, zoom = self.values, self.desk.canvas.zoom
        return Brush(
            size=values.number("size"),
            hardness=values.number("hardness") / 100,
            smoothing=values.number("smoothing") * self.desk.canvas.ratio / zoom,
        )

    @override
    def end(self, stroke: Stroke, transaction: Transaction) -> None:
        super().end(stroke, transaction)
        drawn, document = self._drawn_mask(), self.desk.document
        self._drawing = None
        if drawn is None or document is None:
            return
        selection = document.picture.selection
        self.painted.emit(drawn if selection is None else intersect(drawn, selection))

    @override
    def cancel(self) -> None:
        super().cancel()
        self._drawing = None
        self.repaint.emit()

    @override
    def _show(self) -> None:
        super()._show()
        self.repaint.emit()

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        return False  # there is no opacity for the digits to set

    def _drawn_mask(self) -> Raster | None:
        return None if self._drawing is None else self._drawing.picture.selection

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        drawn = self._drawn_mask()
        masks = (*self.pending, *(() if drawn is None else (drawn,)))
        while len(self._veils) < len(masks):
            self._veils.append(MaskVeil())
        for veil, mask in zip(self._veils, masks, strict=False):
            veil.paint(painter, canvas, mask)
        super().paint(painter, canvas)
