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
MANY = 60_000
"""Pixels of an outline beyond which it is but specks: neither cells nor directions matter."""
AROUND = 128
"""Device pixels around the view for which the outline is found too, so that panning is cheap."""
DARK, LIGHT = 0xFF000000, 0xFFFFFFFF


@dataclass
class Outline:
    """The outline as it is on the screen, in device pixels from the corner of the canvas.

    Attributes:
        area: where its image lies.
        pixels: H x W premultiplied ARGB; zero beside the outline.
        where: flat indices of the outline's pixels.
        phase: 0 to 7, the place of each in the pattern.
        cells: what has to be painted again when it moves.
    """

    area: Rect
    pixels: Array
    where: Array
    phase: Array
    cells: tuple[QRect, ...]

    def draw(self, painter: QPainter, origin: tuple[int, int], step: int) -> None:
        """Colour the outline for a step of the march and paint it; ``origin`` is the corner."""
        turn = (np.arange(PERIOD) + step) % PERIOD
        colors = np.where(turn < PERIOD // 2, DARK, LIGHT).astype(np.uint32)
        self.pixels.reshape(-1)[self.where] = colors[self.phase]
        height, width = self.pixels.shape
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(self.pixels.data, width, height, width * 4, form)
        painter.drawImage(QPoint(self.area.x + origin[0], self.area.y + origin[1]), image)


def find_outline(values: Array, x: int, y: int, ratio: float) -> Outline:
    """The inner edge of what is at least half selected.

    Args:
        values: H x W uint8 of device pixels; what is beyond them counts as not selected.
        x: column of the first of them, from the corner of the canvas.
        y: its row.
        ratio: device pixels per logical pixel; the line is one logical pixel wide.
    """
    height, width = values.shape
    thick = max(round(ratio), 1)
    selected = (values >= 128).view(np.uint8)
    shape = cv2.MORPH_CROSS if thick == 1 else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (2 * thick + 1, 2 * thick + 1))
    inner = cv2.erode(selected, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    where = np.flatnonzero((selected ^ np.asarray(inner)).view(bool))
    # Modulo 256 in steps of one byte, which the period divides.
    across = (np.arange(x, x + width) // thick % 256).astype(np.uint8)
    down = (np.arange(y, y + height) // thick % 256).astype(np.uint8)
    phase = np.add.outer(down, across).reshape(-1)[where]
    area = Rect(x, y, width, height)
    if len(where) <= MANY:
        rows, columns = np.divmod(where, max(width, 1))
        falling = _falling(selected, rows, columns)
        phase = np.where(falling, across[columns] - down[rows], phase)
        cells = _cells(rows + y, columns + x)
    else:
        cells = (QRect(*area),)
    return Outline(area, np.zeros(values.shape, np.uint32), where, phase % PERIOD, cells)


def _falling(selected: Array, rows: Array, columns: Array) -> Array:
    """Whether the outline runs along the diagonal on which the sum of both coordinates stands still.

    There the pattern goes by their difference, or a whole side would be of one colour.
    """
    soft = np.asarray(cv2.blur(selected * np.uint8(255), (7, 7))).astype(np.int16)
    bottom, right = (side - 1 for side in selected.shape)
    down = soft[np.minimum(rows + 2, bottom), columns] - soft[np.maximum(rows - 2, 0), columns]
    across = soft[rows, np.minimum(columns + 2, right)] - soft[rows, np.maximum(columns - 2, 0)]
    down, across = down.astype(np.int32), across.astype(np.int32)
    falling: Array = down * across * 5 > down * down + across * across
    return falling


def _cells(rows: Array, columns: Array) -> tuple[QRect, ...]:
    if not len(rows):
        return ()
    left, top = int(columns.min()) // CELL, int(rows.min()) // CELL
    across, down = int(columns.max()) // CELL - left + 1, int(rows.max()) // CELL - top + 1
    held = np.zeros((down, across), bool)
    held[rows // CELL - top, columns // CELL - left] = True
    places = np.argwhere(held).tolist()
    if len(places) > CELLS:
        return (QRect(left * CELL, top * CELL, across * CELL, down * CELL),)
    return tuple(
        QRect((left + column) * CELL, (top + row) * CELL, CELL, CELL) for row, column in places
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
        port = self._canvas.viewport
        window = QRect(0, 0, port.width, port.height)
        moved = (cell.translated(*port.origin) for cell in self._found_cells())
        return tuple(cell & window for cell in moved if cell.intersects(window))

    def _found_cells(self) -> tuple[QRect, ...]:
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
        port = canvas.viewport
        left, top = port.origin
        canvas_area = port.placed(document.picture.bounds)
        window = Rect(0, 0, port.width, port.height).grown(max(round(canvas.ratio), 1))
        seen = _moved(canvas_area.intersected(window), -left, -top)
        key = (id(selection), port.zoom, self._view.offset, port.canvas, canvas.ratio)
        found = self._outline
        known = found is not None and found.area.intersected(seen) == seen
        if not known or key != self._outline_of or self._sampler.selection is not selection:
            self._sampler.take(selection, *port.canvas)
            area = canvas_area.intersected(window.grown(AROUND))
            values = self._sampler.sample(port, area, self._view.offset)
            found = find_outline(values, area.x - left, area.y - top, canvas.ratio)
            self._outline, self._outline_of = found, key
        if found is not None and len(found.where):
            found.draw(painter, port.origin, self._step)

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


def _moved(rect: Rect, dx: int, dy: int) -> Rect:
    return Rect(rect.x + dx, rect.y + dy, rect.width, rect.height)
