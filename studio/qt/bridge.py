"""From the job queue's worker threads to the GUI thread, at a rate the GUI can follow.

The only place where messages of workers become Qt signals.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from studio.host.jobs import Job
    from studio.host.previews import TilePreview
    from studio.host.queue import JobQueue

INTERVAL_MS = 33


class JobBridge(QObject):
    """Hears the job queue and repeats it as Qt signals, at most 30 times a second.

    Of several reports of one job only the latest is passed on: a job object always holds its
    present state. Of tiles the latest for each place is kept, so none is lost for good.

    Signals:
        job_changed: a job that is new, moved on or ended.
        tile: a job and a finished tile of it.
    """

    job_changed = Signal(object)
    tile = Signal(object, object)
    _wake = Signal()

    def __init__(self, queue: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._tiles: dict[tuple[int, int, int, int, int], tuple[Job, TilePreview]] = {}
        self._woken = False
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._flush)
        self._wake.connect(self._schedule, Qt.ConnectionType.QueuedConnection)
        queue.changed.connect(self._on_changed)
        queue.tile.connect(self._on_tile)

    def close(self) -> None:
        """Stop listening."""
        self._queue.changed.disconnect(self._on_changed)
        self._queue.tile.disconnect(self._on_tile)
        self._timer.stop()

    def _on_changed(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.id] = job
        self._notify()

    def _on_tile(self, job: Job, preview: TilePreview) -> None:
        height, width = preview.pixels.shape[:2]
        with self._lock:
            key = (job.id, preview.x, preview.y, width, height)
            self._tiles.pop(key, None)  # a newer one is drawn last
            self._tiles[key] = (job, preview)
        self._notify()

    def _notify(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._wake.emit()

    def _schedule(self) -> None:
        passed = self._since.elapsed() if self._since.isValid() else INTERVAL_MS
        self._timer.start(max(0, INTERVAL_MS - passed))

    def _flush(self) -> None:
        with self._lock:
            jobs, self._jobs = list(self._jobs.values()), {}
            tiles, self._tiles = list(self._tiles.values()), {}
            self._woken = False
        # Tiles first: a job that has ended clears them.
        for job, preview in tiles:
            self.tile.emit(job, preview)
        for job in jobs:
            self.job_changed.emit(job)
        self._since.start()
