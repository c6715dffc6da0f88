"""What the tools that select have in common: modes, modifier keys, and moving the outline."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Document, Picture, Raster, Rect, Transaction
from studio.document.regions import Mode, change_selection, feather, moved
from studio.qt import editing
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_, tr
from studio.qt.selecting.mode_buttons import SelectionOptions
from studio.qt.tools.base import Pointer, Tool, ToolDesk
from studio.qt.tools.values import Field, Flag, Number, Values

FEATHER = Number(
    "feather", N_("Feather"), 0, 0, 500, " px", 1, tip=N_("Soften the edge by about this much")
)
ANTIALIAS = Flag(
    "antialias", N_("Antialias"), default=True, tip=N_("Select pixels at the edge in part")
)
CLICK = 3.0
"""Device pixels that a click may move without being a drag."""
SPARED = 8
"""Pixels of the canvas of which one is looked at where a selection is but drawn or moved."""
Make = Callable[[], Raster]
"""Makes what was drawn; of a large picture on a thread."""
REST_MS = 800
"""Steps by key that follow each other this fast are one undo step."""
STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


class SelectTool(Tool):
    """Selects something; dragging inside what is selected, and the arrow keys, move the outline.

    Shift held at the press adds, Alt subtracts, both intersect; otherwise the mode that was chosen
    counts.

    Attributes:
        fields: what can be set, beside the mode.
        moves_inside: whether a drag that begins inside the selection moves it.
    """

    group = "select"
    fields: ClassVar[tuple[Field, ...]] = (FEATHER, ANTIALIAS)
    moves_inside: ClassVar[bool] = True

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self.values = Values(self.id, self.fields, desk.workspace.services.settings, self)
        self._dragged: Pointer | None = None
        self._inside = False
        self._steps: Transaction | None = None
        self._stepped = (0, 0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._end_steps)

    @override
    def options(self) -> QWidget | None:
        return SelectionOptions(self.values, self.desk.selecting, self.desk.workspace.theme)

    @override
    def deactivate(self) -> None:
        self._end_steps()
        self.cancel()
        self.values.save()

    def mode(self, p: Pointer) -> Mode:
        """What a selection that begins with this press does."""
        if p.holds(SHIFT):
            return Mode.INTERSECT if p.holds(ALT) else Mode.ADD
        return Mode.SUBTRACT if p.holds(ALT) else self.desk.selecting.options.mode

    def select(self, make: Make, mode: Mode) -> None:
        """Combine what was drawn with the selection, feathered if that is set: an undo step."""
        document = self.desk.document
        if document is None:
            return
        softness = self.values.number("feather") if "feather" in self.values else 0

        def edit(picture: Picture) -> Picture:
            soft = feather(make(), softness, picture.bounds)
            return change_selection(soft, mode)(picture)

        pixels = document.picture.width * document.picture.height
        cost = pixels if softness else pixels // SPARED
        self.desk.workspace.edits.apply(document, tr(self.title), edit, cost)

    def deselect(self, mode: Mode) -> None:
        """A click that draws nothing: in replace mode nothing is selected any more."""
        if mode is Mode.REPLACE and self.desk.document is not None:
            self.desk.document.apply(tr("Deselect"), change_selection(None))

    # Moving the outline

    @property
    def moving(self) -> bool:
        """Whether the outline is being dragged."""
        return self._dragged is not None

    def begin_move(self, p: Pointer) -> bool:
        """Take hold of the outline if the press is inside the selection and means no other mode."""
        picture = self._picture()
        if picture is None or not self.moves_inside or self.mode(p) is not Mode.REPLACE:
            return False
        if not selected_at(picture, p):
            return False
        self._dragged = p
        return True

    def drag_outline(self, p: Pointer) -> None:
        """Show the outline where it would be dropped."""
        if self._dragged is not None:
            self.desk.selecting.offset = self._shift(p)

    def drop_outline(self, p: Pointer) -> bool:
        """Move the selection; returns whether the pointer had moved at all."""
        start, self._dragged = self._dragged, None
        offset, self.desk.selecting.offset = self.desk.selecting.offset, (0, 0)
        if start is None or (p.view - start.view).manhattanLength() < CLICK:
            return False
        self.nudge(*offset)
        return True

    def nudge(self, dx: int, dy: int) -> None:
        """Move the selection by whole pixels: an undo step."""
        document = self.desk.document
        selection = None if document is None else document.picture.selection
        if document is not None and selection is not None and (dx or dy):
            area = selection.bounds

            def edit(picture: Picture) -> Picture:
                if picture.selection is None:
                    return picture
                return change_selection(moved(picture.selection, dx, dy, picture.bounds))(picture)

            cost = area.width * area.height // SPARED
            self.desk.workspace.edits.apply(document, tr("Move the selection"), edit, cost)

    def step(self, dx: int, dy: int) -> None:
        """Move the selection by a key; steps in quick succession are one undo step."""
        document = self.desk.document
        if document is None:
            return
        bounds = document.picture.bounds
        if bounds.width * bounds.height // SPARED > editing.AT_ONCE:
            self.nudge(dx, dy)
            return
        if self._steps is None or not self._steps.open:
            self._steps, self._stepped = document.begin(tr("Move the selection")), (0, 0)
        before = self._steps.before
        if before.selection is None:
            return
        self._stepped = across, down = self._stepped[0] + dx, self._stepped[1] + dy
        shifted = moved(before.selection, across, down, before.bounds)
        self._steps.update(change_selection(shifted))
        self._rest.start()

    def _end_steps(self) -> None:
        self._rest.stop()
        steps, self._steps = self._steps, None
        if steps is not None and steps.open:
            steps.commit()

    def _shift(self, p: Pointer) -> tuple[int, int]:
        start = self._dragged or p
        dx, dy = p.x - start.x, p.y - start.y
        if p.holds(SHIFT):
            dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
        return round(dx), round(dy)

    @property
    @override
    def busy(self) -> bool:
        return self.moving

    @override
    def cancel(self) -> None:
        self._dragged = None
        self.desk.selecting.offset = (0, 0)
        self.repaint.emit()

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        step = STEPS.get(Qt.Key(event.key()))
        picture = self._picture()
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if step is None or picture is None or picture.selection is None or self.busy:
            return False
        if plain not in (Qt.KeyboardModifier.NoModifier, SHIFT):
            return False
        far = 10 if plain == SHIFT else 1
        self.step(step[0] * far, step[1] * far)
        return True

    # The pointer

    @override
    def hover(self, p: Pointer) -> None:
        picture = self._picture()
        inside = (
            picture is not None
            and self.moves_inside
            and self.mode(p) is Mode.REPLACE
            and selected_at(picture, p)
        )
        if inside != self._inside:
            self._inside = inside
            self.desk.canvas.refresh_cursor()

    @override
    def cursor(self) -> QCursor:
        over = self._inside or self.moving
        return QCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.CrossCursor)

    def _picture(self) -> Picture | None:
        document: Document | None = self.desk.document
        return None if document is None else document.picture


def selected_at(picture: Picture, p: Pointer) -> bool:
    """Whether the pixel under the pointer is at least half selected."""
    x, y = math.floor(p.x), math.floor(p.y)
    if picture.selection is None or not picture.bounds.contains(x, y):
        return False
    return int(picture.selection.read(Rect(x, y, 1, 1))[0, 0, 0]) >= 128


def draw_path(painter: QPainter, path: QPainterPath, ratio: float) -> None:
    """A line that shows on any picture: light dashes on a dark line."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for level, style in ((0, Qt.PenStyle.SolidLine), (255, Qt.PenStyle.DashLine)):
        painter.setPen(QPen(QColor(level, level, level), max(ratio, 1), style))
        painter.drawPath(path)


def draw_note(painter: QPainter, canvas: CanvasView, text: str, at: QPointF) -> None:
    """A short text beside the pointer, as the size of what is drawn."""
    font = canvas.font()
    font.setPixelSize(round(12 * canvas.ratio))
    painter.setFont(font)
    size = painter.fontMetrics().size(0, text)
    gap = 14 * canvas.ratio
    x = min(at.x() + gap, canvas.viewport.width - size.width() - gap)
    y = min(at.y() + gap, canvas.viewport.height - size.height() - gap)
    box = QRectF(x, y, size.width() + gap, size.height() + gap / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 180))
    painter.drawRoundedRect(box, 4 * canvas.ratio, 4 * canvas.ratio)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
