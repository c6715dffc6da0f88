"""Computing a selection on a thread while a dialog asks for one value after another."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from studio.document import Raster
from studio.qt.background import Background, Task
from studio.qt.selecting.state import SelectionView

Compute = Callable[[], Raster]


class LivePreview(QObject):
    """Shows what is asked for last; one computation at a time, those in between are left out.

    Args:
        background: threads.
        view: shows the outline of the result in place of the selection's.
        parent: nothing is shown any more once it is deleted.
    """

    def __init__(self, background: Background, view: SelectionView, parent: QObject) -> None:
        super().__init__(parent)
        self._background, self._view = background, view
        self._wanted: Compute | None = None
        self._running: Compute | None = None
        self._task: Task | None = None
        self._result: Raster | None = None
        self._then: Callable[[Raster], None] | None = None

    def ask(self, compute: Compute) -> None:
        """Compute this next and show it."""
        self._wanted = compute
        if self._running is None:
            self._start()

    def finish(self, then: Callable[[Raster], None]) -> None:
        """Call ``then`` with what was asked for last, at once if it is there, and show no more."""
        self._then = then
        if self._running is None and self._wanted is None and self._result is not None:
            self._deliver(self._result)

    def stop(self) -> None:
        """Show the selection again."""
        self._wanted = self._then = None
        if self._task is not None:
            self._task.cancel()
        self._view.preview = None

    def _start(self) -> None:
        compute, self._wanted = self._wanted, None
        self._running = compute
        if compute is not None:
            self._task = self._background.run(compute, self._done, self._failed, self)

    def _done(self, result: Raster) -> None:
        self._running, self._result = None, result
        if self._wanted is not None:
            self._start()
        elif self._then is not None:
            self._deliver(result)
        else:
            self._view.preview = result

    def _failed(self, error: BaseException) -> None:
        self._running = None
        self.stop()
        self._background.failed.emit(error)

    def _deliver(self, result: Raster) -> None:
        then, self._then = self._then, None
        self._view.preview = None
        if then is not None:
            then(result)
