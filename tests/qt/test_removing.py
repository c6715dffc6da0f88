"""Removing by brush, and growing the selection: a real small network fills what is masked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from studio.document import Array, Document, Layer, Picture, Raster, composite
from studio.document.layer_edits import add_node
from studio.document.regions import change_selection, rectangle
from studio.nn.inpainting import InpaintingNetwork
from studio.qt.main_window import MainWindow
from studio.qt.masking.area import MaskArea
from studio.qt.masking.tool import RemoveTool
from studio.qt.session import Source

SIDE = 160
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Stroke = Callable[[tuple[int, int], tuple[int, int]], None]


def photo() -> Array:
    """A green ground with a red square on it."""
    pixels = np.full((SIDE, SIDE, 4), 255, np.uint8)
    pixels[..., :3] = (60, 140, 80)
    pixels[70:90, 70:90, :3] = (220, 30, 30)
    return pixels


@pytest.fixture
def document(window: MainWindow) -> Document:
    window.session.show(Picture.from_pixels(photo()), Source(), 64, saved=True)
    window.canvas.actual_size()
    assert window.session.document is not None
    return window.session.document


@pytest.fixture
def form(window: MainWindow, document: Document, tmp_path: Path) -> MainWindow:
    """The form of the operation, with a seeded network that the user brought along."""
    torch.manual_seed(4)
    network = InpaintingNetwork(width=12, blocks=1)
    torch.nn.init.normal_(network.last.weight, std=0.01)
    path = tmp_path / "tiny.safetensors"
    save_file(network.state_dict(), path)
    services = window.services
    name = services.store.import_file(path, services.registry.loaders()).id
    window.tools.choose_id("inpainting.fill")
    assert window.tools.page is not None
    window.tools.page.form.set_values({"model": name})
    return window


@pytest.fixture
def area(window: MainWindow) -> MaskArea:
    (found,) = (area for area in window.areas if isinstance(area, MaskArea))
    return found


@pytest.fixture
def tool(form: MainWindow) -> RemoveTool:
    form.toolbox.choose("remove")
    made = form.toolbox.current
    assert isinstance(made, RemoveTool)
    made.values.set("size", 30.0)
    return made


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return (window.canvas.image_to_view(x, y) / window.canvas.ratio).toPoint()


@pytest.fixture
def stroke(form: MainWindow, tool: RemoveTool) -> Stroke:
    def paint(start: tuple[int, int], end: tuple[int, int]) -> None:
        canvas = form.canvas
        QTest.mousePress(canvas, LEFT, NONE, at(form, *start))
        QTest.mouseMove(canvas, at(form, *end))
        QTest.mouseRelease(canvas, LEFT, NONE, at(form, *end))

    return paint


def settle(qtbot: QtBot, area: MaskArea) -> None:
    assert area.removing is not None
    removing = area.removing
    qtbot.waitUntil(lambda: removing.idle, timeout=60_000)


def steps(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


def test_what_is_painted_over_is_gone(qtbot, document, area, tool, stroke):
    before = document.picture
    stroke((75, 80), (86, 80))
    assert len(tool.pending) == 1  # seen while it runs
    mask = tool.pending[0].read(before.bounds)[..., 0]
    assert composite(before).tobytes() == composite(document.picture).tobytes()
    settle(qtbot, area)
    after = composite(document.picture)
    assert np.array_equal(after[mask == 0], photo()[mask == 0])
    full = after[72:88, 72:88, :3].astype(int)
    assert np.abs(full - (60, 140, 80)).max() < 40
    assert steps(document) == ["Remove"]
    assert tool.pending == ()
    assert document.picture.selection is None
    document.undo()
    assert np.array_equal(composite(document.picture), photo())


def test_strokes_wait_for_each_other(qtbot, document, area, tool, stroke):
    stroke((75, 80), (86, 80))
    stroke((30, 30), (40, 30))
    assert len(tool.pending) == 2
    settle(qtbot, area)
    assert steps(document) == ["Remove", "Remove"]


def test_a_selection_limits_it(qtbot, document, area, tool, stroke):
    document.apply("Select", change_selection(rectangle(70, 70, 10, 20, document.picture.bounds)))
    stroke((75, 80), (86, 80))
    settle(qtbot, area)
    after = composite(document.picture)
    assert np.array_equal(after[:, 80:], photo()[:, 80:])
    assert not np.array_equal(after[72:88, 70:80], photo()[72:88, 70:80])


def test_over_several_layers_it_makes_one(qtbot, document, area, tool, stroke):
    document.apply("New layer", add_node(Layer("above", Raster(np.dtype(np.uint8)))))
    stroke((75, 80), (86, 80))
    settle(qtbot, area)
    assert len(document.picture.layers) == 3
    assert np.array_equal(document.picture.layers[0].raster.read(document.picture.bounds), photo())
    seen = composite(document.picture)[72:88, 72:88, :3].astype(int)
    assert np.abs(seen - (60, 140, 80)).max() < 40


def test_it_can_be_given_up_while_it_is_painted(form, document, tool):
    QTest.mousePress(form.canvas, LEFT, NONE, at(form, 80, 80))
    assert tool.busy
    QTest.keyClick(form.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(form.canvas, LEFT, NONE, at(form, 80, 80))
    assert tool.pending == ()
    assert steps(document) == []


def test_what_fails_is_told_and_leaves_nothing(qtbot, window, document, area):
    """Of a model whose file is not here any more."""
    window.tools.choose_id("inpainting.fill")
    assert window.tools.page is not None
    window.tools.page.form.set_values({"engine": "diffusion", "pipeline": "/nowhere"})
    window.toolbox.choose("remove")
    QTest.mousePress(window.canvas, LEFT, NONE, at(window, 80, 80))
    QTest.mouseRelease(window.canvas, LEFT, NONE, at(window, 80, 80))
    settle(qtbot, area)
    assert steps(document) == []
    assert np.array_equal(composite(document.picture), photo())


def test_the_mask_is_shown_before_the_run_and_grows(qtbot, form, document, area):
    document.apply("Select", change_selection(rectangle(70, 70, 20, 20, document.picture.bounds)))
    qtbot.waitUntil(lambda: area.shown is not None, timeout=20_000)
    section = area.sections["inpainting.fill"]
    section.grow.setValue(10)
    section.feather.setValue(0)

    def reach() -> int:
        assert area.shown is not None
        return int((area.shown.read(document.picture.bounds)[80, :, 0] > 0).sum())

    qtbot.waitUntil(lambda: reach() == 40, timeout=20_000)
    shown = area.shown
    assert shown is not None
    mask = shown.read(document.picture.bounds)[..., 0]
    before = composite(document.picture)
    form.tools.request_run()
    qtbot.waitUntil(lambda: form.canvas.overlay is not None, timeout=60_000)
    assert area.shown is None  # the result is what is looked at now
    form.runs.apply()
    changed = (composite(document.picture) != before).any(axis=2)
    assert not changed[mask == 0].any()
    assert changed[62:68, 75:85].any()  # where it grew
    record = document.history.steps[-1].record
    assert record is not None
    assert (record["grow"], record["feather"]) == (10, 0)


def test_the_mask_can_be_hidden(qtbot, form, document, area):
    document.apply("Select", change_selection(rectangle(70, 70, 20, 20, document.picture.bounds)))
    qtbot.waitUntil(lambda: area.shown is not None, timeout=20_000)
    area.sections["inpainting.fill"].shown.setChecked(False)
    assert area.shown is None


def test_the_mask_is_drawn(qtbot, form, document, area):
    form.canvas.fit()
    before = form.canvas.grab().toImage()
    document.apply("Select", change_selection(rectangle(20, 20, 40, 40, document.picture.bounds)))
    qtbot.waitUntil(lambda: area.shown is not None, timeout=20_000)
    after = form.canvas.grab().toImage()
    middle = at(form, 40, 40)
    assert after.pixelColor(middle).red() > before.pixelColor(middle).red() + 50
