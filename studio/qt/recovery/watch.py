"""When a document is handed to the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from studio.document import Picture
from studio.document.events import listen
from studio.host.recovery import Kept
from studio.host.recovery_keeper import Keeper

if TYPE_CHECKING:
    from studio.host.results import RunResult
    from studio.qt.session import Entry

Results = Callable[[], "tuple[RunResult, ...]"]


class Watch(QObject):
    """One open document: hands a snapshot over a while after the first change since the last one.

    A snapshot is a reference to an immutable picture, so handing it over costs microseconds
    whatever its size; all work is the keeper's, on its own thread.

    Args:
        entry: the document.
        keeper: writes the journal.
        seconds: asked each time: how long a change may wait.
        results: asked each time: finished runs of this document that wait for a decision.
        parent: its owner.
    """

    def __init__(
        self,
        entry: Entry,
        keeper: Keeper,
        seconds: Callable[[], float],
        results: Results,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.entry = entry
        self._keeper = keeper
        self._seconds = seconds
        self._results = results
        self._handed: tuple[object, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hand_over)
        self._unlisten = listen(entry.document.changed, lambda _: self.arm())

    def arm(self) -> None:
        """Something may have changed: hand over before long."""
        if not self._timer.isActive():
            self._timer.start(round(1000 * self._seconds()))

    def settle(self) -> None:
        """Something was saved: what was kept before it is out of date at once."""
        if self._handed and not self.entry.modified:
            self.hand_over()

    def again(self) -> None:
        """The last state could not be written: it is tried again."""
        self._handed = ()
        self.arm()

    def hand_over(self) -> None:
        """Give the present state to the keeper, unless it has it."""
        self._timer.stop()
        entry, picture, results = self.entry, self._picture(), self._results()
        modified = entry.modified
        if not modified and not results:
            if self._handed:
                self._handed = ()
                self._keeper.clean(self)
            return
        state = (picture, entry.source, modified, *results)
        if len(state) == len(self._handed) and all(
            a is b for a, b in zip(state, self._handed, strict=True)
        ):
            return
        self._handed = state
        source = entry.source
        kept = Kept(
            picture=picture,
            title=source.title,
            path=source.path,
            format=source.format,
            metadata=source.metadata,
            results=results,
            modified=modified,
            time=time.time(),
        )
        self._keeper.keep(self, kept)

    def close(self) -> None:
        """The document was closed on purpose: nothing of it has to be recovered."""
        self._timer.stop()
        self._unlisten()
        self._handed = ()
        self._keeper.drop(self)

    def _picture(self) -> Picture:
        # What a drag or a preview shows is not an edit yet.
        transaction = self.entry.document.transaction
        return self.entry.document.picture if transaction is None else transaction.before
