"""Models in the window: what is said of them, downloads, checks, removal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from studio.host.models import ModelStatus
from studio.qt.dialogs.models import ModelsDialog
from studio.qt.forms.model_control import ModelControl
from studio.qt.main_window import MainWindow


@pytest.fixture
def control(qtbot: QtBot, window: MainWindow) -> ModelControl:
    """The model chooser of a form, with the states known."""
    window.tools.choose_id("tiny.many")
    page = window.tools.page
    assert page is not None
    found = page.form.controls["model"]
    assert isinstance(found, ModelControl)
    qtbot.waitUntil(lambda: window.workspace.models.status("tiny-net") is not None)
    return found


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow, control: ModelControl) -> ModelsDialog:
    """The models dialog, shown."""
    made = ModelsDialog(window, window.workspace.models, window.workspace.theme)
    made.show()
    return made


def test_the_chooser_says_what_would_be_downloaded_and_does_it(
    qtbot: QtBot, window: MainWindow, control: ModelControl
) -> None:
    assert control.box.itemText(0) == "Default (none)"
    control.set_value("tiny-net")
    assert control.value() == "tiny-net"
    assert "Will be downloaded" in control.state.text()
    with qtbot.waitSignal(window.workspace.models.fetched):
        control.download.click()
    qtbot.waitUntil(lambda: "ready" in control.state.text())
    assert control.download.isHidden()
    assert window.services.store.locate("tiny-net") is not None
    assert control.value() == "tiny-net"


def test_an_unknown_remembered_model_becomes_the_default(control: ModelControl) -> None:
    control.set_value("was-removed")
    assert control.value() is None


def test_a_damaged_model_is_found_and_repaired(
    qtbot: QtBot, window: MainWindow, dialog: ModelsDialog
) -> None:
    models = window.workspace.models
    with qtbot.waitSignal(models.fetched):
        dialog.rows["tiny-net"].download.click()
    located = window.services.store.locate("tiny-net")
    assert located is not None
    located[0].write_bytes(b"x" * located[0].stat().st_size)
    models.refresh()
    qtbot.waitUntil(lambda: models.status("tiny-net") is ModelStatus.CORRUPT)
    assert not dialog.rows["tiny-net"].repair.isHidden()
    with qtbot.waitSignal(models.verified):
        dialog.check.click()
    assert models.status("tiny-net") is ModelStatus.CACHED
    assert dialog.check.isEnabled()
    assert "complete" in dialog.message.text()


def test_a_source_that_is_gone_is_explained(
    qtbot: QtBot, window: MainWindow, dialog: ModelsDialog, plugins: Path
) -> None:
    (plugins / "tiny" / "net.safetensors").unlink()
    with qtbot.waitSignal(window.workspace.models.failed):
        dialog.rows["tiny-net"].download.click()
    assert dialog.message.property("role") == "error"
    assert not dialog.rows["tiny-net"].download.isHidden()


def test_an_imported_model_can_be_removed(
    qtbot: QtBot,
    window: MainWindow,
    dialog: ModelsDialog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "mine.safetensors"
    safetensors.numpy.save_file({"weight": np.ones((2, 2), np.float32)}, path)
    models = window.workspace.models
    with qtbot.waitSignal(models.imported) as told:
        models.import_file(path)
    card = told.args[0]
    assert "Imported" in dialog.message.text()
    row = dialog.rows[card.id]
    assert not row.remove.isHidden()
    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *_args: yes)
    row.remove.click()
    qtbot.waitUntil(lambda: card.id not in dialog.rows)


def test_the_search_narrows_the_list(dialog: ModelsDialog) -> None:
    dialog.search.setText("tiny")
    assert [row.card.id for row in dialog.rows.values() if not row.isHidden()] == ["tiny-net"]
