"""The field of saturation and brightness and the strip of hues."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.theme import Theme

STRIP = 18
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class _Pad(QWidget):
    """An area in which a point is moved with mouse or arrow keys, from (0, 0) to (1, 1)."""

    moved = Signal(float, float)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.across, self.down = 0.0, 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def place(self, x: float, y: float) -> None:
        """Show the point somewhere else."""
        self.across, self.down = x, y
        self.update()

    def _move(self, x: float, y: float) -> None:
        self.place(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))
        self.moved.emit(self.across, self.down)

    def _at(self, event: QMouseEvent) -> None:
        point = event.position()
        self._move(point.x() / max(self.width() - 1, 1), point.y() / max(self.height() - 1, 1))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._at(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._at(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS:
            far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            dx, dy = ARROWS[Qt.Key(event.key())]
            step = 0.1 if far else 0.01
            self._move(self.across + dx * step, self.down + dy * step)
        else:
            super().keyPressEvent(event)

    def _edge(self, painter: QPainter) -> None:
        strong = self.hasFocus()
        painter.setPen(QPen(self._theme.color("accent" if strong else "border"), 1 + strong))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = 1.0 if strong else 0.5
        painter.drawRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))


class ColorSquare(_Pad):
    """Saturation to the right, brightness upwards, at one hue."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Saturation and brightness (arrow keys)"))
        self._hue = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(116)
        self.setMinimumWidth(120)

    def set_hue(self, hue: float) -> None:
        """Show another hue, 0 to 1."""
        self._hue = hue
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        across = QLinearGradient(area.topLeft(), area.topRight())
        across.setColorAt(0, QColor(255, 255, 255))
        across.setColorAt(1, QColor.fromHsvF(min(self._hue, 0.9999), 1, 1))
        painter.fillRect(area, across)
        down = QLinearGradient(area.topLeft(), area.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0))
        painter.fillRect(area, down)
        self._edge(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        point = QPointF(self.across * (self.width() - 1), self.down * (self.height() - 1))
        for color, width in ((0, 3.0), (255, 1.5)):
            painter.setPen(QPen(QColor(color, color, color), width))
            painter.drawEllipse(point, 5, 5)
        painter.end()


class HueStrip(_Pad):
    """All hues, red at both ends."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Hue (arrow keys)"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(STRIP)

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, STRIP)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        hues = QLinearGradient(area.topLeft(), area.topRight())
        for sixth in range(7):
            hues.setColorAt(sixth / 6, QColor.fromHsvF(sixth % 6 / 6, 1, 1))
        painter.fillRect(area, hues)
        self._edge(painter)
        x = self.across * (self.width() - 1)
        for color, width in ((0, 4.0), (255, 2.0)):
            painter.setPen(QPen(QColor(color, color, color), width))
            painter.drawLine(QPointF(x, 2), QPointF(x, self.height() - 2))
        painter.end()
