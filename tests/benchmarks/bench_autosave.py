"""Autosave of 24 megapixels in five layers: what the GUI thread pays, and bytes per stroke.

Run with ``pytest tests/benchmarks/bench_autosave.py -m benchmark -s`` on a quiet machine. Limits: 5 ms
on the GUI thread for handing over; 50 ms of lateness of a 10 ms timer at the 99th percentile while
the journal is written.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from pytestqt.qtbot import QtBot

from studio.document import Document, Layer, Picture, Raster
from studio.document.layer_edits import change_node
from studio.host.recovery_keeper import Keeper, Written
from studio.qt.recovery.watch import Watch
from studio.qt.session import Entry, Source

pytestmark = pytest.mark.benchmark


def large_picture() -> Picture:
    """Noise at a low level over a gradient, as photographs have it."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 6000)[None, :, None] + np.linspace(0, 40, 4000)[:, None, None]
    pixels = np.repeat(ramp, 4, axis=2).astype(np.uint8)
    pixels += rng.integers(0, 8, pixels.shape, dtype=np.uint8)
    layers = tuple(Layer(f"{i}", Raster.from_array(np.roll(pixels, i, 2))) for i in range(5))
    return Picture(6000, 4000, layers, layers[-1].id)


def stroke(document: Document, x: int) -> None:
    layer = document.picture.layers[2]
    rng = np.random.default_rng(x)
    pixels = rng.integers(0, 255, (60, 600, 4), dtype=np.uint8)
    document.apply("Stroke", change_node(layer.id, raster=layer.raster.write(x, 900, pixels)))


class Lateness(QObject):
    """How late a 10 ms timer of the GUI thread is, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self.last = time.perf_counter()
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self.timer.start(10)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(now - self.last - 0.010, 0.0))
        self.last = now

    def take(self) -> tuple[float, float]:
        """99th percentile and maximum since the last time, in milliseconds."""
        late, self.late = sorted(self.late), []
        return 1000 * late[int(0.99 * (len(late) - 1))], 1000 * late[-1]


@pytest.mark.timeout(600)
def test_autosave_of_24_megapixels(qtbot: QtBot, tmp_path: Path):
    done: list[Written] = []
    keeper = Keeper(tmp_path / "recovery", written=done.append)
    owner = QObject()
    document = Document(large_picture())
    document.mark_unsaved()
    watch = Watch(Entry(document, Source()), keeper, lambda: 100.0, tuple, owner)
    lateness = Lateness()
    qtbot.wait(500)
    quiet = lateness.take()

    def hand_over() -> float:
        began, count = time.perf_counter(), len(done)
        watch.hand_over()
        spent = time.perf_counter() - began
        qtbot.waitUntil(lambda: len(done) > count, timeout=120_000)
        return 1000 * spent

    first = hand_over()
    first_late = lateness.take()
    spent, late = [], []
    for x in range(100, 2100, 100):
        stroke(document, x)
        qtbot.wait(50)
        lateness.take()
        spent.append(hand_over())
        qtbot.wait(50)
        late.append(lateness.take()[1])
    watch.close()
    keeper.close()
    sizes = [written.bytes for written in done[1:21]]
    print(
        f"\nhand-over on the GUI thread: first {first:.2f} ms, then median {np.median(spent):.3f}, "
        f"most {max(spent):.3f} ms"
        f"\n10 ms timer, nothing written: p99 {quiet[0]:.1f} ms, most {quiet[1]:.1f} ms"
        f"\nfirst state: {done[0].bytes / 1e6:.0f} MB in {done[0].seconds:.1f} s; timer late by p99 "
        f"{first_late[0]:.1f} ms, most {first_late[1]:.1f} ms"
        f"\na stroke of 600 x 60 noise (3-4 tiles): {np.median(sizes) / 1e3:.0f} kB in "
        f"{1000 * np.median([w.seconds for w in done[1:21]]):.0f} ms; timer late by "
        f"{max(late):.1f} ms at most"
    )
