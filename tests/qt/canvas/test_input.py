from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.document import Document, Picture, Rect
from studio.document.edits import paint

NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(open_view, noise):
    return open_view(noise(1000, 800), 400, 300)


@pytest.fixture(scope="module")
def touchpad(qapp):
    return QPointingDevice(
        "touchpad",
        7,
        QInputDevice.DeviceType.TouchPad,
        QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.PixelScroll,
        2,
        0,
    )


@pytest.fixture(scope="module")
def screen(qapp):
    return QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)


def wheel(view, at, angle=(0, 0), pixels=(0, 0), modifiers=NONE, device=None):
    event = QWheelEvent(
        QPointF(at),
        view.mapToGlobal(QPointF(at)),
        QPoint(*pixels),
        QPoint(*angle),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.ScrollUpdate if device else Qt.ScrollPhase.NoScrollPhase,
        False,
        Qt.MouseEventSource.MouseEventNotSynthesized,
        device or QPointingDevice.primaryPointingDevice(),
    )
    QGuiApplication.sendEvent(view, event)
    assert event.isAccepted()


def near(point, other, within=1.0):
    return (point - other).manhattanLength() <= within


@pytest.mark.parametrize("angle", [120, -120, 360, 40, -15])
def test_the_wheel_zooms_around_the_pointer(view, angle):
    view.actual_size()
    at = QPointF(130, 77)
    before, told = view.to_image(at), []
    view.zoom_changed.connect(told.append)
    wheel(view, at, (0, angle))
    assert (view.zoom > 1) == (angle > 0)
    assert told == [view.zoom]
    assert near(view.from_image(before), at)


def test_a_notch_is_a_rung_of_the_ladder(view):
    view.actual_size()
    zooms = []
    for _ in range(3):
        wheel(view, QPointF(10, 10), (0, 120))
        zooms.append(view.zoom)
    assert zooms == [1.5, 2, 3]


def test_two_fingers_on_a_touchpad_pan_and_with_control_zoom(view, touchpad):
    view.actual_size()
    before = view.from_image(QPointF(0, 0))
    wheel(view, QPointF(50, 50), (0, 60), (12, -30), device=touchpad)
    assert view.zoom == 1
    assert view.from_image(QPointF(0, 0)) - before == QPointF(12, -30)
    wheel(
        view,
        QPointF(50, 50),
        (0, 60),
        (0, 30),
        Qt.KeyboardModifier.ControlModifier,
        touchpad,
    )
    assert view.zoom > 1


def test_pinching_a_touchpad_zooms_around_the_pointer(view, touchpad):
    view.actual_size()
    at = QPointF(90, 60)
    before = view.to_image(at)

    def gesture(kind, value):
        event = QNativeGestureEvent(
            kind, touchpad, 2, at, at, view.mapToGlobal(at), value, QPointF()
        )
        QGuiApplication.sendEvent(view, event)

    gesture(Qt.NativeGestureType.ZoomNativeGesture, 0.5)
    assert view.zoom == 1.5
    assert near(view.from_image(before), at)
    gesture(Qt.NativeGestureType.SmartZoomNativeGesture, 0)
    assert view.fitted
    gesture(Qt.NativeGestureType.SmartZoomNativeGesture, 0)
    assert view.zoom == 1


def test_pinching_a_touch_screen_zooms_around_the_fingers(view, screen, qapp):
    view.actual_size()
    middle = QPoint(200, 150)
    before = view.to_image(QPointF(middle))

    def fingers(step, distance):
        sequence = QTest.touchEvent(view, screen, autoCommit=False)
        for finger, side in ((0, -1), (1, 1)):
            getattr(sequence, step)(finger, middle + QPoint(side * distance, 0), view)
        sequence.commit()
        qapp.processEvents()

    fingers("press", 40)
    for distance in range(45, 125, 5):
        fingers("move", distance)
    fingers("release", 120)
    assert view.zoom == pytest.approx(3)
    assert near(view.from_image(before), QPointF(middle), 3)


@pytest.mark.parametrize("button", [Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton])
def test_dragging_with_the_middle_button_or_space_pans(view, button):
    view.actual_size()
    before = view.from_image(QPointF(0, 0))
    if button == Qt.MouseButton.LeftButton:
        QTest.keyPress(view, Qt.Key.Key_Space)
        assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    QTest.mousePress(view, button, pos=QPoint(100, 100))
    assert view.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    QTest.mouseMove(view, QPoint(130, 90))
    QTest.mouseMove(view, QPoint(150, 80))
    QTest.mouseRelease(view, button, pos=QPoint(150, 80))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.from_image(QPointF(0, 0)) - before == QPointF(50, -20)
    assert view.cursor().shape() == Qt.CursorShape.ArrowCursor
    QTest.mouseMove(view, QPoint(10, 10))
    assert view.from_image(QPointF(0, 0)) - before == QPointF(50, -20)


def test_the_left_button_alone_does_not_pan(view):
    view.actual_size()
    before = view.viewport.origin
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(view, QPoint(150, 80))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert view.viewport.origin == before


def test_arrow_keys_pan_and_other_keys_are_left_to_the_window(view):
    view.actual_size()
    x, y = view.viewport.origin
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.viewport.origin == (x - 40, y + 200)
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_0, Qt.Key.Key_Home):
        QTest.keyClick(view, key)
    assert view.viewport.origin == (x - 40, y + 200)
    assert view.zoom == 1


def test_resizing_keeps_a_fitted_view_fitted_and_another_in_the_middle(view, qapp):
    view.fit()
    view.resize(500, 200)
    assert view.fitted
    assert view.zoom == (200 - 32) / 800
    view.zoom = 2.0
    middle = view.to_image(QPointF(250, 100))
    view.resize(300, 400)
    assert view.zoom == 2
    assert near(view.to_image(QPointF(150, 200)), middle)


def test_the_buttons_of_a_window_zoom_in_out_and_to_a_value(view):
    view.actual_size()
    view.zoom_in()
    assert view.zoom == 1.5
    view.zoom_out()
    view.zoom_out()
    assert view.zoom == pytest.approx(2 / 3)
    view.zoom = 1000
    assert view.zoom == 64
    view.zoom = 0
    assert view.zoom == 1 / 256


def test_the_value_under_the_pointer_has_the_depth_of_the_document(open_view, noise):
    pixels = noise(100, 100, alpha=None, depth=np.uint16)
    document = Document(Picture.from_pixels(pixels))
    view = open_view(document)
    told = []
    view.cursor_moved.connect(told.append)
    at = view.from_image(QPointF(31, 77)).toPoint()
    QTest.mouseMove(view, at)
    assert told == [(31, 77, tuple(int(v) for v in pixels[77, 31]))]
    stroke = noise(2, 2, depth=np.uint16, seed=3)
    document.apply("stroke", paint(document.picture.active, 31, 77, stroke))
    assert told[-1] == (31, 77, tuple(int(v) for v in stroke[0, 0]))
    QTest.mouseMove(view, QPoint(1, 1))
    assert told[-1] is None
    assert len(told) == 3


def test_files_are_dropped_and_other_things_are_not(view, tmp_path):
    dropped = []
    view.files_dropped.connect(dropped.append)

    def drop(*urls: QUrl | str):
        data = QMimeData()
        data.setUrls([QUrl(url) for url in urls])
        enter = QDragEnterEvent(
            QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE
        )
        QApplication.sendEvent(view, enter)
        event = QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE
        )
        if enter.isAccepted():
            QApplication.sendEvent(view, event)
        return enter.isAccepted()

    path = tmp_path / "a photo.png"
    assert drop(QUrl.fromLocalFile(str(path)), "https://example.org/a.png")
    assert dropped == [[str(path)]]
    assert not drop("https://example.org/a.png")
    assert len(dropped) == 1


def test_a_screen_reader_learns_what_is_shown(open_view, noise):
    view = open_view()
    assert view.accessibleName() == "Canvas"
    assert "No picture" in view.accessibleDescription()
    view.set_document(Document(Picture.from_pixels(noise(120, 90))))
    view.zoom_to(2.0)
    assert "120 × 90" in view.accessibleDescription()
    assert "200 %" in view.accessibleDescription()


def test_the_keyboard_focus_is_visible(view, open_view, grab, qapp):
    view.clearFocus()
    plain = grab(view)
    view.activateWindow()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qapp.processEvents()
    framed = grab(view)
    assert not np.array_equal(framed[0], plain[0])
    assert np.array_equal(framed[5:-5, 5:-5], plain[5:-5, 5:-5])
    view.clearFocus()
    assert np.array_equal(grab(view), plain)


def test_visible_region_is_clipped_to_the_canvas(view):
    view.actual_size()
    view.viewport.x = view.viewport.y = 0.0
    view.pan(100, 50)
    assert view.visible_region() == Rect(0, 0, 300, 250)
    view.fit()
    assert view.visible_region() == Rect(0, 0, 1000, 800)
