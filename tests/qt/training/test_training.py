"""Training a model from the window, with a network of twelve numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from studio.document import composite
from studio.host.training.records import RunState
from studio.qt.forms.model_control import ModelControl
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme
from studio.qt.training.area import TrainingArea
from studio.qt.training.dialog import TrainDialog
from studio.qt.training.plot import CurvePlot, smoothed
from studio.qt.training.sheet import SheetButton


def area_of(window: MainWindow) -> TrainingArea:
    (area,) = (area for area in window.areas if isinstance(area, TrainingArea))
    return area


def asked(window: MainWindow) -> TrainDialog:
    """The dialog, with the tiny trainer chosen."""
    window.actions_by_id.trigger("train")
    dialog = area_of(window).dialog
    assert dialog is not None
    dialog.choose("tinytrain")
    assert dialog.form is not None
    return dialog


def press(area: TrainingArea, text: str) -> None:
    """A button of the question that the area asks."""
    assert area.question is not None
    buttons = {b.text(): b for b in area.question.buttons() if isinstance(b, QPushButton)}
    buttons[text].click()


def test_a_model_is_trained_in_the_window_and_found_in_its_operation(
    qtbot: QtBot, opened: MainWindow, photos: Path
):
    window, area = opened, area_of(opened)
    window.tools.choose_id("tinytrain.apply")
    page = window.tools.page
    assert page is not None
    control = page.form.controls["model"]
    assert isinstance(control, ModelControl)
    assert control.box.count() == 1

    dialog = asked(window)
    assert not dialog.accept_button.isEnabled()
    dialog.folders[0].fields[0].edit.setText(str(photos))
    qtbot.waitUntil(dialog.accept_button.isEnabled)
    assert dialog.folders[0].state.text() == "6 pictures"
    assert dialog.form is not None
    dialog.form.set_values({**dialog.form.values(), "steps": 150, "wait": 2})
    dialog.name.setText("Night tint")
    dialog.accept_button.click()
    (card,) = area.panel.cards.values()
    assert not window.docks["training"].isHidden()
    assert card.run.pictures == 6

    qtbot.waitUntil(lambda: card.run.state is RunState.RUNNING, timeout=60_000)
    qtbot.waitUntil(lambda: not card.sheet.image.isNull(), timeout=30_000)
    qtbot.waitUntil(lambda: card.run.state is RunState.FINISHED, timeout=60_000)
    qtbot.waitUntil(lambda: window.messages.text.text().startswith("Night tint is trained"))
    qtbot.waitUntil(lambda: control.box.findData("night-tint") >= 0)
    qtbot.waitUntil(lambda: set(card.plot.names) == {"loss", "error"})
    assert card.state.text().startswith("Finished in")

    window.messages.act.click()
    assert control.value() == "night-tint"
    before = composite(window.session.document.picture).astype(int)
    window.tools.request_run()
    qtbot.waitUntil(lambda: window.canvas.overlay is not None, timeout=20_000)
    window.runs.apply()
    after = composite(window.session.document.picture).astype(int)
    mean = np.abs(after - (255 - before))[..., :3].mean()
    assert mean < 60 < np.abs(after - before)[..., :3].mean()


def test_bad_folders_get_a_clear_answer_in_the_dialog(
    qtbot: QtBot, window: MainWindow, photos: Path
):
    dialog = asked(window)
    field = dialog.folders[0]
    field.fields[0].edit.setText(str(photos / "nowhere"))
    qtbot.waitUntil(lambda: "There is no folder" in field.state.text())
    (photos / "3.png").write_bytes(b"no picture")
    field.fields[0].edit.setText(str(photos))
    qtbot.waitUntil(lambda: "3.png" in field.state.text())
    assert field.state.property("role") == "error"
    assert not dialog.accept_button.isEnabled()
    for path in photos.glob("[2345].png"):
        path.unlink()
    field.fields[0].edit.setText(f"{photos}/")
    qtbot.waitUntil(lambda: "2 pictures found" in field.state.text())
    field.fields[0].edit.clear()
    assert field.state.isHidden()
    dialog.reject()
    assert area_of(window).bench.runs() == ()


def test_pairs_may_come_in_two_folders_but_not_the_same_twice(
    qtbot: QtBot, window: MainWindow, photos: Path
):
    dialog = asked(window)
    dialog.choose("tinytrain.pairs")
    first, second = dialog.folders[0].fields
    first.edit.setText(str(photos))
    qtbot.waitUntil(dialog.accept_button.isEnabled)
    assert dialog.folders[0].state.text() == "6 pairs"
    second.edit.setText(str(photos))
    assert dialog.problem.isVisible()
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_closing_pauses_and_the_next_window_goes_on(
    qtbot: QtBot, window: MainWindow, photos: Path, theme: Theme
):
    area = area_of(window)
    run = area.bench.start("tinytrain", [photos], {"steps": 5000, "wait": 3}, "Long")
    qtbot.waitUntil(lambda: run.fraction > 0.01, timeout=60_000)
    (card,) = area.panel.cards.values()
    assert card.hold.isVisibleTo(card)
    window.close()
    assert window.isVisible()
    assert area.question is not None
    assert "will be paused" in area.question.text()
    press(area, "Keep open")
    assert run.state is RunState.RUNNING
    window.close()
    press(area, "Pause and close")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert run.state is RunState.PAUSED

    services = window.services
    del services.training  # as at the next start
    del services.jobs
    other = MainWindow(services, theme)
    other.show()
    area = area_of(other)
    qtbot.waitUntil(lambda: len(area.panel.cards) == 1)
    (card,) = area.panel.cards.values()
    assert card.run is not run
    assert card.state.text().startswith("Paused")
    assert card.keep.isVisibleTo(card)
    assert card.go_on.isVisibleTo(card)
    card.forget.click()
    press(area, "Discard")
    qtbot.waitUntil(lambda: not run.folder.exists())
    assert area.panel.cards == {}
    assert not area.panel.empty.isHidden()
    other.close()
    other.deleteLater()


def test_a_failed_training_says_why(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    area = area_of(window)
    (tmp_path / "empty").mkdir()
    run = area.bench.start("tinytrain", [tmp_path / "empty"], {})
    qtbot.waitUntil(lambda: run.id in area.panel.cards)
    card = area.panel.cards[run.id]
    qtbot.waitUntil(lambda: "0 pictures found" in card.state.text())
    assert not window.docks["training"].isHidden()
    card.forget.click()
    qtbot.waitUntil(lambda: not run.folder.exists())


def test_a_sheet_is_shown_in_full_on_request(qtbot: QtBot):
    sheet = SheetButton("Tint")
    qtbot.addWidget(sheet)
    assert sheet.isHidden()
    image = QImage(600, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    sheet.resize(200, 20)
    sheet.show_sheet(image)
    assert sheet.iconSize().width() / sheet.iconSize().height() == pytest.approx(2, abs=0.05)
    sheet.click()
    assert sheet.dialog is not None
    assert sheet.dialog.picture.pixmap().width() == 600
    sheet.dialog.accept()
    assert sheet.dialog is None


@pytest.mark.parametrize("name", ["dark", "light"])
def test_curves_are_drawn_each_in_a_color_of_its_own(qtbot: QtBot, theme: Theme, name: str):
    theme.choose(name)
    plot = CurvePlot(theme)
    qtbot.addWidget(plot)
    plot.resize(260, 160)
    plot.show_curves(
        {
            "loss": [(step, 1 / (step + 1)) for step in range(200)],
            "quality": [(step, float(step)) for step in range(0, 200, 10)],
            "broken": [(0, float("nan"))],
        }
    )
    assert plot.names == ("loss", "quality")
    image = plot.grab().toImage()
    seen = {image.pixelColor(x, y).name() for x in range(260) for y in range(160)}
    assert {plot._color(0).name(), plot._color(1).name()} <= seen
    assert plot.accessibleDescription() == "loss 0.005, quality 190"
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.accessibleDescription() == "loss 1, quality 0"
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.step == 3
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.step is None
    plot.set_logarithmic(True)
    assert plot.grab().toImage() != image
    theme.choose("dark")


def test_smoothing_follows_without_a_bias_at_the_start():
    assert smoothed([5.0] * 30) == pytest.approx([5.0] * 30)
    assert smoothed([0.0] * 30 + [1.0] * 60)[-1] == pytest.approx(1, abs=0.01)
