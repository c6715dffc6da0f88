"""Importing torch ahead of the first run, when the user is not looking."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from studio.host.queue import JobQueue

QUIET_MS = 2000
_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchUpdate,
    }
)


class WarmUp(QObject):
    """Asks the queue's worker to import torch after two seconds without input.

    The import makes the window stutter for a moment, so it waits until nobody would notice.
    """

    def __init__(self, queue: JobQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._queue = queue
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._begin)

    def start(self) -> None:
        """Begin to wait for a quiet moment."""
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)
            self._timer.start()

    def stop(self) -> None:
        """Give up."""
        self._timer.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Start counting anew at every input."""
        if event.type() in _INPUT:
            self._timer.start()
        return super().eventFilter(watched, event)

    def _begin(self) -> None:
        self.stop()
        self._queue.warm_up()
