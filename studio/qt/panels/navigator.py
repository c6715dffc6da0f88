"""The navigator: the whole picture, the part in view to be dragged, and the zoom."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget
from typing_extensions import override

from studio.qt.canvas import CanvasView
from studio.qt.canvas.viewport import MAXIMUM_ZOOM, MINIMUM_ZOOM
from studio.qt.i18n import tr
from studio.qt.panels.checkerboard import fitted, paint_checkerboard
from studio.qt.session import Session
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button

FOLLOW_MS = 60
OCTAVE = 100
"""Steps of the slider per doubling of the zoom."""

ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Overview(QWidget):
    """The picture in small with a frame around what the canvas shows.

    It draws what the canvas has ready anyway, so that it costs next to nothing. Dragging moves the
    view, the wheel zooms, a double click fits, the arrow keys pan.
    """

    def __init__(self, session: Session, canvas: CanvasView, theme: Theme) -> None:
        super().__init__()
        self._session, self._canvas, self._theme = session, canvas, theme
        self._grip: QPointF | None = None
        self.setAccessibleName(tr("Overview of the picture"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 80)

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    def placed(self) -> QRect:
        """Where the picture lies in the widget; empty without one."""
        document = self._session.document
        if document is None:
            return QRect()
        size = QSize(document.picture.width, document.picture.height)
        return fitted(size, self.rect().adjusted(6, 6, -6, -6))

    def frame(self) -> QRectF:
        """Where the part in view lies in the widget, clipped to the picture."""
        place, document = self.placed(), self._session.document
        if document is None:
            return QRectF()
        viewport = self._canvas.viewport
        left, top = viewport.to_image(0, 0)
        right, bottom = viewport.to_image(viewport.width, viewport.height)
        scale = self._scale()
        seen = QRectF(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
        return seen.translated(place.topLeft()).intersected(QRectF(place))

    def center_on(self, point: QPointF) -> None:
        """Move the view such that its middle shows what is at ``point`` of this widget."""
        canvas, scale = self._canvas, self._scale()
        if scale <= 0:
            return
        target = (point - QPointF(self.placed().topLeft())) / scale
        viewport = canvas.viewport
        x, y = viewport.from_image(target.x(), target.y())
        canvas.pan(
            (viewport.width / 2 - x) / canvas.ratio, (viewport.height / 2 - y) / canvas.ratio
        )

    def _scale(self) -> float:
        document = self._session.document
        return 0.0 if document is None else self.placed().width() / document.picture.width

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        place, display = self.placed(), self._canvas.scene.display
        if display is not None and not place.isEmpty():
            level = display.level_for(self._scale() * self.devicePixelRatioF())
            image = display.images[max(level, display.preview_level)]
            paint_checkerboard(painter, place)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, image)
            self._paint_frame(painter, QRectF(place))
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)
        painter.end()

    def _paint_frame(self, painter: QPainter, place: QRectF) -> None:
        frame = self.frame()
        if frame.isEmpty() or frame.contains(place):
            return
        around = QPainterPath()
        around.addRect(place)
        around.addRect(frame)
        painter.fillPath(around, QColor(0, 0, 0, 110))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Dark around light: seen on every picture.
        for color, width in ((QColor(0, 0, 0, 160), 3.5), (QColor("#ffffff"), 1.5)):
            pen = QPen(color, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._session.document is None:
            return
        frame = self.frame()
        inside = frame.contains(event.position())
        self._grip = event.position() - frame.center() if inside else QPointF()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if not inside:
            self.center_on(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.center_on(event.position() - self._grip)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.unsetCursor()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._canvas.fit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            steps = 1 if event.angleDelta().y() > 0 else -1
            self._canvas.zoom_to(self._canvas.viewport.step(steps))
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ARROWS.get(Qt.Key(event.key()))
        if arrow is None:
            super().keyPressEvent(event)
        else:
            self._canvas.pan(40 * arrow[0], 40 * arrow[1])


class ZoomField(QDoubleSpinBox):
    """The zoom in percent; its arrows go along the canvas's ladder of zooms."""

    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setRange(MINIMUM_ZOOM * 100, MAXIMUM_ZOOM * 100)
        self.setDecimals(0)
        self.setSuffix(" %")
        self.setFixedWidth(84)
        self.setKeyboardTracking(False)
        self.setAccessibleName(tr("Zoom in percent"))

    @override
    def stepBy(self, steps: int) -> None:
        self.stepped.emit(steps)


class NavigatorPanel(QWidget):
    """The overview with the zoom's slider, field and buttons under it."""

    def __init__(self, session: Session, canvas: CanvasView, theme: Theme) -> None:
        super().__init__()
        self._session, self._canvas = session, canvas
        self.overview = Overview(session, canvas, theme)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(
            round(math.log2(MINIMUM_ZOOM) * OCTAVE), round(math.log2(MAXIMUM_ZOOM) * OCTAVE)
        )
        self.slider.setPageStep(OCTAVE)
        self.slider.setSingleStep(OCTAVE // 4)
        self.slider.setAccessibleName(tr("Zoom"))
        self.slider.setMinimumWidth(60)
        self.field = ZoomField()
        self.fit = icon_button(theme, "fit", tr("Fit in the window (Ctrl+0)"), "muted")
        self.actual = icon_button(theme, "actual-size", tr("Actual size, 100 % (Ctrl+1)"), "muted")
        self._follow = QTimer(self)
        self._follow.setSingleShot(True)
        self._follow.setInterval(FOLLOW_MS)
        self._lay_out()
        self.slider.valueChanged.connect(lambda value: canvas.zoom_to(2 ** (value / OCTAVE)))
        self.field.valueChanged.connect(lambda percent: canvas.zoom_to(percent / 100))
        self.field.stepped.connect(lambda steps: canvas.zoom_to(canvas.viewport.step(steps)))
        self.fit.clicked.connect(canvas.fit)
        self.actual.clicked.connect(lambda _checked: canvas.actual_size())
        self._follow.timeout.connect(self._show_picture)
        session.replaced.connect(self._show_view)
        session.changed.connect(self._picture_changed)
        canvas.viewport_changed.connect(self._show_view)
        self._show_view()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.slider, 1)
        for widget in (self.field, self.fit, self.actual):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.overview, 1)
        column.addLayout(row)

    def _show_view(self) -> None:
        """Show what the canvas shows."""
        for control in (self.slider, self.field, self.fit, self.actual):
            control.setEnabled(self._session.document is not None)
        zoom = self._canvas.zoom
        for control in (self.slider, self.field):
            control.blockSignals(True)
        self.slider.setValue(round(math.log2(zoom) * OCTAVE))
        self.field.setDecimals(0 if zoom >= 0.1 else 1)
        self.field.setValue(zoom * 100)
        for control in (self.slider, self.field):
            control.blockSignals(False)
        self.overview.update()

    def _picture_changed(self) -> None:
        if not self._follow.isActive():
            self._follow.start()

    def _show_picture(self) -> None:
        self.overview.update()
        if self._canvas.scene.building:
            self._follow.start()
