"""The navigator moves the canvas and follows it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from studio.document import Picture
from studio.qt.panels.navigator import NavigatorPanel


@pytest.fixture
def navigator(qtbot: QtBot, place, theme) -> NavigatorPanel:
    made = NavigatorPanel(place.session, place.canvas, theme)
    qtbot.addWidget(made)
    made.resize(240, 220)
    made.show()
    qtbot.waitExposed(made)
    return made


def middle(canvas) -> tuple[float, float]:
    """The picture's point in the middle of the view."""
    return canvas.viewport.to_image(canvas.viewport.width / 2, canvas.viewport.height / 2)


def test_the_frame_is_what_the_canvas_shows(place, navigator):
    place.canvas.zoom_to(2.0)
    frame, whole = navigator.overview.frame(), navigator.overview.placed()
    assert frame.width() / whole.width() == pytest.approx(200 / 800, abs=0.02)
    assert frame.height() / whole.height() == pytest.approx(150 / 600, abs=0.02)
    place.canvas.fit()
    assert navigator.overview.frame().toAlignedRect().contains(whole.adjusted(1, 1, -1, -1))


def test_dragging_moves_the_view(qtbot: QtBot, place, navigator):
    place.canvas.zoom_to(2.0)
    overview = navigator.overview
    whole = overview.placed()
    target = whole.topLeft() + QPoint(whole.width() * 3 // 4, whole.height() // 4)
    qtbot.mousePress(overview, Qt.MouseButton.LeftButton, pos=target)
    x, y = middle(place.canvas)
    assert (x, y) == (pytest.approx(600, abs=6), pytest.approx(150, abs=6))
    qtbot.mouseMove(overview, target - QPoint(whole.width() // 4, 0))
    qtbot.mouseRelease(overview, Qt.MouseButton.LeftButton)
    assert middle(place.canvas)[0] == pytest.approx(400, abs=8)


def test_a_frame_that_is_gripped_does_not_jump(qtbot: QtBot, place, navigator):
    place.canvas.zoom_to(2.0)
    before = middle(place.canvas)
    grip = (navigator.overview.frame().center() + QPointF(6, 4)).toPoint()
    qtbot.mousePress(navigator.overview, Qt.MouseButton.LeftButton, pos=grip)
    assert middle(place.canvas) == before
    qtbot.mouseRelease(navigator.overview, Qt.MouseButton.LeftButton)


def test_zoom_controls(qtbot: QtBot, place, navigator):
    navigator.field.setValue(200)
    assert place.canvas.zoom == 2.0
    assert navigator.slider.value() == 100
    navigator.slider.setValue(-100)
    assert place.canvas.zoom == 0.5
    assert navigator.field.value() == 50
    navigator.field.stepUp()
    assert place.canvas.zoom == pytest.approx(2 / 3)
    navigator.actual.click()
    assert place.canvas.zoom == 1.0
    navigator.fit.click()
    assert place.canvas.fitted
    place.canvas.zoom_to(4.0)
    assert (navigator.field.value(), navigator.slider.value()) == (400, 200)


def test_keys_pan(qtbot: QtBot, place, navigator):
    place.canvas.zoom_to(2.0)
    before = middle(place.canvas)[0]
    qtbot.keyClick(navigator.overview, Qt.Key.Key_Right)
    assert middle(place.canvas)[0] == pytest.approx(before + 20)


def test_edits_show_and_no_picture_shows_nothing(qtbot: QtBot, place, navigator):
    def seen() -> int:
        image = navigator.overview.grab().toImage()
        spot = navigator.overview.placed().topLeft() + QPoint(5, 5)
        return image.pixelColor(spot * image.devicePixelRatio()).green()

    assert seen() == 0
    layer = place.document.picture.active_layer
    white = layer.raster.write(0, 0, np.full((600, 800, 4), 255, np.uint8))
    place.document.apply("White", lambda p: p.with_layer(layer.replaced(raster=white)))
    qtbot.waitUntil(lambda: seen() == 255)
    place.open(Picture.from_pixels(np.zeros((10, 900, 4), np.uint8)))
    assert navigator.overview.placed().width() > 20 * navigator.overview.placed().height()
    place.canvas.set_document(None)
    while place.session.document is not None:
        place.session.close()
    assert navigator.overview.placed().isEmpty()
    assert not navigator.slider.isEnabled()
    navigator.overview.grab()
