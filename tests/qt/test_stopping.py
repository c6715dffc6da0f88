"""Stop and Keep: a run that ends early, and the picture that evolves on the canvas meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from studio.document import Array, composite
from studio.host.jobs import Job, JobState
from studio.qt.main_window import MainWindow

DROPINS = Path(__file__).parents[1] / "dropins"


@pytest.fixture
def plugins(plugins: Path) -> Path:
    shutil.copytree(DROPINS / "looks", plugins / "looks")
    (plugins / "looks" / "pictures").mkdir()
    return plugins


def shown(window: MainWindow) -> Array:
    document = window.session.document
    assert document is not None
    return composite(document.picture)


@pytest.fixture
def begin(qtbot: QtBot, opened: MainWindow) -> Callable[[], Job]:
    """Start brightening, which takes minutes, and wait for its first steps."""

    def start() -> Job:
        opened.tools.choose_id("looks.brighten")
        page = opened.tools.page
        assert page is not None
        page.form.set_values({"steps": 3000})
        page.run_button.click()
        job = opened.runs.job
        assert job is not None
        qtbot.waitUntil(lambda: job.fraction > 0 and job.id in opened.jobs.cards, timeout=20_000)
        qtbot.waitUntil(lambda: "Step" in opened.bottom.run.state.text())
        return job

    return start


def keep(qtbot: QtBot, window: MainWindow, job: Job) -> None:
    qtbot.waitUntil(lambda: job.state is JobState.DONE)
    qtbot.waitUntil(lambda: window.canvas.overlay is not None)


def test_what_there_is_becomes_the_result(
    qtbot: QtBot, opened: MainWindow, begin: Callable[[], Job]
) -> None:
    before = shown(opened)
    job = begin()
    button = opened.bottom.run.enough
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.wait(300)
    button.click()
    qtbot.waitUntil(lambda: not button.isEnabled() or job.state.finished)
    keep(qtbot, opened, job)
    assert "Stopped after" in opened.bottom.result.notes.text()
    opened.bottom.result.keep.click()
    after = shown(opened)
    rise = after.astype(int) - before
    assert rise.min() >= 0
    assert rise.max() > 0
    assert (after[..., :3] < 255).any()
    document = opened.session.document
    assert document is not None
    assert [step.title for step in document.history.steps] == ["Brighten"]
    opened.actions_by_id.trigger("undo")
    assert np.array_equal(shown(opened), before)


def test_the_command_and_the_card_stop_as_well(
    qtbot: QtBot, opened: MainWindow, begin: Callable[[], Job]
) -> None:
    assert not opened.actions_by_id["stop"].isEnabled()
    job = begin()
    assert opened.actions_by_id["stop"].isEnabled()
    opened.actions_by_id.trigger("stop")
    keep(qtbot, opened, job)
    assert not opened.actions_by_id["stop"].isEnabled()
    opened.runs.discard()
    job = begin()
    card = opened.jobs.cards[job.id]
    assert not card.enough.isHidden()
    card.enough.click()
    keep(qtbot, opened, job)
    qtbot.waitUntil(card.enough.isHidden)


def test_it_can_be_cancelled_instead(
    qtbot: QtBot, opened: MainWindow, begin: Callable[[], Job]
) -> None:
    before = shown(opened)
    job = begin()
    opened.bottom.run.stop.click()
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED)
    assert opened.runs.result is None
    assert np.array_equal(shown(opened), before)


def test_other_runs_do_not_offer_it(qtbot: QtBot, opened: MainWindow) -> None:
    opened.tools.choose_id("tiny.slow")
    opened.tools.request_run()
    qtbot.waitUntil(lambda: "Step" in opened.bottom.run.state.text(), timeout=20_000)
    assert not opened.bottom.run.enough.isVisible()
    assert not opened.actions_by_id["stop"].isEnabled()
    job = opened.runs.job
    assert job is not None
    assert opened.jobs.cards[job.id].enough.isHidden()
    opened.runs.cancel()
    qtbot.waitUntil(lambda: opened.runs.job is None)


def test_the_canvas_shows_the_newest_state_alone(
    qtbot: QtBot, opened: MainWindow, begin: Callable[[], Job]
) -> None:
    canvas = opened.canvas

    def middle() -> int:
        """Brightness in the middle of the canvas, as painted."""
        point = QPoint(canvas.width() // 2, canvas.height() // 2)
        color = canvas.grab().toImage().pixelColor(point * canvas.devicePixelRatio())
        return color.red() + color.green() + color.blue()

    job = begin()
    seen: list[int] = []
    for _ in range(4):
        qtbot.wait(400)
        seen.append(middle())
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    assert len(canvas._scene.tiles._tiles) == 1
    opened.runs.stop()
    keep(qtbot, opened, job)
    assert not canvas._scene.tiles
