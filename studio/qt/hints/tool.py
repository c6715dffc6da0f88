"""The tool that puts points of color on the picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPen
from typing_extensions import override

from studio.host.hints import Dab
from studio.qt.canvas import CanvasView
from studio.qt.geometry.handles import nearest
from studio.qt.i18n import N_
from studio.qt.tools.base import Pointer, Tool, ToolDesk
from studio.qt.tools.swatches import hex_text

SIZE = 7.0
"""Logical pixels of the radius of a point."""
_DELETING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class HintTool(Tool):
    """Adds, moves and deletes color hints."""

    id = "hints"
    title = N_("Color hints")
    icon = "hints"
    shortcut = "K"
    hint = N_(
        "Click to say that something has the foreground color. Drag a point to move it, "
        "double-click it to give it that color, Alt+click or Delete removes it."
    )
    group = "retouch"
    over_results = True

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        self._points = desk.workspace.hints
        self._offset: QPointF | None = None  # from where it was taken hold of to its middle
        self._points.changed.connect(self.repaint)

    @override
    def press(self, p: Pointer) -> None:
        found = self._at(p)
        if found is not None and p.holds(Qt.KeyboardModifier.AltModifier):
            self._points.remove(found)
            return
        if found is None:
            document = self.desk.document
            inside = document is not None and (
                0 <= p.x < document.picture.width and 0 <= p.y < document.picture.height
            )
            if not inside or p.holds(Qt.KeyboardModifier.AltModifier):
                self._points.select(None)
                return
            color = self.desk.colors.foreground
            self.desk.colors.used(color)
            self._points.add(p.x, p.y, hex_text(color))
            self._offset = QPointF(0, 0)
            return
        dab = self._points.dabs[found]
        self._offset = QPointF(dab.x - p.x, dab.y - p.y)
        self._points.select(found)

    @override
    def move(self, p: Pointer) -> None:
        selected = self._points.selected
        if self._offset is not None and selected is not None:
            self._points.move(selected, p.x + self._offset.x(), p.y + self._offset.y())

    @override
    def release(self, p: Pointer) -> None:
        self._offset = None

    @override
    def double_click(self, p: Pointer) -> None:
        found = self._at(p)
        if found is not None:
            self._points.select(found)
            self._points.recolor(found, hex_text(self.desk.colors.foreground))

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        selected = self._points.selected
        if selected is None:
            return False
        key = Qt.Key(event.key())
        if key in _DELETING:
            self._points.remove(selected)
        elif key in _ARROWS:
            far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            dab, (right, down) = self._points.dabs[selected], _ARROWS[key]
            self._points.move(selected, dab.x + far * right, dab.y + far * down)
        else:
            return False
        return True

    @override
    def wants(self, event: QKeyEvent) -> bool:
        chosen = self._points.selected is not None
        return chosen and Qt.Key(event.key()) in (*_DELETING, *_ARROWS)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.CrossCursor)

    def _at(self, p: Pointer) -> int | None:
        """The point that is meant by a press."""
        canvas = self.desk.canvas
        places = [canvas.image_to_view(dab.x, dab.y) for dab in self._points.dabs]
        return nearest(places, p.view, canvas.ratio)

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        draw_points(painter, canvas, self._points.dabs, self._points.selected)


def draw_points(
    painter: QPainter, canvas: CanvasView, dabs: tuple[Dab, ...], selected: int | None
) -> None:
    """Discs of their color, with an outline that shows on any picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ratio = canvas.ratio
    for number, dab in enumerate(dabs):
        middle = canvas.image_to_view(dab.x, dab.y)
        radius = SIZE * ratio
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(20, 20, 20, 200), 4.5 * ratio))
        painter.drawEllipse(middle, radius, radius)
        painter.setBrush(QColor(dab.color))
        painter.setPen(QPen(QColor(255, 255, 255), 2 * ratio))
        painter.drawEllipse(middle, radius, radius)
        if number == selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(20, 20, 20, 200), 3.5 * ratio))
            painter.drawEllipse(middle, radius + 5 * ratio, radius + 5 * ratio)
            painter.setPen(QPen(QColor(255, 255, 255), 1.5 * ratio))
            painter.drawEllipse(middle, radius + 5 * ratio, radius + 5 * ratio)
