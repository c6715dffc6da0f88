"""Marching ants: the outline of the selection, drawn at the resolution of the screen.

The outline is found among the device pixels in view, not in the picture, so it costs the same for
a rectangle and for a million specks on a hundred megapixels. The pixels of the outline hold their
place in the pattern; to march is to colour them anew, and only the cells that hold some are
painted again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QTimer
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QStyle
from typing_extensions import override

from studio.document import Array, Rect
from studio.qt.canvas import CanvasView
from studio.qt.selecting.sampling import Sampler
from studio.qt.selecting.state import SelectionView

STEP_MS = 120
PERIOD = 8
"""Device pixels (times the screen's scale) of a dark and a light dash together."""
CELL = 64
CELLS = 240
"""More cells than this are repainted as one rectangle."""
DARK, LIGHT = 0xFF000000, 0xFFFFFFFF


@dataclass
class Outline:
    """The outline as it is on the screen.

    Attributes:
        x: left column of the image, in device pixels of the view.
        y: its top row.
        pixels: H x W premultiplied ARGB; zero beside the outline.
        where: flat indices of the outline's pixels.
        phase: 0 to 7, the place of each in the pattern.
        cells: what has to be painted again when it moves, in device pixels of the view.
    """

    x: int
    y: int
    pixels: Array
    where: Array
    phase: Array
    cells: tuple[QRect, ...]

    def draw(self, painter: QPainter, step: int) -> None:
        """Colour the outline for a step of the march and paint it."""
        turn = (np.arange(PERIOD) + step) % PERIOD
        colors = np.where(turn < PERIOD // 2, DARK, LIGHT).astype(np.uint32)
        self.pixels.reshape(-1)[self.where] = colors[self.phase]
        height, width = self.pixels.shape
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(self.pixels.data, width, height, width * 4, form)
        painter.drawImage(QPoint(self.x, self.y), image)


def find_outline(values: Array, x: int, y: int, ratio: float) -> Outline:
    """The inner edge of what is at least half selected.

    Args:
        values: H x W uint8 of device pixels; what is beyond them counts as not selected.
        x: device column of the first of them.
        y: device row.
        ratio: device pixels per logical pixel; the line is one logical pixel wide.
    """
    width = max(round(ratio), 1)
    selected = (values >= 128).view(np.uint8)
    shape = cv2.MORPH_CROSS if width == 1 else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (2 * width + 1, 2 * width + 1))
    inner = cv2.erode(selected, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    where = np.flatnonzero(selected ^ np.asarray(inner))
    rows, columns = np.divmod(where, max(values.shape[1], 1))
    # From the corner of the view, so that a part of the outline looks as it did when it is redrawn.
    phase = ((rows + y + columns + x) // width % PERIOD).astype(np.uint8)
    pixels = np.zeros(values.shape, np.uint32)
    return Outline(x, y, pixels, where, phase, _cells(rows + y, columns + x))


def _cells(rows: Array, columns: Array) -> tuple[QRect, ...]:
    if not len(rows):
        return ()
    # Device pixels can be negative by a line's width.
    codes = np.unique(((rows // CELL) + 1 << 16) + (columns // CELL) + 1)
    if len(codes) > CELLS:
        left, top = int(columns.min()), int(rows.min())
        whole = QRect(left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)
        return (whole,)
    return tuple(
        QRect(((code & 0xFFFF) - 1) * CELL, ((code >> 16) - 1) * CELL, CELL, CELL)
        for code in codes.tolist()
    )


class Ants(QObject):
    """Draws the outline over the picture and lets it march while the window is in use.

    Args:
        canvas: where; it shows the ants once they are added as a decoration.
        view: what is shown of the selection.
    """

    def __init__(self, canvas: CanvasView, view: SelectionView) -> None:
        super().__init__(canvas)
        self._canvas, self._view = canvas, view
        self._sampler = Sampler()
        self._outline: Outline | None = None
        self._outline_of: object = None
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self.advance)
        view.changed.connect(self.refresh)
        canvas.installEventFilter(self)

    @property
    def marching(self) -> bool:
        """Whether the outline moves."""
        return self._timer.isActive()

    @property
    def cells(self) -> tuple[QRect, ...]:
        """Device pixels of the view that are repainted at each step."""
        return () if self._outline is None else self._outline.cells

    def refresh(self) -> None:
        """The selection, or how it is shown, is another one."""
        self._canvas.update()
        self._settle()

    def close(self) -> None:
        """Stop."""
        self._timer.stop()
        self._canvas.removeEventFilter(self)

    def advance(self) -> None:
        """One step of the march: repaint the outline."""
        self._step = (self._step - 1) % PERIOD
        canvas = self._canvas
        region = QRegion()
        for cell in self.cells:
            ratio, inset = canvas.ratio, canvas.inset
            left, top = int((cell.x() + inset) / ratio) - 1, int((cell.y() + inset) / ratio) - 1
            width, height = int(cell.width() / ratio) + 3, int(cell.height() / ratio) + 3
            region += QRect(left, top, width, height)
        if not region.isEmpty():
            canvas.update(region)

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw the outline in device pixels."""
        document = canvas.document
        selection = None if document is None else self._view.shown(document.picture)
        if document is None or selection is None or not self._view.edges:
            self._outline = self._outline_of = None
            return
        port, offset = canvas.viewport, self._view.offset
        key = (id(selection), port.origin, port.zoom, port.width, port.height, offset, port.canvas,
               canvas.ratio)  # fmt: skip
        if key != self._outline_of or self._sampler.selection is not selection:
            picture = document.picture
            self._sampler.take(selection, picture.width, picture.height)
            margin = max(round(canvas.ratio), 1)
            window = Rect(0, 0, port.width, port.height).grown(margin)
            area = port.placed(picture.bounds).intersected(window)
            values = self._sampler.sample(port, area, offset)
            self._outline = find_outline(values, area.x, area.y, canvas.ratio)
            self._outline_of = key
        if self._outline is not None and len(self._outline.where):
            self._outline.draw(painter, self._step)

    def _settle(self) -> None:
        """March while there is an outline to be seen in a window that is in use."""
        canvas, document = self._canvas, self._canvas.document
        shown = document is not None and self._view.shown(document.picture) is not None
        march = (
            shown
            and self._view.edges
            and canvas.isVisible()
            and canvas.isActiveWindow()
            and not self._still()
        )
        if march != self._timer.isActive():
            self._timer.start() if march else self._timer.stop()

    def _still(self) -> bool:
        """Whether the user has asked the system for less motion."""
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        return self._canvas.style().styleHint(hint, None, self._canvas) == 0

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (
            QEvent.Type.WindowActivate,
            QEvent.Type.WindowDeactivate,
            QEvent.Type.Show,
            QEvent.Type.Hide,
            QEvent.Type.StyleChange,
        ):
            self._settle()
        return super().eventFilter(watched, event)
