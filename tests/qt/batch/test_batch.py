"""From the history of a picture to a recipe, and from the dialog to a folder of results."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox

from studio.document.layer_edits import change_node
from studio.host.batch.runs import BatchState
from studio.host.recipes import OperationStep, Recipe, read_recipe, write_recipe
from studio.qt.batch.area import BatchArea


@pytest.fixture
def area(window) -> BatchArea:
    (found,) = [area for area in window.areas if isinstance(area, BatchArea)]
    return found


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    for number in range(3):
        Image.fromarray(np.full((8, 9, 3), 50 + number, np.uint8)).save(inside / f"{number}.png")
    return inside


def recipe_file(tmp_path, operation="tiny.invert"):
    path = tmp_path / "negative.toml"
    write_recipe(path, Recipe(name="Negative", steps=(OperationStep(operation=operation),)))
    return path


def filled(qtbot, area, recipe, folder, out):
    area.show_dialog(recipe)
    form = area.dialog.form
    form.inputs.add([str(folder)])
    form.folder.edit.setText(str(out))
    qtbot.waitUntil(area.dialog.add.isEnabled)
    return area.dialog


def test_the_history_becomes_a_recipe(qtbot, opened, area, run_to_result, tmp_path, monkeypatch):
    export = opened.findChild(QAction, "export-recipe")
    assert not export.isEnabled()
    opened.findChild(QAction, "flip-horizontal").trigger()
    run_to_result(opened, "tiny.many")
    opened.runs.choose(2)
    qtbot.waitUntil(lambda: opened.runs._after is not None)
    opened.runs.apply()
    document = opened.session.document
    document.apply("Opacity", change_node(document.picture.active, opacity=0.5))
    assert export.isEnabled()
    path = tmp_path / "mine.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    export.trigger()
    assert isinstance(area.question, QMessageBox)
    assert "Opacity" in area.question.informativeText()
    area.question.buttons()[0].click()
    qtbot.waitUntil(path.is_file)
    recipe = read_recipe(path)
    assert recipe.name == "mine"
    assert [step.title for step in recipe.steps] == ["Flip horizontally", "Variations"]
    assert recipe.steps[1].variation == 2
    assert "Opacity" in recipe.notes[0]


def test_nothing_to_export_is_said(opened, area):
    document = opened.session.document
    document.apply("Opacity", change_node(document.picture.active, opacity=0.5))
    area.export()
    assert "Nothing that was done here" in opened.workspace.messages.text.text()


def test_a_folder_is_done_from_the_dialog(qtbot, window, area, folder, tmp_path):
    dialog = filled(qtbot, area, recipe_file(tmp_path), folder, tmp_path / "out")
    assert dialog.form.steps.text() == "tiny.invert"
    assert dialog.form.found.text() == "3 pictures"
    dialog.add.click()
    (run,) = area.bench.runs
    qtbot.waitUntil(lambda: run.state.finished, timeout=20_000)
    assert run.state is BatchState.DONE
    pixels = np.asarray(Image.open(tmp_path / "out" / "1.png"))
    assert set(np.unique(pixels[..., :3])) == {204}
    card = dialog.cards[run]
    qtbot.waitUntil(lambda: "3 of 3" in card.state.text())
    area.save_report(run, tmp_path / "report.json")
    assert (tmp_path / "report.json").is_file()
    dialog.add.click()
    again = area.bench.runs[1]
    qtbot.waitUntil(lambda: again.state.finished, timeout=20_000)
    assert again.skipped == 3
    card.forget.click()
    assert area.bench.runs == (again,)
    assert window.services.jobs.jobs == ()


def test_what_is_wrong_is_said_before_it_starts(qtbot, area, folder, tmp_path):
    area.show_dialog(recipe_file(tmp_path, "tiny.gone"))
    dialog = area.dialog
    dialog.form.inputs.add([str(folder)])
    dialog.form.folder.edit.setText(str(tmp_path / "out"))
    qtbot.waitUntil(lambda: "tiny.gone" in dialog.problem.text())
    assert not dialog.add.isEnabled()
    dialog.use_recipe(recipe_file(tmp_path))
    dialog.form.recipe.changed.emit()
    qtbot.waitUntil(dialog.add.isEnabled)
    assert not dialog.problem.text()
    dialog.form.template.setText("{nonsense}.png")
    qtbot.waitUntil(lambda: "{nonsense}" in dialog.problem.text())
    assert not dialog.add.isEnabled()


def test_failures_are_listed_and_stop_nothing(qtbot, area, folder, tmp_path):
    (folder / "0a.png").write_bytes(b"no picture")
    dialog = filled(qtbot, area, recipe_file(tmp_path), folder, tmp_path / "out")
    dialog.add.click()
    (run,) = area.bench.runs
    qtbot.waitUntil(lambda: run.state.finished, timeout=20_000)
    assert (run.done, run.failed) == (4, 1)
    card = dialog.cards[run]
    qtbot.waitUntil(lambda: "0a.png" in card.details.toPlainText())
    assert "1 failed" in card.state.text()


def test_pause_and_cancel_and_what_people_wait_for_goes_first(
    qtbot, opened, area, folder, tmp_path, run_to_result
):
    dialog = filled(qtbot, area, recipe_file(tmp_path, "tiny.slow"), folder, tmp_path / "out")
    dialog.add.click()
    (run,) = area.bench.runs
    qtbot.waitUntil(lambda: run.fraction > 0, timeout=20_000)
    dialog.cards[run].hold.click()
    qtbot.waitUntil(lambda: "Pausing" in dialog.cards[run].state.text())
    opened.tools.choose_id("tiny.invert")
    opened.tools.request_try()
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None, timeout=20_000)
    dialog.cards[run].go_on.click()
    assert not opened.close()  # a batch is running: the user is asked
    area.question.close()
    dialog.cards[run].stop.click()
    qtbot.waitUntil(lambda: run.state is BatchState.CANCELLED, timeout=20_000)
    assert not list((tmp_path / "out").glob("[!.]*"))


def test_a_watched_folder_and_the_queue_beside_it(qtbot, area, folder, tmp_path):
    dialog = filled(qtbot, area, recipe_file(tmp_path), folder, tmp_path / "watched")
    dialog.form.watch.setChecked(True)
    qtbot.waitUntil(dialog.add.isEnabled)
    dialog.add.click()
    (watching,) = area.bench.runs
    qtbot.waitUntil(lambda: watching.watching, timeout=20_000)
    dialog.form.watch.setChecked(False)
    dialog.form.folder.edit.setText(str(tmp_path / "out"))
    qtbot.waitUntil(dialog.add.isEnabled)
    dialog.add.click()
    run = area.bench.runs[1]
    qtbot.waitUntil(lambda: run.state is BatchState.DONE, timeout=20_000)
    Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(folder / "late.png")
    qtbot.waitUntil((tmp_path / "watched" / "late.png").is_file, timeout=20_000)
    dialog.cards[watching].stop.click()
    qtbot.waitUntil(lambda: watching.state.finished, timeout=20_000)
