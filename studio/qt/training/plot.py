"""The curves of a training: losses and metrics over its steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.theme import Theme

Points = Sequence[tuple[int, float]]

COLORS = {
    "dark": (
        "#5ea0ff", "#ffb454", "#6ad08a", "#ff7a90", "#c79bff", "#4fd0d8", "#e0d060", "#c9d1da",
    ),
    "light": (
        "#1f5fd0", "#b86400", "#1a7f3c", "#c4213f", "#7a3fc8", "#0d7d86", "#7d6c00", "#4a525c",
    ),
}  # fmt: skip
FIELD_HEIGHT = 110
MARGIN = 6
_SMOOTHING = 0.9
_MOST_POINTS = 1200
_SWATCH = 10


class CurvePlot(QWidget):
    """Several curves, each on a scale of its own, above a legend with their values.

    Pointer or arrow keys choose a step; without one the legend shows the newest values.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._curves: dict[str, Points] = {}
        self.logarithmic = False
        self.step: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Curves of losses and metrics"))
        self.setToolTip(tr("Each curve has a scale of its own; the numbers are its values."))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, FIELD_HEIGHT + self._legend_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    @property
    def names(self) -> tuple[str, ...]:
        """What is drawn, in the order of the legend."""
        return tuple(self._curves)

    def show_curves(self, curves: Mapping[str, Points]) -> None:
        """Draw other curves."""
        finite = {
            name: [point for point in points if math.isfinite(point[1])]
            for name, points in curves.items()
        }
        rows = len(self._curves)
        self._curves = {name: points for name, points in finite.items() if points}
        if len(self._curves) != rows:
            self.updateGeometry()
        self.setAccessibleDescription(self._in_words())
        self.update()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Choose the scale; what is not above 0 is left out of a logarithmic one."""
        self.logarithmic = logarithmic
        self.update()

    def value(self, name: str) -> float:
        """The value in the legend: at the chosen step, or the newest."""
        points = self._curves[name]
        if self.step is None:
            return points[-1][1]
        wanted = self.step
        return min(points, key=lambda point: abs(point[0] - wanted))[1]

    @property
    def last_step(self) -> int:
        """The right end of the scale."""
        return max((points[-1][0] for points in self._curves.values()), default=0)

    def _in_words(self) -> str:
        return ", ".join(f"{name} {self.value(name):.4g}" for name in self._curves)

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field = QRectF(0.5, 0.5, self.width() - 1, FIELD_HEIGHT - 1)
        border = "focus" if self.hasFocus() else "border"
        painter.setPen(QPen(self._theme.color(border), 1))
        painter.setBrush(self._theme.color("field"))
        painter.drawRoundedRect(field, 5, 5)
        inner = field.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        painter.setPen(QPen(self._theme.color("border"), 1))
        for quarter in (0.25, 0.5, 0.75) if self._curves else ():
            y = round(inner.top() + quarter * inner.height()) + 0.5
            painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
        if not self._curves:
            painter.setPen(self._theme.color("muted"))
            painter.drawText(field, Qt.AlignmentFlag.AlignCenter, tr("Nothing measured yet"))
        for number, points in enumerate(self._curves.values()):
            self._paint_curve(painter, inner, points, self._color(number))
        if self.step is not None and self.last_step:
            x = inner.left() + inner.width() * min(self.step / self.last_step, 1)
            painter.setPen(QPen(self._theme.color("muted"), 1))
            painter.drawLine(QPointF(x, inner.top()), QPointF(x, inner.bottom()))
        self._paint_legend(painter)
        painter.end()

    def _paint_curve(self, painter: QPainter, field: QRectF, points: Points, color: QColor) -> None:
        shown = [(step, self._scaled(value)) for step, value in points if self._fits(value)]
        if not shown:
            return
        shown = shown[:: max(1, len(shown) // _MOST_POINTS)]
        smooth = smoothed([value for _, value in shown])
        low, high = min(value for _, value in shown), max(value for _, value in shown)
        spread, right = max(high - low, 1e-12), max(self.last_step, 1)

        def line(values: Sequence[float]) -> QPolygonF:
            return QPolygonF(
                [
                    QPointF(
                        field.left() + field.width() * step / right,
                        field.bottom() - field.height() * (value - low) / spread,
                    )
                    for (step, _), value in zip(shown, values, strict=True)
                ]
            )

        faint = QColor(color)
        faint.setAlphaF(0.35)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(faint, 1))
        painter.drawPolyline(line([value for _, value in shown]))
        painter.setPen(QPen(color, 1.6))
        painter.drawPolyline(line(smooth))
        if len(shown) == 1:
            painter.setBrush(color)
            painter.drawEllipse(line(smooth).first(), 2, 2)

    def _paint_legend(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        height, columns = metrics.height() + 2, self._columns()
        width = self.width() // columns
        for number, name in enumerate(self._curves):
            left = (number % columns) * width
            top = FIELD_HEIGHT + 4 + (number // columns) * height
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color(number))
            middle = top + (height - _SWATCH) / 2
            painter.drawRoundedRect(QRectF(left, middle, _SWATCH, _SWATCH), 2, 2)
            value = f"{self.value(name):.4g}"
            room = width - _SWATCH - 12 - metrics.horizontalAdvance(value + " ")
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            box = QRectF(left + _SWATCH + 5, top, width - _SWATCH - 9, height)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.setPen(self._theme.color("text"))
            painter.drawText(box, flags, f"{text} {value}")

    def _columns(self) -> int:
        return 2 if len(self._curves) > 1 else 1

    def _legend_height(self) -> int:
        if not self._curves:
            return 0
        rows = -(-len(self._curves) // self._columns())
        return 6 + rows * (self.fontMetrics().height() + 2)

    def _color(self, number: int) -> QColor:
        colors = COLORS[self._theme.name]
        return QColor(colors[number % len(colors)])

    def _fits(self, value: float) -> bool:
        return value > 0 or not self.logarithmic

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    # Choosing a step

    def choose(self, step: int | None) -> None:
        """Show the values of a step in the legend; None for the newest."""
        self.step = None if step is None else min(max(step, 0), self.last_step)
        self.setAccessibleDescription(self._in_words())
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = event.position().y() < FIELD_HEIGHT and self._curves
        share = (event.position().x() - MARGIN) / max(self.width() - 2 * MARGIN, 1)
        self.choose(round(share * self.last_step) if inside else None)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.choose(None)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        stride = max(self.last_step // 50, 1)
        now = self.last_step if self.step is None else self.step
        steps = {
            Qt.Key.Key_Left: now - stride,
            Qt.Key.Key_Right: now + stride,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self.last_step,
        }
        if event.key() in steps and self._curves:
            self.choose(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.step is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)


def smoothed(values: Sequence[float]) -> list[float]:
    """A running average that starts without a bias towards 0 (Kingma and Ba 2015, section 3)."""
    total, weight, found = 0.0, 0.0, []
    keep = _SMOOTHING if len(values) > 20 else 0.0
    for value in values:
        total = keep * total + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        found.append(total / weight)
    return found
