"""The reference pictures that are chosen, one row each."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from studio.qt.forms.thumbnail_grid import draw_thumbnail
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, ElidedLabel, WheelGuard, icon_button, label

SIDE = 40


class Thumbnail(QWidget):
    """A small rounded picture."""

    def __init__(self, theme: Theme, side: int = SIDE) -> None:
        super().__init__()
        self._theme = theme
        self.pixmap: QPixmap | None = None
        self.setFixedSize(QSize(side, side))

    def show_pixmap(self, pixmap: QPixmap | None) -> None:
        """Show a picture, or an empty field."""
        self.pixmap = pixmap
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        draw_thumbnail(painter, frame, self.pixmap, self._theme)
        painter.end()


class ChosenRow(QFrame):
    """One chosen picture: thumbnail, name, weight, and a button that takes it away.

    Signals:
        weighed: the user moved the slider; its share of the largest weight in (0, 1].
        removed: the button was pressed.
    """

    weighed = Signal(float)
    removed = Signal()

    def __init__(self, source: str, title: str, theme: Theme, guard: WheelGuard) -> None:
        super().__init__()
        self.source = source
        self.setProperty("role", "card")
        self.thumbnail = Thumbnail(theme)
        name = ElidedLabel(title, Qt.TextElideMode.ElideMiddle)
        self.problem = label(tr("Not found"), "error")
        self.problem.hide()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, 100)
        self.slider.setAccessibleName(tr("Weight of {name}", name=title))
        guard.guard(self.slider)
        self.percent = label("", "muted")
        self.percent.setFixedWidth(38)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.remove = icon_button(theme, "close", tr("Do not use {name}", name=title), "muted")
        self.remove.clicked.connect(self.removed)
        self.weight = QWidget()
        below = QHBoxLayout(self.weight)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.slider, 1)
        below.addWidget(self.percent)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(name)
        middle.addWidget(self.problem)
        middle.addWidget(self.weight)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 4, 6)
        row.setSpacing(GAP)
        row.addWidget(self.thumbnail)
        row.addLayout(middle, 1)
        row.addWidget(self.remove)
        self.slider.valueChanged.connect(self._on_slid)

    def show_weight(self, share: float, *, alone: bool) -> None:
        """Show its share of the largest weight; alone, a picture has none."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(max(round(share * 100), 1))
        self.percent.setText(f"{self.slider.value()} %")
        self.weight.setVisible(not alone)

    def show_missing(self, missing: bool) -> None:
        """Say that there is no such picture."""
        self.problem.setVisible(missing)

    def _on_slid(self, value: int) -> None:
        self.percent.setText(f"{value} %")
        self.weighed.emit(value / 100)
