"""Work on a thread of which only the newest request counts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer

from studio.qt.background import Background, Task

log = logging.getLogger(__name__)
T = TypeVar("T")


class Latest(QObject):
    """Runs one request at a time; those that come meanwhile replace each other.

    Args:
        background: the threads.
        delay_ms: how long to wait for further requests before one is run.
        parent: as for every Qt object; nothing is called back once Qt has deleted this one.
    """

    def __init__(self, background: Background, delay_ms: int, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._waiting: tuple[Callable[[Task], Any], Callable[[Any], None]] | None = None
        self._running: Task | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether a request waits or is under way."""
        return self._waiting is not None or self._running is not None

    def request(self, work: Callable[[Task], T], done: Callable[[T], None]) -> None:
        """Call ``work`` on a thread soon and ``done`` with what it returns on this one."""
        self._waiting = (work, done)
        # Not started anew: requests that never pause are still answered now and then.
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self) -> None:
        """Drop what waits and the answer of what is under way."""
        self._timer.stop()
        self._waiting = None
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _start(self) -> None:
        if self._running is not None or self._waiting is None:
            return
        (work, done), self._waiting = self._waiting, None

        def deliver(answer: Any) -> None:
            self._running = None
            done(answer)
            self._go_on()

        def failed(error: BaseException) -> None:
            self._running = None
            log.error("a panel could not be brought up to date", exc_info=error)
            self._go_on()

        self._running = self._background.run_cancellable(work, deliver, failed, self)

    def _go_on(self) -> None:
        if self._waiting is not None and not self._timer.isActive():
            self._timer.start()
