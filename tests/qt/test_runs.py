"""Running from the window: overlay, apply, discard, cancel, failures, tries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from studio.document import Array, composite
from studio.host.jobs import JobState
from studio.qt.main_window import MainWindow
from studio.qt.panels.area import HistoryArea

Run = Callable[[MainWindow, str], None]


def pixels(window: MainWindow) -> Array:
    """What the document shows."""
    document = window.session.document
    assert document is not None
    return composite(document.picture, document.picture.bounds)


def test_a_run_is_applied_as_one_step_and_undone(opened: MainWindow, run_to_result: Run) -> None:
    before = pixels(opened)
    run_to_result(opened, "tiny.invert")
    assert np.array_equal(pixels(opened), before), "an overlay must not touch the document"
    opened.actions_by_id.trigger("apply")
    document = opened.session.document
    assert document is not None
    after = pixels(opened)
    assert np.array_equal(after[..., :3], 255 - before[..., :3])
    assert [step.title for step in document.history.steps] == ["Invert"]
    assert document.history.steps[0].record is not None
    assert document.history.steps[0].record["operation"] == "tiny.invert"
    assert opened.canvas.overlay is None
    opened.actions_by_id.trigger("undo")
    assert np.array_equal(pixels(opened), before)
    opened.actions_by_id.trigger("redo")
    assert np.array_equal(pixels(opened), after)


def test_enter_applies_and_escape_discards(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    before = pixels(opened)
    run_to_result(opened, "tiny.invert")
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.waitUntil(opened.canvas.hasFocus)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert opened.runs.result is None
    assert np.array_equal(pixels(opened), before)
    run_to_result(opened, "tiny.invert")
    qtbot.waitUntil(opened.canvas.hasFocus)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Return)
    assert not np.array_equal(pixels(opened), before)


def test_discard_leaves_nothing(opened: MainWindow, run_to_result: Run) -> None:
    document = opened.session.document
    assert document is not None
    picture = document.picture
    run_to_result(opened, "tiny.double")
    opened.bottom.result.drop.click()
    assert document.picture is picture
    assert document.history.steps == ()
    assert opened.canvas.overlay is None
    assert opened.bottom.isHidden()
    assert not opened.session.modified


def test_enlarging_takes_the_new_size_and_shows_tiles(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    tiles: list[object] = []
    opened.bridge.tile.connect(lambda _job, tile: tiles.append(tile))
    run_to_result(opened, "tiny.double")
    assert tiles
    opened.bottom.result.keep.click()
    document = opened.session.document
    assert document is not None
    assert (document.picture.width, document.picture.height) == (120, 80)


def test_progress_shows_and_cancel_answers(qtbot: QtBot, opened: MainWindow) -> None:
    opened.tools.choose_id("tiny.slow")
    opened.tools.page.run_button.click()  # type: ignore[union-attr]  # a page was just chosen
    job = opened.runs.job
    assert job is not None
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=20_000)
    qtbot.waitUntil(lambda: "Step" in opened.bottom.run.state.text())
    assert opened.bottom.run.isVisible()
    opened.bottom.run.stop.click()
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED)
    qtbot.waitUntil(opened.bottom.isHidden)
    assert opened.messages.level == "info"
    assert opened.runs.result is None


def test_a_failed_run_is_shown_with_details_and_can_be_tried_again(
    qtbot: QtBot, opened: MainWindow
) -> None:
    before = pixels(opened)
    opened.tools.choose_id("tiny.fail")
    opened.tools.request_run()
    qtbot.waitUntil(opened.messages.isVisible, timeout=20_000)
    assert opened.messages.level == "error"
    assert "flux capacitor" in opened.messages.text.text()
    assert "Traceback" in opened.messages.details.toPlainText()
    (card,) = opened.jobs.cards.values()
    assert not card.more.isHidden()
    card.more.click()
    assert not card.details.isHidden()
    card.copy.click()
    assert "flux capacitor" in QGuiApplication.clipboard().text()
    assert np.array_equal(pixels(opened), before)
    card.again.click()
    qtbot.waitUntil(lambda: len(opened.jobs.cards) == 2)
    qtbot.waitUntil(lambda: all(c.job.error for c in opened.jobs.cards.values()), timeout=20_000)
    qtbot.waitUntil(lambda: not opened.runs.busy)
    opened.jobs.clear.click()
    qtbot.waitUntil(lambda: not opened.jobs.cards)


def test_a_try_runs_on_the_part_in_view_and_then_on_the_whole(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opened.canvas.zoom_to(32)
    region = opened.canvas.visible_region()
    opened.tools.choose_id("tiny.double")
    opened.tools.request_try()
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None, timeout=20_000)
    assert opened.canvas.overlay is not None
    assert opened.canvas.overlay.area == region
    assert not opened.actions_by_id["apply"].isEnabled()
    assert opened.bottom.result.keep.isHidden()
    opened.bottom.result.whole.click()
    qtbot.waitUntil(opened.actions_by_id["apply"].isEnabled, timeout=20_000)
    assert opened.canvas.overlay.area is None
    opened.actions_by_id.trigger("apply")
    assert opened.session.document is not None
    assert opened.session.document.picture.width == 120


def test_variations_can_be_walked_through(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    before = pixels(opened)
    run_to_result(opened, "tiny.many")
    chooser = opened.bottom.result.variations
    assert chooser.count() == 3
    first = opened.canvas.overlay
    chooser.setCurrentIndex(1)
    chooser.activated.emit(1)
    qtbot.waitUntil(lambda: opened.canvas.overlay is not first)
    opened.actions_by_id.trigger("apply")
    assert np.array_equal(pixels(opened)[..., :3], before[..., 2::-1])


def test_a_result_follows_edits_under_it(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    original = pixels(opened)
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    run_to_result(opened, "tiny.invert")
    overlay = opened.canvas.overlay
    opened.actions_by_id.trigger("undo")
    qtbot.waitUntil(lambda: opened.canvas.overlay is not overlay)
    opened.actions_by_id.trigger("apply")
    # The second run saw the inverted picture, so it brings the original back.
    assert np.array_equal(pixels(opened), original)


def test_a_result_of_another_size_waits_until_its_size_is_back(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    run_to_result(opened, "tiny.double")
    opened.actions_by_id.trigger("apply")
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("undo")
    assert opened.canvas.overlay is None
    assert not opened.actions_by_id["apply"].isEnabled()
    assert "another size" in opened.bottom.result.notes.text()
    opened.actions_by_id.trigger("redo")
    qtbot.waitUntil(opened.actions_by_id["apply"].isEnabled)
    opened.actions_by_id.trigger("apply")
    assert opened.session.document is not None
    assert len(opened.session.document.history.steps) == 2


def test_what_needs_no_picture_makes_one(qtbot: QtBot, window: MainWindow) -> None:
    window.tools.choose_id("tiny.make")
    window.tools.request_run()
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=20_000)
    assert window.session.document is not None
    assert (window.session.document.picture.width, window.session.document.picture.height) == (
        30,
        20,
    )
    assert window.session.modified


def test_history_panel_goes_to_a_step(opened: MainWindow, run_to_result: Run) -> None:
    original = pixels(opened)
    for _ in range(2):
        run_to_result(opened, "tiny.invert")
        opened.actions_by_id.trigger("apply")
    area = next(area for area in opened.areas if isinstance(area, HistoryArea))
    rows = area.panel.list
    model = rows.model()
    titles = [model.index(i, 0).data() for i in range(model.rowCount())]
    assert titles == ["Opened", "Invert", "Invert"]
    rows.clicked.emit(model.index(0, 0))
    assert np.array_equal(pixels(opened), original)
    assert rows.currentIndex().row() == 0
    spoken = model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Invert, undone"
    rows.activated.emit(model.index(1, 0))
    assert np.array_equal(pixels(opened)[..., :3], 255 - original[..., :3])


def test_a_queued_job_can_be_cancelled_and_moved(qtbot: QtBot, opened: MainWindow) -> None:
    opened.tools.choose_id("tiny.slow")
    for _ in range(3):
        opened.tools.request_run()
    qtbot.waitUntil(lambda: len(opened.jobs.cards) == 3)
    first, second, third = opened.services.jobs.jobs
    qtbot.waitUntil(lambda: first.state is JobState.RUNNING, timeout=20_000)
    opened.jobs.cards[third.id].up.click()
    qtbot.waitUntil(lambda: list(opened.jobs.cards) == [first.id, third.id, second.id])
    for job in (second, third, first):
        opened.jobs.cards[job.id].stop.click()
    qtbot.waitUntil(lambda: not opened.runs.busy)
    assert {job.state for job in (first, second, third)} == {JobState.CANCELLED}


def test_a_result_can_be_shown_again_until_newer_ones_take_its_memory(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run
) -> None:
    for _ in range(4):
        run_to_result(opened, "tiny.invert")
        opened.actions_by_id.trigger("discard")
    newest, *_, oldest = opened.jobs.cards.values()
    qtbot.waitUntil(oldest.view.isHidden)
    assert oldest.job.result is None
    newest.view.click()
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None)
    assert opened.runs.result is newest.job.result
