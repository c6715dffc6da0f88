"""The histogram panel counts on a thread what its controls say."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.document import Picture, Raster
from studio.document import layer_edits as core
from studio.qt.panels import histogram as module
from studio.qt.panels.histogram import HistogramPanel


def drawn(widget) -> bytes:
    image = widget.grab().toImage()  # kept: the bytes are its own
    return bytes(image.constBits())


@pytest.fixture
def panel(qtbot: QtBot, place, theme) -> HistogramPanel:
    made = HistogramPanel(place.session, place.canvas, theme, place.background)
    qtbot.addWidget(made)
    made.resize(280, 260)
    made.show()
    qtbot.waitExposed(made)
    qtbot.waitUntil(lambda: made.counts is not None, timeout=20_000)
    return made


def test_counts_the_picture_that_is_open(panel):
    assert panel.counts.pixels == 600 * 800
    assert panel.counts.bins[0, 200] == 600 * 400
    assert panel.figures["pixels"].text() == "480,000"
    panel.channel.setCurrentIndex(panel.channel.findData(0))
    assert panel.figures["mean"].text() == "100.0"
    assert panel.figures["deviation"].text() == "100.0"
    assert "100.00% dark" in panel.note.text()


def test_follows_edits_and_the_source(qtbot: QtBot, place, panel):
    mask = Raster.from_array(np.full((10, 20, 1), 255, np.uint8), 500, 0)
    place.document.apply("Select", lambda p: p.replaced(selection=mask))
    panel.source.setCurrentIndex(panel.source.findData("selection"))
    qtbot.waitUntil(lambda: panel.counts.pixels == 200, timeout=20_000)
    assert panel.counts.bins[0, 200] == 200
    place.document.apply("Hide", core.change_node(place.document.picture.active, visible=False))
    qtbot.waitUntil(lambda: panel.counts.pixels == 0, timeout=20_000)
    assert panel.note.text() == "No pixels"
    panel.source.setCurrentIndex(panel.source.findData("layer"))
    qtbot.waitUntil(lambda: panel.counts.pixels == 600 * 800, timeout=20_000)
    place.open(Picture.from_pixels(np.full((5, 6, 4), 65535, np.uint16)))
    qtbot.waitUntil(lambda: panel.counts.pixels == 30, timeout=20_000)


def test_a_hidden_panel_does_not_count(qtbot: QtBot, place, panel, monkeypatch):
    panel.hide()
    place.document.apply("Fade", core.change_node(place.document.picture.active, opacity=0.0))
    assert not panel.busy
    panel.show()
    qtbot.waitUntil(lambda: panel.counts.pixels == 0, timeout=20_000)


def test_a_level_by_keyboard_is_told(qtbot: QtBot, panel):
    plot = panel.plot
    panel.channel.setCurrentIndex(panel.channel.findData(0))
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.level == 0
    assert panel.note.text() == "Level 0: 240,000 pixels, 50.0% up to here"
    assert plot.accessibleDescription() == panel.note.text()
    for _ in range(20):
        qtbot.keyClick(plot, Qt.Key.Key_PageUp)
    assert plot.level == 255


def test_a_logarithm_lifts_what_is_rare(panel, place, qtbot: QtBot):
    layer = place.document.picture.active_layer
    dot = layer.raster.write(0, 0, np.full((1, 9, 4), (77, 0, 0, 255), np.uint8))
    place.document.apply("Dot", lambda p: p.with_layer(layer.replaced(raster=dot)))
    qtbot.waitUntil(lambda: panel.counts.bins[0, 77] == 9, timeout=20_000)
    linear = panel.plot.heights(0)[77]
    panel.scale.click()
    assert panel.plot.heights(0)[77] > 10 * linear
    assert panel.plot.heights(0).max() == 1.0


def test_every_channel_draws_something_else(panel):
    seen = set()
    for index in range(panel.channel.count()):
        panel.channel.setCurrentIndex(index)
        seen.add(drawn(panel.plot))
    assert len(seen) == len(module.CHANNELS)


def test_the_pixel_under_the_pointer_is_marked(place, panel):
    plain = drawn(panel.plot)
    place.canvas.cursor_moved.emit((1, 1, (10, 120, 250, 255)))
    assert drawn(panel.plot) != plain
    place.canvas.cursor_moved.emit(None)
    assert drawn(panel.plot) == plain
