"""Work on other threads whose answer comes back to the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThreadPool, Signal

from studio.api.errors import Cancelled

T = TypeVar("T")


@dataclass(eq=False)
class Task:
    """One piece of work.

    A cancelled task never calls back, whether or not its work has begun.
    """

    done: Callable[[Any], None]
    failed: Callable[[BaseException], None] | None
    owner: QObject | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask it to stop, and drop what it returns."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether it was asked to stop. May be called on any thread."""
        return self._stop.is_set()


class Background(QObject):
    """A few threads for files, thumbnails and downloads. Networks run elsewhere, in the job queue.

    Signals:
        failed: an exception that nobody else handles.
    """

    failed = Signal(object)
    _finished = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(3)
        self._tasks: set[Task] = set()
        self._closed = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Call ``work()`` on a thread, then ``done(result)`` or ``failed(error)`` on this one.

        With an ``owner`` nothing is called back once Qt has deleted that.
        """
        return self.run_cancellable(lambda _: work(), done, failed, owner)

    def run_cancellable(
        self,
        work: Callable[[Task], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """As `run`, for work that asks ``task.cancelled()`` from time to time."""
        task = Task(done, failed, owner)
        if self._closed:
            task.cancel()
            return task
        self._tasks.add(task)

        def body() -> None:
            result: object = None
            error: BaseException | None = None
            if not task.cancelled():
                try:
                    result = work(task)
                except BaseException as caught:  # noqa: BLE001 - handed to the GUI thread
                    error = caught
            self._finished.emit(task, result, error)

        self._pool.start(body)
        return task

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    def close(self, timeout_ms: int = 10_000) -> bool:
        """Cancel everything and wait for the threads; False if one is still busy."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._pool.clear()
        return self._pool.waitForDone(QDeadlineTimer(timeout_ms))

    def _deliver(self, task: Task, result: object, error: BaseException | None) -> None:
        self._tasks.discard(task)
        if task.cancelled() or isinstance(error, Cancelled):
            return
        if task.owner is not None and not shiboken6.isValid(task.owner):
            return
        if error is None:
            task.done(result)
        elif task.failed is not None:
            task.failed(error)
        else:
            self.failed.emit(error)
