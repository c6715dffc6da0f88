"""A widget whose content is zoomed and panned with wheel, mouse, touchpad, fingers and keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget
from typing_extensions import override

from studio.document import Rect
from studio.qt.canvas.viewport import KEPT, Viewport, ViewState

FIT_MARGIN = 16
NOTCH = 120
ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class NavigableView(QWidget):
    """Owns the viewport and everything that moves it; subclasses paint.

    Zoom 1 is one picture pixel per device pixel. Positions given to methods are logical widget
    coordinates, as in Qt's events.
    """

    zoom_changed = Signal(float)

    viewport_changed = Signal()
    """Another part of the picture may be in view, or another size of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self.inset = 0
        self._told_zoom = self.viewport.zoom
        self._dragged_from: QPointF | None = None
        self._space = False
        self._pinched: object = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setMinimumSize(64, 64)

    @property
    def ratio(self) -> float:
        """Device pixels per logical pixel of the screen the widget is on."""
        return self.devicePixelRatioF()

    @property
    def zoom(self) -> float:
        """Device pixels per picture pixel."""
        return self.viewport.zoom

    @zoom.setter
    def zoom(self, value: float) -> None:
        self.zoom_to(value)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zoom such that the picture's point at ``anchor`` (default: the middle) stays put."""
        at = None if anchor is None else self.to_device(anchor).toTuple()
        self.viewport.zoom_to(zoom, at)
        self.moved()

    def zoom_in(self, anchor: QPointF | None = None) -> None:
        """To the next larger rung of the ladder."""
        self.zoom_to(self.viewport.step(1), anchor)

    def zoom_out(self, anchor: QPointF | None = None) -> None:
        """To the next smaller rung of the ladder."""
        self.zoom_to(self.viewport.step(-1), anchor)

    def fit(self) -> None:
        """Show the whole picture as large as possible, until the user zooms or pans."""
        self.viewport.fit()
        self.moved()

    def actual_size(self, anchor: QPointF | None = None) -> None:
        """100 %: one picture pixel per device pixel."""
        self.zoom_to(1.0, anchor)

    def show_area(self, area: QRectF) -> None:
        """Zoom such that ``area`` of the picture fills the view, and put it in the middle."""
        self.viewport.show_area(area.x(), area.y(), area.width(), area.height())
        self.moved()

    def look_at(self, state: ViewState) -> None:
        """Show what was in view when ``viewport.state`` was taken."""
        self.viewport.state = state
        self.moved()

    @property
    def fitted(self) -> bool:
        """Whether the picture follows the size of the widget."""
        return self.viewport.fit_limit is not None

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels, as far as some of it stays in view."""
        self.viewport.pan(dx * self.ratio, dy * self.ratio)
        self.moved()

    def visible_region(self) -> Rect:
        """The whole canvas pixels in view, clipped to the canvas."""
        return self.viewport.visible()

    def to_device(self, point: QPointF) -> QPointF:
        """Logical widget coordinates to device pixels of the view."""
        return point * self.ratio - QPointF(self.inset, self.inset)

    def to_image(self, point: QPointF) -> QPointF:
        """Logical widget coordinates to picture coordinates, where pixel (0, 0) spans 0 to 1."""
        return QPointF(*self.viewport.to_image(*self.to_device(point).toTuple()))

    def from_image(self, point: QPointF) -> QPointF:
        """Picture coordinates to logical widget coordinates."""
        x, y = self.viewport.from_image(point.x(), point.y())
        return QPointF(x + self.inset, y + self.inset) / self.ratio

    def image_to_view(self, x: float, y: float) -> QPointF:
        """Picture coordinates to device pixels of the view, in which overlays are painted."""
        return QPointF(*self.viewport.from_image(x, y))

    def to_widget_rect(self, area: Rect) -> QRect:
        """The logical rectangle to repaint when ``area`` of the picture changed."""
        corner = self.from_image(QPointF(area.x, area.y))
        opposite = self.from_image(QPointF(area.right, area.bottom))
        # Two more device pixels on every side: smooth sampling reaches over the edge.
        reach = 2 / self.ratio + 2 * max(self.zoom, 1) / self.ratio
        left, top = int(corner.x() - reach) - 1, int(corner.y() - reach) - 1
        right, bottom = int(opposite.x() + reach) + 2, int(opposite.y() + reach) + 2
        return QRect(left, top, right - left, bottom - top)

    def set_inset(self, inset: int) -> None:
        """Keep ``inset`` device pixels at the left and the top free of the picture."""
        self.inset = inset
        self._measure()

    def moved(self) -> None:
        """Called after every change of the viewport."""
        self.update()
        self.viewport_changed.emit()
        if self.viewport.zoom != self._told_zoom:
            self._told_zoom = self.viewport.zoom
            self.zoom_changed.emit(self.viewport.zoom)

    def _measure(self) -> None:
        ratio = self.ratio
        self.viewport.margin, self.viewport.kept = round(FIT_MARGIN * ratio), round(KEPT * ratio)
        self.viewport.resize(
            round(self.width() * ratio) - self.inset, round(self.height() * ratio) - self.inset
        )
        self.moved()

    # Events

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()
        super().resizeEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._measure()
        elif isinstance(event, QNativeGestureEvent):
            return self._native_gesture(event)
        elif isinstance(event, QGestureEvent):
            gesture = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(gesture, QPinchGesture):
                self._pinch(gesture)
                return True
        return super().event(event)

    def _native_gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.zoom * max(1 + event.value(), 0.1), event.position())
        elif event.gestureType() == Qt.NativeGestureType.SmartZoomNativeGesture:
            if self.fitted:
                self.actual_size(event.position())
            else:
                self.fit()
        else:
            return super().event(event)
        return True

    def _pinch(self, gesture: QPinchGesture) -> None:
        if gesture.state() != Qt.GestureState.GestureUpdated:
            self._pinched = None
            return
        # Qt 6.11 reports each movement of the fingers twice, with the same factor.
        update = (gesture.scaleFactor(), gesture.centerPoint().toTuple())
        if update == self._pinched:
            return
        self._pinched = update
        moved = gesture.centerPoint() - gesture.lastCenterPoint()
        self.pan(moved.x(), moved.y())
        middle = self.mapFromGlobal(gesture.centerPoint())
        self.zoom_to(self.zoom * gesture.scaleFactor(), middle)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, angle = event.pixelDelta(), event.angleDelta()
        zooming = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        touchpad = event.pointingDevice().type() == QInputDevice.DeviceType.TouchPad
        fluent = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if (touchpad or fluent) and not zooming:
            delta = QPoint(angle.x() // 2, angle.y() // 2) if pixels.isNull() else pixels
            self.pan(delta.x(), delta.y())
        elif angle.y() and angle.y() % NOTCH == 0:
            self.zoom_to(self.viewport.step(angle.y() // NOTCH), event.position())
        elif angle.y():
            self.zoom_to(self.zoom * 2 ** (angle.y() / (2 * NOTCH)), event.position())
        elif angle.x():
            self.pan(angle.x() / 2, 0)
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._dragged_from = event.position()
            self.refresh_cursor()
            event.accept()
        else:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            delta = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self.pan(delta.x(), delta.y())
        else:
            super().mouseMoveEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            self._dragged_from = None
            self.refresh_cursor()
        else:
            super().mouseReleaseEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self._space = True
            self.refresh_cursor()
        elif key in ARROWS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            far = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
            dx, dy = (side * (200 if far else 40) for side in ARROWS[key])
            self.pan(dx, dy)
        else:
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._space = False
            self.refresh_cursor()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        self.refresh_cursor()
        super().focusOutEvent(event)

    @property
    def panning(self) -> bool:
        """Whether the pointer moves the picture or would if pressed."""
        return self._space or self._dragged_from is not None

    def refresh_cursor(self) -> None:
        """Choose the pointer's shape."""
        if self._dragged_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()
