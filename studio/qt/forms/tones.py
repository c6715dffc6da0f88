"""What curves and levels are drawn over: a grid and the histogram of the layer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QWidget

from studio.document import Array
from studio.qt.panels.counts import Counts

CHANNELS = {"red": 0, "green": 1, "blue": 2, "all": 3}
_DARK = {"red": "#ff6b6b", "green": "#5bd67a", "blue": "#6c9bff"}
_LIGHT = {"red": "#cf2e2e", "green": "#1c8a3b", "blue": "#2a5fd6"}
QUARTERS = (0.25, 0.5, 0.75)


def is_dark(widget: QWidget) -> bool:
    """Whether the widget's palette is that of a dark theme."""
    return widget.palette().color(QPalette.ColorRole.Base).lightness() < 128


def channel_color(widget: QWidget, channel: str) -> QColor:
    """The colour in which a channel is drawn, legible in either theme."""
    named = (_DARK if is_dark(widget) else _LIGHT).get(channel)
    return QColor(named) if named else widget.palette().color(QPalette.ColorRole.WindowText)


def heights(counts: Counts | None, channel: str) -> Array:
    """256 heights in [0, 1]; clipped pixels at both ends do not flatten what is between."""
    if counts is None:
        return np.zeros(256)
    bins = np.sqrt(counts.bins[CHANNELS[channel]].astype(np.float64))
    top = bins[1:-1].max() or bins.max()
    return np.asarray(np.minimum(bins / max(top, 1e-9), 1.0))


def draw_ground(
    painter: QPainter, widget: QWidget, field: QRectF, counts: Counts | None, channel: str
) -> None:
    """The field with its border, quarters and histogram; antialiasing is on afterwards."""
    role = QPalette.ColorRole
    palette = widget.palette()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    border = palette.color(role.Link if widget.hasFocus() else role.Mid)
    painter.setPen(QPen(border, 1))
    painter.setBrush(palette.color(role.Base))
    painter.drawRoundedRect(field.adjusted(-0.5, -0.5, 0.5, 0.5), 3, 3)
    tops = heights(counts, channel)
    if tops.any():
        color = QColor(channel_color(widget, channel))
        color.setAlphaF(0.28 if is_dark(widget) else 0.22)
        area = QPainterPath(field.bottomLeft())
        for level, top in enumerate(tops):
            x = field.left() + field.width() * level / 255
            area.lineTo(x, field.bottom() - float(top) * (field.height() - 4))
        area.lineTo(field.bottomRight())
        painter.fillPath(area, color)


def draw_quarters(painter: QPainter, widget: QWidget, field: QRectF, *, across: bool) -> None:
    """Thin lines at the quarters, upright and, if wanted, level ones."""
    line = QColor(widget.palette().color(QPalette.ColorRole.Mid))
    painter.setPen(QPen(line, 1, Qt.PenStyle.DotLine))
    for share in QUARTERS:
        x = round(field.left() + share * field.width()) + 0.5
        painter.drawLine(QPointF(x, field.top() + 1), QPointF(x, field.bottom() - 1))
        if across:
            y = round(field.top() + share * field.height()) + 0.5
            painter.drawLine(QPointF(field.left() + 1, y), QPointF(field.right() - 1, y))
