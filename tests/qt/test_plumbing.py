"""Threads, signals and errors under the window."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from psygnal import Signal as WorkerSignal
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from studio.api.errors import Cancelled, PluginError, UserError
from studio.document import Rect
from studio.host.previews import TilePreview
from studio.qt.background import Background, Task
from studio.qt.bridge import JobBridge
from studio.qt.messages import MessageBar
from studio.qt.problems import ExceptionHook, Problem, describe_error
from studio.qt.theme import Theme


class Sender(QObject):
    """Emits booleans and None."""

    told = Signal(bool)
    anything = Signal(object)


def test_signals_keep_the_references_of_true_and_none(qtbot: QtBot) -> None:
    # PySide6 6.12.0 drops a reference at every emit, and CPython 3.11 aborts after some thousand.
    sender = Sender()
    heard: list[bool] = []
    sender.told.connect(lambda value: heard.append(value) if len(heard) < 3 else None)
    sender.anything.connect(lambda _: None)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(20_000):
        sender.told.emit(True)
        sender.anything.emit(None)
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert abs(after[0] - before[0]) < 1000
    assert abs(after[1] - before[1]) < 1000


class Queue:
    """What the bridge hears of a job queue."""

    changed = WorkerSignal(object)
    tile = WorkerSignal(object, object)


def test_the_bridge_thins_out_reports_and_loses_no_tile(qtbot: QtBot) -> None:
    queue = Queue()
    bridge = JobBridge(queue)  # type: ignore[arg-type]  # it needs the two signals only
    job = SimpleNamespace(id=1, fraction=0.0)
    here = threading.get_ident()
    seen: list[tuple[float, int]] = []
    tiles: list[TilePreview] = []
    bridge.job_changed.connect(lambda j: seen.append((j.fraction, threading.get_ident())))
    bridge.tile.connect(lambda _job, tile: tiles.append(tile))
    pixels = np.zeros((4, 4, 3), np.uint8)

    def work() -> None:
        for step in range(5000):
            job.fraction = (step + 1) / 5000
            queue.changed.emit(job)
        for x in range(50):
            queue.tile.emit(job, TilePreview(4 * x, 0, pixels, (200, 4), Rect(0, 0, 200, 4)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(tiles) == 50)
    qtbot.waitUntil(lambda: bool(seen) and seen[-1][0] == 1.0)
    assert len(seen) < 10
    assert {ident for _, ident in seen} == {here}
    assert sorted(tile.x for tile in tiles) == [4 * x for x in range(50)]
    bridge.close()


def test_background_work_answers_on_this_thread(qtbot: QtBot) -> None:
    background = Background()
    threads: list[int] = []
    background.run(threading.get_ident, threads.append)
    background.run(lambda: 1, lambda _: threads.append(threading.get_ident()))
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threading.get_ident() in threads
    assert len(set(threads)) == 2
    assert background.close()


def test_background_errors_reach_someone(qtbot: QtBot) -> None:
    background = Background()
    errors: list[BaseException] = []
    background.failed.connect(errors.append)

    def fail() -> None:
        raise UserError("no", "try again")

    def stop() -> None:
        raise Cancelled

    background.run(stop, lambda _: None)
    background.run(fail, lambda _: None, errors.append)
    background.run(fail, lambda _: None)
    qtbot.waitUntil(lambda: len(errors) == 2)
    assert all(isinstance(error, UserError) for error in errors)
    assert background.close()


def test_a_cancelled_task_says_nothing(qtbot: QtBot) -> None:
    background = Background()
    told: list[object] = []
    begun, go = threading.Event(), threading.Event()

    def work(task: Task) -> bool:
        begun.set()
        go.wait(5)
        return task.cancelled()

    task = background.run_cancellable(work, told.append)
    begun.wait(5)
    task.cancel()
    go.set()
    assert background.close()
    qtbot.wait(20)
    assert told == []


def test_an_answer_for_a_deleted_owner_is_dropped(qtbot: QtBot) -> None:
    background, owner = Background(), QObject()
    told: list[object] = []
    go = threading.Event()
    background.run(lambda: go.wait(5), told.append, owner=owner)
    owner.deleteLater()
    qtbot.wait(10)
    go.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert told == []
    assert background.close()


@pytest.mark.parametrize(
    ("error", "message", "has_details"),
    [
        (UserError("It broke.", "Mend it."), "It broke.", False),
        (PluginError("The plugin broke."), "The plugin broke.", True),
        (KeyError("x"), "unexpected", True),
        (MemoryError(), "memory", True),
    ],
)
def test_errors_become_problems(error: Exception, message: str, has_details: bool) -> None:
    problem = describe_error(error)
    assert message in problem.message
    assert bool(problem.details) is has_details


def test_uncaught_exceptions_of_any_thread_are_caught(qtbot: QtBot) -> None:
    hook = ExceptionHook()
    previous = sys.excepthook
    hook.install()
    try:
        problems: list[Problem] = []
        hook.caught.connect(problems.append)
        error = ValueError("odd")
        sys.excepthook(ValueError, error, None)

        def fail() -> None:
            raise RuntimeError("on a thread")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(problems) == 2)
    finally:
        hook.uninstall()
    assert sys.excepthook is previous
    assert "on a thread" in problems[1].details


def test_the_message_bar_offers_details_and_an_action(qtbot: QtBot, theme: Theme) -> None:
    bar = MessageBar(theme)
    qtbot.addWidget(bar)
    done: list[bool] = []
    bar.show_message("error", "Oh", "Well", "Traceback", ("Retry", lambda: done.append(True)))
    assert bar.text.text() == "Oh\nWell"
    assert bar.details.isHidden()
    bar.more.click()
    assert not bar.details.isHidden()
    bar.act.click()
    assert done == [True]
    assert bar.isHidden()
    bar.show_error(UserError("Plain"))
    assert bar.act.isHidden()
    assert bar.more.isHidden()
    bar.dismiss.click()
    assert bar.isHidden()
