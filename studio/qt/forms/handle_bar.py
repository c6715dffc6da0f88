"""A bar with handles under it: the input and the output of levels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.qt.forms.tones import channel_color, draw_ground, draw_quarters
from studio.qt.i18n import tr
from studio.qt.panels.counts import Counts

SIDE = 8
FOOT = 15
PLAIN, TALL = 14, 92
GRAYS = {2: (0.0, 1.0), 3: (0.0, 0.5, 1.0)}


class HandleBar(QWidget):
    """A gradient, or a histogram, and handles that are dragged along it.

    Keyboard: Page Up and Page Down choose a handle, the arrow keys move it, with Shift by ten.

    Signals:
        moved: the positions in [0, 1] that the user asks for; `current` is the handle that moves.
    """

    moved = Signal(tuple)

    def __init__(self, channel: str, names: Sequence[str], *, histogram: bool = False) -> None:
        super().__init__()
        self.channel, self.names = channel, tuple(names)
        self.positions = GRAYS[len(self.names)]
        self.current = 0
        self._histogram, self._dragging = histogram, False
        self._counts: Counts | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, (TALL if self._histogram else PLAIN) + FOOT + 2)

    def set_positions(self, positions: tuple[float, ...]) -> None:
        """Show the handles elsewhere."""
        self.positions = positions
        self._describe()
        self.update()

    def show_counts(self, counts: Counts | None) -> None:
        """Draw another histogram."""
        self._counts = counts
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(
            tr(
                "{name} at {level}. Page Up and Page Down choose a handle, arrow keys move it.",
                name=self.names[self.current],
                level=round(self.positions[self.current] * 255),
            )
        )
        self.setToolTip(self.names[self.current])

    @property
    def field(self) -> QRectF:
        """The bar without its handles."""
        return QRectF(SIDE, 1, self.width() - 2 * SIDE, self.height() - FOOT - 2)

    def place(self, position: float) -> QPointF:
        """Where the tip of a handle is."""
        field = self.field
        return QPointF(field.left() + position * field.width(), field.bottom() + 1)

    def _ask(self, position: float) -> None:
        positions = list(self.positions)
        positions[self.current] = min(max(position, 0.0), 1.0)
        self.moved.emit(tuple(positions))
        self._describe()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        field = self.field
        if self._histogram:
            draw_ground(painter, self, field, self._counts, self.channel)
            draw_quarters(painter, self, field, across=False)
            self._paint_limits(painter, field)
        else:
            self._paint_gradient(painter, field)
        for index, position in enumerate(self.positions):
            self._paint_handle(painter, index, self.place(position))
        painter.end()

    def _paint_gradient(self, painter: QPainter, field: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gradient = QLinearGradient(field.topLeft(), field.topRight())
        bright = {"red": "#ff0000", "green": "#00ff00", "blue": "#0000ff"}
        gradient.setColorAt(0, QColor("black"))
        gradient.setColorAt(1, QColor(bright.get(self.channel, "white")))
        role = QPalette.ColorRole
        border = self.palette().color(role.Link if self.hasFocus() else role.Mid)
        painter.setPen(QPen(border, 1))
        painter.setBrush(gradient)
        painter.drawRoundedRect(field.adjusted(-0.5, -0.5, 0.5, 0.5), 3, 3)

    def _paint_limits(self, painter: QPainter, field: QRectF) -> None:
        """Shade what becomes black and what becomes white."""
        shade = QColor(self.palette().color(QPalette.ColorRole.Window))
        shade.setAlphaF(0.6)
        left, right = self.place(self.positions[0]).x(), self.place(self.positions[-1]).x()
        painter.fillRect(
            QRectF(field.left(), field.top(), left - field.left(), field.height()), shade
        )
        painter.fillRect(QRectF(right, field.top(), field.right() - right, field.height()), shade)
        color = QColor(channel_color(self, self.channel))
        color.setAlphaF(0.55)
        painter.setPen(QPen(color, 1))
        for position in self.positions:
            x = self.place(position).x()
            painter.drawLine(QPointF(x, field.top()), QPointF(x, field.bottom()))

    def _paint_handle(self, painter: QPainter, index: int, tip: QPointF) -> None:
        role = QPalette.ColorRole
        chosen = index == self.current and self.hasFocus()
        gray = round(255 * GRAYS[len(self.names)][index])
        border = self.palette().color(role.Link if chosen else role.WindowText)
        painter.setPen(QPen(border, 2 if chosen else 1.2))
        painter.setBrush(QColor(gray, gray, gray))
        shape = [
            tip + QPointF(0, 0.5),
            tip + QPointF(5.5, 6),
            tip + QPointF(5.5, 12),
            tip + QPointF(-5.5, 12),
            tip + QPointF(-5.5, 6),
        ]
        painter.drawPolygon(QPolygonF(shape))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        at = event.position().x()
        far = [abs(self.place(position).x() - at) for position in self.positions]
        near = [index for index, distance in enumerate(far) if distance <= min(far) + 0.5]
        # Of handles that lie on each other, the one that can move towards the pointer.
        self.current = near[-1] if at > self.place(self.positions[near[0]]).x() else near[0]
        self._dragging = True
        self._drag(at)

    def _drag(self, x: float) -> None:
        field = self.field
        self._ask((x - field.left()) / max(field.width(), 1))
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._drag(event.position().x())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False
        super().mouseReleaseEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {
            Qt.Key.Key_Left: -far,
            Qt.Key.Key_Down: -far,
            Qt.Key.Key_Right: far,
            Qt.Key.Key_Up: far,
        }
        turns = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}
        key = Qt.Key(event.key())
        if key in steps:
            self._ask(self.positions[self.current] + steps[key] / 255)
        elif key in turns:
            self.current = min(max(self.current + turns[key], 0), len(self.names) - 1)
            self._describe()
        else:
            super().keyPressEvent(event)
        self.update()
