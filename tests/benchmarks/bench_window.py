"""The window: how soon it shows, and how late its timer is while a network runs.

Run with ``pytest tests/benchmarks/bench_window.py -m benchmark -s`` on a quiet machine. Limits:
1 s to the first frame without torch; 50 ms of lateness at the 99th percentile while a network
runs; 400 ms for the stutter of importing torch.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

START = """
import time
started = time.perf_counter()
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
import studio.app as app

class FirstFrame(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.done)
        return False
    def done(self):
        print(time.perf_counter() - started, int("torch" in sys.modules))
        sys.stdout.flush()
        import os
        os._exit(0)

application = QApplication([])
watch = FirstFrame()
application.installEventFilter(watch)
app.run([])
"""

LATENESS = """
import sys, time
import numpy as np
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication
from studio.document import Picture
from studio.host.requests import RunRequest
from studio.host.services import build_services
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme

application = QApplication([])
services = build_services()
window = MainWindow(services, Theme(application, "dark"))
window.show()
late, last = [], [time.perf_counter()]
timer = QTimer()
timer.setTimerType(Qt.TimerType.PreciseTimer)
timer.setInterval(16)
def tick():
    now = time.perf_counter()
    late.append((now - last[0]) * 1000 - 16)
    last[0] = now
timer.timeout.connect(tick)

def spin(seconds=0.0, until=lambda: False):
    end = time.perf_counter() + seconds
    while (seconds and time.perf_counter() < end) or (not seconds and not until()):
        application.processEvents()
        time.sleep(0.0005)

spin(1.0)
timer.start()
last[0] = time.perf_counter()
services.jobs.warm_up()
spin(until=lambda: "torch" in sys.modules and hasattr(sys.modules["torch"], "compile"))
spin(1.0)
importing = max(late)
late.clear()
pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 4), np.uint8)
pixels[..., 3] = 255
def run():
    job = services.jobs.submit(
        RunRequest("super-resolution.upscale", {"scale": 4}, Picture.from_pixels(pixels)))
    spin(until=lambda: job.state.finished)
    assert job.result is not None, job.error
run()
late.clear()
last[0] = time.perf_counter()
for _ in range(3):
    run()
late.sort()
print(importing, late[int(len(late) * 0.99)], late[-1], late[len(late) // 2], len(late))
sys.stdout.flush()
services.jobs.close()
import os
os._exit(0)
"""


def measured(code: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ
    )
    return [float(word) for word in done.stdout.split()]


def test_first_frame(benchmark):
    seconds, torch = benchmark.pedantic(lambda: measured(START), rounds=3, warmup_rounds=1)
    print(f"\nfirst frame {seconds:.2f} s after start: {seconds:.2f} of the limit")
    assert torch == 0, "torch was imported before the window showed"


def test_timer_lateness(benchmark):
    importing, p99, worst, median, ticks = benchmark.pedantic(lambda: measured(LATENESS), rounds=1)
    print(f"\nwhile torch is imported: {importing:.0f} ms, {importing / 400:.2f} of the limit")
    print(
        f"while a network runs: p99 {p99:.1f} ms, {p99 / 50:.2f} of the limit "
        f"(median {median:.1f}, worst {worst:.1f}, {ticks:.0f} ticks)"
    )
