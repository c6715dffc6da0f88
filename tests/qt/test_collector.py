"""Cycles that hold widgets end on the thread of the window."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.host import garbage
from studio.qt.collector import INTERVAL_MS, Collector


class Told:
    """Part of a cycle; notes the thread that it ends on."""

    def __init__(self, ends: list[str], other: QObject) -> None:
        self._ends, self.other = ends, other

    def __del__(self) -> None:
        self._ends.append(threading.current_thread().name)


def lost_cycle(ends: list[str], kind: type[QObject]) -> None:
    """Make a cycle that nothing reaches, as a widget and its listener are."""
    made = kind()
    told = Told(ends, made)
    made.objectNameChanged.connect(told.other.objectName)
    made.told = told  # type: ignore[attr-defined]  # keeps it in the cycle


def work(until: Callable[[], bool], seconds: float) -> threading.Thread:
    """A worker that allocates until a condition or the time is up."""

    def allocate() -> None:
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            kept: list[list[int]] = [[number] for number in range(20_000)]
            del kept

    thread = threading.Thread(target=allocate, name="worker")
    thread.start()
    return thread


@pytest.fixture
def left_to_python(collector: Collector) -> Iterator[None]:
    """As in a program that has no collector."""
    collector.stop()
    gc.enable()
    yield
    collector.start()


@pytest.fixture
def restless() -> Iterator[None]:
    """Every generation is due at once."""
    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*before)


def test_left_to_python_a_worker_ends_what_lies_in_cycles(left_to_python: None) -> None:
    # Why there is a collector. A widget would end there, too, and may crash: this is no widget.
    ends: list[str] = []
    lost_cycle(ends, QObject)
    work(lambda: bool(ends), 20).join()
    assert ends == ["worker"]


def test_a_widget_in_a_cycle_ends_on_the_thread_of_the_window(qtbot: QtBot) -> None:
    ends: list[str] = []
    lost_cycle(ends, QWidget)
    work(lambda: False, 0.2).join()
    assert ends == []
    litter = [[number] for number in range(1000)]  # more than the youngest may be
    qtbot.waitUntil(lambda: bool(ends), timeout=20_000)
    assert ends == [threading.main_thread().name]
    assert len(litter) == 1000


def test_a_worker_that_wants_memory_back_has_the_window_collect(qtbot: QtBot) -> None:
    ends: list[str] = []
    lost_cycle(ends, QWidget)
    thread = threading.Thread(target=garbage.collect, name="worker")
    thread.start()
    qtbot.waitUntil(lambda: not thread.is_alive())
    assert ends == [threading.main_thread().name]


def test_a_window_that_does_not_answer_keeps_no_worker_waiting() -> None:
    thread = threading.Thread(target=garbage.collect, name="worker")
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_the_oldest_are_not_looked_at_during_a_stroke(
    qtbot: QtBot, restless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: pressed[0])
    ends: list[str] = []
    made = QWidget()
    made.told = Told(ends, made)  # type: ignore[attr-defined]  # keeps it in the cycle
    gc.collect(1)  # it has survived twice
    gc.collect(1)
    del made
    qtbot.wait(3 * INTERVAL_MS)
    assert ends == []
    pressed[0] = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: bool(ends), timeout=20_000)


def test_stopped_it_leaves_everything_as_it_was(collector: Collector) -> None:
    assert not gc.isenabled()
    assert gc.get_freeze_count()
    collector.stop()
    assert gc.isenabled()
    assert not gc.get_freeze_count()
    collector.start()


def test_without_a_window_it_is_pythons_own(left_to_python: None) -> None:
    ends: list[str] = []
    lost_cycle(ends, QObject)
    garbage.collect()
    assert ends == [threading.current_thread().name]
