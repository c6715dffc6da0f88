"""Pix2Pix while drawing: a real small network colors the doodle beside the canvas, stroke by stroke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.document import Array, Document, Layer, Picture, Raster, composite
from studio.document.layer_edits import add_node
from studio.nn.generators import UnetGenerator
from studio.qt.live_area import LiveArea
from studio.qt.main_window import MainWindow
from studio.qt.panels.live_pane import LivePane
from studio.qt.panels.operation_page import OperationPage
from studio.qt.session import Source

SIDE = 160
BOX = ((40, 40), (120, 40), (120, 120), (40, 120), (40, 40))
Stroke = Callable[[Sequence[tuple[int, int]]], None]
Settle = Callable[[], Array]


@pytest.fixture
def model(window: MainWindow, tmp_path: Path) -> str:
    """The id of a seeded U-Net that the user brought along."""
    torch.manual_seed(1)
    network = UnetGenerator(downs=5, width=4, widest=16, norm="instance")
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            torch.nn.init.normal_(module.weight, std=1.4 / module.weight[0].numel() ** 0.5)
    path = tmp_path / "doodles.pth"
    torch.save(network.state_dict(), path)
    services = window.services
    return services.store.import_file(path, services.registry.loaders()).id


@pytest.fixture
def pane(window: MainWindow) -> LivePane:
    (area,) = (area for area in window.areas if isinstance(area, LiveArea))
    return area.pane


@pytest.fixture
def document(window: MainWindow) -> Document:
    """White paper, and over it the active, transparent layer to draw on."""
    picture = Picture.from_pixels(np.full((SIDE, SIDE, 4), 255, np.uint8))
    picture = add_node(Layer("Doodle", Raster(np.dtype(np.uint8))))(picture)
    window.session.show(picture, Source(), 64, saved=True)
    window.canvas.actual_size()
    window.toolbox.choose("brush")
    values = window.toolbox.current.values  # type: ignore[attr-defined]  # of a brush
    values.set("size", 4.0)
    values.set("smoothing", 0.0)
    found = window.session.document
    assert found is not None
    return found


@pytest.fixture
def stroke(window: MainWindow) -> Stroke:
    """Draws through points of the picture with the mouse."""
    canvas = window.canvas

    def draw(points: Sequence[tuple[int, int]]) -> None:
        places = [canvas.from_image(QPointF(*point)).toPoint() for point in points]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas, place)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])

    return draw


@pytest.fixture
def page(window: MainWindow, document: Document, model: str) -> OperationPage:
    """The form, with the model and what it is to see."""
    window.tools.choose_id("pix2pix.translate")
    found = window.tools.page
    assert found is not None
    found.form.set_values({"model": model, "preparation": "lines"})
    return found


@pytest.fixture
def settle(qtbot: QtBot, window: MainWindow, pane: LivePane) -> Settle:
    """Waits until the pane is up to date; its pixels, RGBA."""
    (area,) = (area for area in window.areas if isinstance(area, LiveArea))

    def wait() -> Array:
        qtbot.waitUntil(lambda: area.live.settled and area.live.shown, timeout=30_000)
        image = pane.view.image.convertToFormat(QImage.Format.Format_RGBA8888)
        return np.array(image.constBits()).reshape(SIDE, SIDE, 4)

    return wait


def test_a_doodle_is_colored_while_it_is_drawn(
    qtbot: QtBot, page: OperationPage, document: Document, stroke: Stroke, settle: Settle
) -> None:
    assert (settle()[..., 3] == 0).all(), "there is nothing to color yet"
    stroke(BOX)
    boxed = settle()
    assert (boxed[40, 60] == (0, 0, 0, 255)).all(), "the line is the user's own"
    inside = boxed[60:100, 60:100, :3].reshape(-1, 3)
    assert np.ptp(inside, axis=0).max() <= 1, "a closed area has one color"
    assert inside[0].min() < 250
    stroke(((42, 80), (118, 80)))
    split = settle()
    assert not np.array_equal(split, boxed)
    upper, lower = split[60, 80, :3], split[100, 80, :3]
    assert (upper != lower).any(), "two areas have a color each"
    document.undo()
    assert np.array_equal(settle(), boxed)


def test_kept_it_is_a_layer_beneath_the_doodle_and_drawing_goes_on(
    qtbot: QtBot,
    page: OperationPage,
    document: Document,
    stroke: Stroke,
    settle: Settle,
    pane: LivePane,
) -> None:
    stroke(BOX)
    shown = settle()
    doodle = document.picture.active_layer.raster.read(document.picture.bounds)
    pane.keep_button.click()
    qtbot.waitUntil(lambda: len(document.picture.layers) == 3, timeout=30_000)
    assert [layer.name for layer in document.picture.layers][1:] == ["doodles", "Doodle"]
    kept = document.picture.active_layer.raster.read(document.picture.bounds)
    assert np.array_equal(kept, doodle)
    between = doodle[..., 3] == 0
    assert np.abs(composite(document.picture).astype(int) - shown)[between].max() <= 2
    stroke(((42, 80), (118, 80)))
    assert not np.array_equal(settle(), shown)
    document.undo()
    document.undo()
    document.undo()
    assert document.picture.active_layer.raster.blank


def test_applied_it_is_one_step_and_the_doodle_is_kept(
    qtbot: QtBot, page: OperationPage, document: Document, stroke: Stroke, settle: Settle
) -> None:
    stroke(BOX)
    settle()
    page.run_button.click()
    qtbot.waitUntil(lambda: len(document.history.steps) == 2, timeout=30_000)
    assert [layer.name for layer in document.picture.layers][1:] == ["Doodle", "doodles"]
    record = document.history.steps[-1].record
    assert record is not None
    assert record["operation"] == "pix2pix.translate"
    assert record["parameters"]["preparation"] == "lines"
