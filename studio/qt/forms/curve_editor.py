"""A curve that is bent by dragging its points, with mouse or keyboard."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.api.curves import MOST_POINTS, STRAIGHT, Curve, curve_values
from studio.qt.forms.tones import channel_color, draw_ground, draw_quarters
from studio.qt.i18n import tr
from studio.qt.panels.counts import Counts

MARGIN = 8
GRAB = 12.0
RADIUS = 4.5
LEAST = 1 / 255  # between the x of two points
OUT = 24.0  # px outside of the field at which a dragged point is dropped
MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class CurveEditor(QWidget):
    """Points of a tone curve over the histogram.

    Mouse: click to add a point, drag to move it, drag it out or double-click to remove it.
    Keyboard: Page Up and Page Down choose a point, arrows move it (with Shift by ten), Insert
    adds one, Delete removes it.

    Signals:
        changed: the points are others.
        selected: another point is chosen.
    """

    changed = Signal()
    selected = Signal()

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.channel = channel
        self.points: Curve = STRAIGHT
        self.current = 0
        self._counts: Counts | None = None
        self._dragging: Curve | None = None  # the points without the one that is dragged
        self._hovered: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(180, 180)
        self._describe()

    @override
    def sizeHint(self) -> QSize:
        return QSize(256, 256)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return min(max(width, 180), 320)

    # Values

    def set_points(self, points: Curve) -> None:
        """Show other points; tells of them if they differ."""
        points = tuple((float(x), float(y)) for x, y in points)
        self.current = min(self.current, len(points) - 1)
        if points != self.points:
            self.points = points
            self.changed.emit()
        self._describe()
        self.update()

    def show_counts(self, counts: Counts | None) -> None:
        """Draw another histogram behind the curve."""
        self._counts = counts
        self.update()

    def select(self, index: int) -> None:
        """Choose a point."""
        self.current = min(max(index, 0), len(self.points) - 1)
        self._describe()
        self.selected.emit()
        self.update()

    def move_to(self, x: float, y: float) -> None:
        """Move the chosen point, as far as its neighbours let it."""
        before = self.points[self.current - 1][0] + LEAST if self.current else 0.0
        last = self.current == len(self.points) - 1
        after = 1.0 if last else self.points[self.current + 1][0] - LEAST
        point = (min(max(x, before), after), min(max(y, 0.0), 1.0))
        self.set_points((*self.points[: self.current], point, *self.points[self.current + 1 :]))
        self.selected.emit()

    def add(self, x: float, y: float) -> bool:
        """Add a point and choose it; not where there is one already."""
        crowded = any(abs(x - at) < LEAST for at, _ in self.points)
        if crowded or not 0 <= x <= 1 or len(self.points) >= MOST_POINTS:
            return False
        points = tuple(sorted((*self.points, (x, min(max(y, 0.0), 1.0)))))
        self.current = [at for at, _ in points].index(x)
        self.set_points(points)
        self.selected.emit()
        return True

    def remove(self) -> None:
        """Remove the chosen point; two are left at least."""
        if len(self.points) > 2:
            index = self.current
            self.current = max(index - 1, 0)
            self.set_points(self.points[:index] + self.points[index + 1 :])
            self.selected.emit()

    def _add_between(self) -> None:
        """Add a point on the curve, between the chosen one and the next."""
        left = min(self.current, len(self.points) - 2)
        x = (self.points[left][0] + self.points[left + 1][0]) / 2
        self.add(x, float(curve_values(self.points, x)))

    def _describe(self) -> None:
        x, y = self.points[self.current]
        self.setAccessibleDescription(
            tr(
                "Point {number} of {count}: input {x}, output {y}. Page Up and Page Down choose a "
                "point, arrow keys move it, Insert adds one, Delete removes it.",
                number=self.current + 1,
                count=len(self.points),
                x=round(x * 255),
                y=round(y * 255),
            )
        )

    # Drawing

    @property
    def field(self) -> QRectF:
        """Where the curve is drawn."""
        side = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        return QRectF(side.left(), side.top(), side.width(), side.height())

    def place(self, x: float, y: float) -> QPointF:
        """The position of a value in the widget."""
        field = self.field
        return QPointF(field.left() + x * field.width(), field.bottom() - y * field.height())

    def _value(self, position: QPointF) -> tuple[float, float]:
        field = self.field
        x = (position.x() - field.left()) / max(field.width(), 1)
        y = (field.bottom() - position.y()) / max(field.height(), 1)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        field = self.field
        draw_ground(painter, self, field, self._counts, self.channel)
        draw_quarters(painter, self, field, across=True)
        muted = QColor(self.palette().color(QPalette.ColorRole.PlaceholderText))
        muted.setAlphaF(0.5)
        painter.setPen(QPen(muted, 1))
        painter.drawLine(field.bottomLeft(), field.topRight())
        xs = np.linspace(0, 1, max(int(field.width()), 2))
        ys = curve_values(self.points, xs)
        line = [self.place(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        color = channel_color(self, self.channel)
        painter.setPen(QPen(color, 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(line))
        self._paint_points(painter, color)
        painter.end()

    def _paint_points(self, painter: QPainter, color: QColor) -> None:
        role = QPalette.ColorRole
        for index, (x, y) in enumerate(self.points):
            chosen = index == self.current
            filled = self.palette().color(role.Highlight if chosen else role.Base)
            radius = RADIUS + (1.5 if index == self._hovered else 0) + (0.5 if chosen else 0)
            painter.setPen(QPen(color, 1.6))
            painter.setBrush(filled)
            painter.drawEllipse(self.place(x, y), radius, radius)
            if chosen and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self.palette().color(role.Link), 1.5))
                painter.drawEllipse(self.place(x, y), radius + 3, radius + 3)

    # Events

    def _point_at(self, position: QPointF) -> int | None:
        far = [(self.place(*point) - position).manhattanLength() for point in self.points]
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= GRAB else None

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        found = self._point_at(event.position())
        if found is not None:
            self.select(found)
        elif not self.add(*self._value(event.position())):
            return
        self._dragging = self.points[: self.current] + self.points[self.current + 1 :]

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._dragging is None:
            hovered = self._point_at(position)
            if hovered != self._hovered:
                self._hovered = hovered
                shape = Qt.CursorShape
                self.setCursor(shape.CrossCursor if hovered is None else shape.SizeAllCursor)
                self.update()
            return
        others, held = self._dragging, len(self.points) > len(self._dragging)
        outside = not self.field.adjusted(-OUT, -OUT, OUT, OUT).contains(position)
        if outside and len(others) >= 2:
            self.current = max(self.current - 1, 0) if held else self.current
            self.set_points(others)
            self.selected.emit()
        elif held:
            self.move_to(*self._value(position))
        else:
            self.add(*self._value(position))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = None
        super().mouseReleaseEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._point_at(event.position())
        if found is not None:
            self.select(found)
            self.remove()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in MOVES:
            far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            (x, y), (dx, dy) = self.points[self.current], MOVES[key]
            self.move_to(x + dx * far / 255, y + dy * far / 255)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.select(self.current + (1 if key == Qt.Key.Key_PageUp else -1))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove()
        elif key in (Qt.Key.Key_Insert, Qt.Key.Key_Plus):
            self._add_between()
        else:
            super().keyPressEvent(event)
