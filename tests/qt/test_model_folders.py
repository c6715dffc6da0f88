"""Models that may be folders or files of the user's own: typed, chosen, dropped on the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.qt.forms.path_model_control import PathModelControl
from studio.qt.main_window import MainWindow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that says of itself that it is a model."""
    found = tmp_path / "my model"
    found.mkdir()
    (found / "model_index.json").write_text("{}")
    return found


def control_of(window: MainWindow) -> PathModelControl:
    page = window.tools.page
    assert page is not None
    found = page.form.controls["model"]
    assert isinstance(found, PathModelControl)
    return found


def test_a_folder_that_is_a_model_is_chosen_when_it_is_dropped(
    window: MainWindow, folder: Path
) -> None:
    window.files.drop([str(folder)])
    page = window.tools.page
    assert page is not None
    assert page.operation.id == "sampling.diffusers"
    assert control_of(window).value() == str(folder)
    assert control_of(window).state.text() == "On this computer"
    assert page.form.values()["model"] == str(folder)
    assert window.session.document is None


def test_the_operation_that_is_shown_keeps_it(window: MainWindow, folder: Path) -> None:
    window.tools.choose_id("sampling.diffusers-redraw")
    window.files.drop([str(folder)])
    assert window.tools.page is not None
    assert window.tools.page.operation.id == "sampling.diffusers-redraw"
    assert control_of(window).value() == str(folder)


def test_a_path_is_typed_and_stays(window: MainWindow, folder: Path) -> None:
    window.tools.choose_id("sampling.diffusers")
    control = control_of(window)
    assert control.value() is None
    control.box.setEditText("somebody/model")
    assert control.value() == "somebody/model"
    assert control.download.isHidden()
    assert control.state.text() == ""
    window.workspace.models.changed.emit()
    assert control.value() == "somebody/model"
    control.set_value(None)
    assert control.value() is None
    assert "No model comes with Impasto" in control.state.text()


def test_a_folder_is_found_with_the_button(
    window: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    window.tools.choose_id("sampling.diffusers")
    control_of(window).folder.click()
    assert control_of(window).value() == str(folder)


def test_a_dropped_file_of_stable_diffusion_is_imported_and_chosen(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "Painter.safetensors"
    keys = {
        "model.diffusion_model.input_blocks.0.0.weight": (8, 4, 3, 3),
        "cond_stage_model.transformer.text_model.a": (1,),
    }
    safetensors.numpy.save_file(
        {key: np.zeros(size, np.float32) for key, size in keys.items()}, path
    )
    with qtbot.waitSignal(window.workspace.models.imported, timeout=20_000):
        window.files.drop([str(path)])
    assert control_of(window).value() == "painter"
    assert control_of(window).box.currentText() == "Painter"
