"""The drawing of a histogram."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Array
from studio.qt.i18n import tr
from studio.qt.panels.counts import BINS, Counts
from studio.qt.theme import Theme

ALL = -1
"""Instead of a channel's number: the three colours over the luminosity."""

COLORS = {
    "dark": ("#ff5c5c", "#4fd66b", "#5b8cff", "#c9d1da"),
    "light": ("#d62f2f", "#1f9440", "#2a5fd6", "#4a525c"),
}
QUARTERS = (64, 128, 192)
MARGIN = 6
JUMPS = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: BINS - 1}
STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageDown: -16,
    Qt.Key.Key_PageUp: 16,
}


class HistogramPlot(QWidget):
    """Curves of the channels; pointer or arrow keys choose a level.

    Signals:
        level_changed: the chosen level, or None.
    """

    level_changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._counts: Counts | None = None
        self._marks: tuple[int, ...] = ()
        self.channel, self.logarithmic = ALL, False
        self.level: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Histogram"))
        self.setMinimumSize(140, 90)
        theme.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(256 + 2 * MARGIN, 120)

    def show_counts(self, counts: Counts | None) -> None:
        """Draw other counts; None draws none."""
        self._counts = counts
        self.update()

    def show_marks(self, levels: tuple[int, ...]) -> None:
        """Mark the levels of red, green and blue under the canvas's pointer, or none."""
        if levels != self._marks:
            self._marks = levels
            self.update()

    def set_look(self, channel: int, *, logarithmic: bool) -> None:
        """Choose a channel (or `ALL`) and the scale."""
        self.channel, self.logarithmic = channel, logarithmic
        self.update()

    def heights(self, channel: int) -> Array:
        """256 heights from 0 to 1, relative to the highest curve that is shown."""
        if self._counts is None:
            return np.zeros(BINS)
        shown = (0, 1, 2, 3) if self.channel == ALL else (self.channel,)
        bins = self._counts.bins.astype(np.float64)
        if self.logarithmic:
            bins = np.log1p(bins)
        # Clipped pixels at both ends must not flatten everything between them.
        middle = bins[list(shown), 1:-1].max()
        top = middle if middle > 0 else bins[list(shown)].max()
        return np.asarray(np.minimum(bins[channel] / max(top, 1e-9), 1.0))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        field = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        border = "focus" if self.hasFocus() else "border"
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(border), 1))
        painter.setBrush(self._theme.color("field"))
        painter.drawRoundedRect(field, 5, 5)
        painter.setPen(QPen(self._theme.color("border"), 1))
        for quarter in QUARTERS:
            x = round(self._x(quarter)) + 0.5
            painter.drawLine(QPointF(x, field.top() + 1), QPointF(x, field.bottom() - 1))
        if self._counts is not None and self._counts.pixels:
            self._paint_curves(painter)
            self._paint_marks(painter)
        painter.end()

    def _paint_curves(self, painter: QPainter) -> None:
        colors = COLORS[self._theme.name]
        if self.channel != ALL:
            self._paint_curve(painter, self.channel, QColor(colors[self.channel]), 0.45)
            return
        gray = QColor(self._theme.color("muted"))
        self._paint_curve(painter, 3, gray, 0.28, outline=False)
        dark = self._theme.name == "dark"
        mode = QPainter.CompositionMode
        # Where curves overlap they brighten a dark ground and darken a light one.
        painter.setCompositionMode(
            mode.CompositionMode_Screen if dark else mode.CompositionMode_Multiply
        )
        for channel in range(3):
            self._paint_curve(painter, channel, QColor(colors[channel]), 0.38)
        painter.setCompositionMode(mode.CompositionMode_SourceOver)

    def _paint_curve(
        self, painter: QPainter, channel: int, color: QColor, share: float, *, outline: bool = True
    ) -> None:
        bottom, tall = self.height() - MARGIN, self.height() - 2 * MARGIN
        tops = bottom - self.heights(channel) * tall
        points = [QPointF(self._x(level), float(top)) for level, top in enumerate(tops)]
        area = QPainterPath(QPointF(self._x(0), bottom))
        for point in points:
            area.lineTo(point)
        area.lineTo(QPointF(self._x(BINS - 1), bottom))
        filled = QColor(color)
        filled.setAlphaF(share)
        painter.fillPath(area, filled)
        if outline:
            painter.setPen(QPen(color, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))

    def _paint_marks(self, painter: QPainter) -> None:
        colors = COLORS[self._theme.name]
        bottom = self.height() - MARGIN
        painter.setPen(Qt.PenStyle.NoPen)
        for channel, level in enumerate(self._marks):
            x = self._x(level)
            painter.setBrush(QColor(colors[channel]))
            tip = [
                QPointF(x, bottom - 1),
                QPointF(x - 3.5, bottom + 5),
                QPointF(x + 3.5, bottom + 5),
            ]
            painter.drawPolygon(QPolygonF(tip))
        if self.level is not None:
            x = round(self._x(self.level)) + 0.5
            painter.setPen(QPen(self._theme.color("text"), 1))
            painter.drawLine(QPointF(x, MARGIN), QPointF(x, bottom))

    def _x(self, level: float) -> float:
        return MARGIN + (self.width() - 2 * MARGIN) * level / (BINS - 1)

    def choose_level(self, level: int | None) -> None:
        """Mark a level and tell of it."""
        level = None if level is None else min(max(level, 0), BINS - 1)
        if level != self.level:
            self.level = level
            self.level_changed.emit(level)
            self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        wide = max(self.width() - 2 * MARGIN, 1)
        self.choose_level(round((event.position().x() - MARGIN) / wide * (BINS - 1)))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.choose_level(None)
        super().leaveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS:
            start = BINS // 2 if self.level is None else self.level
            self.choose_level(start + STEPS[key])
        elif key in JUMPS:
            self.choose_level(JUMPS[key])
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.choose_level(None)
        super().focusOutEvent(event)
