"""From the training bench's thread to the GUI thread, at a rate the GUI can follow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.document.events import listen

if TYPE_CHECKING:
    from studio.host.training.bench import TrainingBench
    from studio.host.training.run import TrainingRun

INTERVAL_MS = 100


class TrainingBridge(QObject):
    """Repeats the bench's reports as Qt signals, at most ten times a second for each run.

    A run always holds its present state, so of several reports the latest is enough.

    Signals:
        changed: a `TrainingRun`.
    """

    changed = Signal(object)
    _wake = Signal()

    def __init__(self, bench: TrainingBench, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._runs: dict[str, TrainingRun] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._flush)
        self._wake.connect(self._schedule, Qt.ConnectionType.QueuedConnection)
        self._unlisten: Callable[[], None] = listen(bench.changed, self._on_changed)

    def close(self) -> None:
        """Stop listening."""
        self._unlisten()
        self._timer.stop()

    def _on_changed(self, run: TrainingRun) -> None:
        with self._lock:
            first = not self._runs
            self._runs[run.id] = run
        if first:
            self._wake.emit()

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _flush(self) -> None:
        with self._lock:
            runs, self._runs = list(self._runs.values()), {}
        for run in runs:
            self.changed.emit(run)
