"""The history panel: steps, thumbnails and snapshots."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from studio.document import Picture, Raster
from studio.document import layer_edits as core
from studio.qt.panels.history import HistoryPanel
from studio.qt.panels.states import Role


@pytest.fixture
def panel(qtbot: QtBot, place, theme) -> HistoryPanel:
    made = HistoryPanel(place.session, theme, place.background)
    qtbot.addWidget(made)
    made.resize(260, 400)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close_document()


def fill(place, value: int) -> None:
    raster = Raster.from_array(np.full((600, 800, 4), value, np.uint8))
    place.document.apply(
        f"Fill {value}", core.change_node(place.document.picture.active, raster=raster)
    )


def titles(panel) -> list[str]:
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def undone(panel) -> list[bool]:
    return [panel.model.index(row).data(Role.UNDONE) for row in range(panel.model.rowCount())]


def test_a_click_goes_to_a_step(place, panel):
    for value in (250, 251, 252):
        fill(place, value)
    assert titles(panel) == ["New picture", "Fill 250", "Fill 251", "Fill 252"]
    panel.list.clicked.emit(panel.model.index(1))
    assert place.document.history.position == 1
    assert undone(panel) == [False, False, True, True]
    assert panel.list.currentIndex().row() == 1
    panel.list.activated.emit(panel.model.index(3))
    assert undone(panel) == [False] * 4
    place.document.undo()
    fill(place, 249)
    assert titles(panel)[-1] == "Fill 249"
    assert panel.memory.text().startswith("3 steps, ")


def test_thumbnails_show_each_step(qtbot: QtBot, place, panel):
    fill(place, 255)
    fill(place, 128)
    wanted = [panel.model.index(row) for row in range(3)]
    for index in wanted:
        index.data(Role.PIXMAP)
    qtbot.waitUntil(lambda: all(i.data(Role.PIXMAP) for i in wanted), timeout=20_000)
    greens = [i.data(Role.PIXMAP).toImage().pixelColor(9, 9).green() for i in wanted]
    assert greens == [0, 255, 128]
    assert max(wanted[0].data(Role.PIXMAP).size().toTuple()) < 200


def test_thumbnails_go_with_their_steps(qtbot: QtBot, place, panel):
    for value in range(1, 6):
        fill(place, value)
        panel.model.index(value).data(Role.PIXMAP)
    qtbot.waitUntil(lambda: not panel.thumbnails.busy, timeout=20_000)
    assert len(panel.thumbnails) >= 5
    place.document.go_to(0)
    fill(place, 99)
    assert len(panel.thumbnails) <= 2


def test_choosing_a_layer_makes_no_new_thumbnail(qtbot: QtBot, place, panel):
    place.document.apply("Group", core.group((place.document.picture.active,), "g"))
    index = panel.model.index(1)
    index.data(Role.PIXMAP)
    qtbot.waitUntil(lambda: index.data(Role.PIXMAP) is not None, timeout=20_000)
    inner = place.document.picture.layers[0].id
    place.document.view_change(core.set_active(inner))
    assert panel.model.index(1).data(Role.PIXMAP) is not None


def test_the_record_of_a_result_is_told(place, panel):
    record = {"operation": "tiny.invert", "seed": 7, "parameters": {"strength": 0.5}}
    place.document.apply(
        "Invert", core.change_node(place.document.picture.active, name="x"), record
    )
    index = panel.model.index(1)
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "tiny.invert" in tip
    assert '{"strength": 0.5}' in tip
    assert "seed: 7" in tip
    assert index.data(Role.ICON) == "operation"


def test_snapshots_are_taken_named_restored_and_deleted(qtbot: QtBot, place, panel):
    snapshots = panel.snapshots
    fill(place, 255)
    snapshots.take_button.click()
    editor = snapshots.list.viewport().findChild(QLineEdit)
    assert editor.text() == "Snapshot 1"
    editor.setText("White")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: place.document.snapshots[0].name == "White")
    fill(place, 1)
    snapshots.list.setCurrentIndex(snapshots.model.index(0))
    snapshots.restore_button.click()
    assert place.document.picture is place.document.snapshots[0].picture
    assert titles(panel)[-1] == "Restore “White”"
    place.document.undo()
    assert place.document.picture.active_layer.raster.read(place.document.picture.bounds).max() == 1
    snapshots.list.setFocus()
    qtbot.keyClick(snapshots.list, Qt.Key.Key_Delete)
    assert place.document.snapshots == ()
    assert not snapshots.list.isVisible()
    assert not snapshots.delete_button.isVisible()


def test_another_document_has_its_own_steps_and_snapshots(place, panel):
    fill(place, 5)
    panel.snapshots.take("Mine")
    place.open(Picture.from_pixels(np.zeros((4, 4, 4), np.uint8)))
    assert titles(panel) == ["New picture"]
    assert panel.snapshots.model.rowCount() == 0
    while place.session.document is not None:
        place.canvas.set_document(None)
        place.session.close()
    assert titles(panel) == []
    assert not panel.snapshots.isVisible()


def test_a_stroke_that_goes_on_is_no_step_yet(place, panel, monkeypatch):
    fill(place, 5)
    monkeypatch.setattr(panel.model, "show_states", lambda _: 1 / 0)
    stroke = place.document.begin("Brush")
    stroke.update(core.change_node(place.document.picture.active, opacity=0.5))
    monkeypatch.undo()
    assert titles(panel) == ["New picture", "Fill 5"]
    stroke.commit()
    assert titles(panel) == ["New picture", "Fill 5", "Brush"]
