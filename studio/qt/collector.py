"""Python's garbage collector, on the thread of the window.

Python looks for unreachable cycles on whichever thread happens to allocate, and destroys them there.
Cycles often hold widgets (a widget and a function connected to its signal are one), and Qt crashes when
a widget ends on another thread than its own.
"""

from __future__ import annotations

import gc
import threading
import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from studio.host import garbage

INTERVAL_MS = 200
_SHARE = 0.01
"""Part of the time that looking at everything may take: a third of a second with torch loaded."""
_PATIENCE = 1.0
_OLDEST = 2


class Collector(QObject):
    """Switches the automatic collection off and collects from a timer instead.

    Each generation is collected when Python would have: once the counts of `gc.get_count` are above
    their thresholds. The oldest, where a look takes long, also not while a mouse button is down, as it
    is during a stroke, and never so often that it took more than a hundredth of the time.
    """

    _wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._look)
        self._wanted.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.get_ident()
        self._was_enabled = True
        self._rested_until = 0.0

    def start(self) -> None:
        """Collect on this thread from now on.

        What is there already, as modules and the window, stays until the end and is not looked at.
        """
        self._was_enabled = gc.isenabled()
        gc.disable()
        gc.freeze()
        garbage.collected_by(self.collect)
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        garbage.collected_by(None)
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def collect(self) -> None:
        """Collect everything now. On another thread: ask for it, and wait for a moment."""
        if threading.get_ident() == self._thread:
            self._collect(_OLDEST)
            return
        done = threading.Event()
        self._wanted.emit(done)
        # Not for ever: this thread may itself be waited for.
        done.wait(_PATIENCE)

    def _look(self) -> None:
        gc.disable()  # a library may have enabled it, as some do after measuring
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [number for number, (count, most) in enumerate(counts) if 0 < most < count]
        if _OLDEST in due and not self._may_take_long():
            due.remove(_OLDEST)
        if due:
            self._collect(max(due))

    def _may_take_long(self) -> bool:
        pressed = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        return not pressed and time.monotonic() >= self._rested_until

    def _collect(self, generation: int) -> None:
        start = time.monotonic()
        gc.collect(generation)
        end = time.monotonic()
        if generation == _OLDEST:
            self._rested_until = end + (end - start) / _SHARE

    def _answer(self, done: threading.Event) -> None:
        self.collect()
        done.set()
