"""Making edits without holding up the window: at once if they are small, on a thread if not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from studio.document import Document, Picture
from studio.document.edits import Edit
from studio.document.geometry import Rect
from studio.document.named import as_made
from studio.document.nodes import layers_in
from studio.qt.background import Background
from studio.qt.i18n import tr
from studio.qt.messages import MessageBar

AT_ONCE = 1_500_000
"""Pixels of all layers that an edit may touch while the window waits: about 50 ms."""
WAIT_MS = 30


def whole_cost(picture: Picture) -> int:
    """Pixels that an edit of the whole picture touches."""
    return picture.width * picture.height * max(len(picture.layers), 1)


def node_cost(picture: Picture, node_id: str) -> int:
    """Pixels that an edit of one layer or group touches."""
    node = picture.node(node_id)
    if node is None:
        return 0
    areas: list[Rect] = [layer.raster.bounds for layer in layers_in((node,))]
    return sum(area.width * area.height for area in areas)


@dataclass(frozen=True)
class _Run:
    """One edit that is being made, or waits for the one before it."""

    document: Document
    title: str
    edit: Edit
    cost: int
    record: Mapping[str, Any] | None
    done: Callable[[bool], object] | None
    owner: QObject | None


class Edits(QObject):
    """Makes edits of documents, each one undo step, in the order they were asked for.

    A document may be edited otherwise meanwhile: then a large edit is made again of what is there.
    A stroke or drag that goes on by the time an edit is ready is waited for.

    Args:
        background: threads.
        messages: shows what goes wrong.

    Signals:
        busy: what takes long; empty at its end.
    """

    busy = Signal(str)

    def __init__(self, background: Background, messages: MessageBar) -> None:
        super().__init__(background)
        self._background, self._messages = background, messages
        self._waiting: WeakKeyDictionary[Document, deque[_Run]] = WeakKeyDictionary()
        self._afterwards: list[tuple[Document | None, Callable[[], object]]] = []

    def apply(
        self,
        document: Document,
        title: str,
        edit: Edit,
        cost: int,
        done: Callable[[bool], object] | None = None,
        owner: QObject | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        """Make one undo step of an edit; errors are shown to the user.

        Args:
            document: what is edited, whether or not it is still in front then.
            title: of the undo step.
            edit: from picture to picture; may run on another thread, and again on another picture.
            cost: pixels it touches.
            done: called at the end with whether it succeeded.
            owner: ``done`` is not called once Qt has deleted it.
            record: how a model's result came about.
        """
        if document.transaction is not None:
            document.transaction.commit()
        runs = self._waiting.setdefault(document, deque())
        runs.append(_Run(document, title, edit, cost, record, done, owner))
        if len(runs) == 1:
            self._start(runs[0])

    def idle(self, document: Document | None = None) -> bool:
        """Whether no edit of a document (default: of any) is being made or waits."""
        if document is None:
            return not any(self._waiting.values())
        return not self._waiting.get(document)

    def when_idle(self, then: Callable[[], object], document: Document | None = None) -> None:
        """Call ``then`` once all edits of a document (default: of all) are made: at once, or later."""
        if self.idle(document):
            then()
        else:
            self._afterwards.append((document, then))

    def _start(self, run: _Run) -> None:
        if run.cost <= AT_ONCE:
            self._keep(run, run.edit)
            return
        before = run.document.picture
        # Not a waiting cursor: everything else can be used meanwhile.
        QGuiApplication.setOverrideCursor(Qt.CursorShape.BusyCursor)
        self.busy.emit(tr("{title}…", title=run.title))

        def taken(after: Picture) -> None:
            self._rest()
            self._take(run, before, after)

        def failed(error: BaseException) -> None:
            self._rest()
            self._fail(run, error)

        self._background.run(lambda: run.edit(before), taken, failed)

    def _rest(self) -> None:
        QGuiApplication.restoreOverrideCursor()
        self.busy.emit("")

    def _take(self, run: _Run, before: Picture, after: Picture) -> None:
        if run.document.transaction is not None:
            QTimer.singleShot(WAIT_MS, self, lambda: self._take(run, before, after))
        elif run.document.picture is before:
            self._keep(run, as_made(run.edit, after))
        else:
            self._start(run)  # nothing of what was edited meanwhile may be lost

    def _keep(self, run: _Run, edit: Edit) -> None:
        try:
            run.document.apply(run.title, edit, run.record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
            self._fail(run, error)
        else:
            self._end(run, succeeded=True)

    def _fail(self, run: _Run, error: BaseException) -> None:
        self._messages.show_error(error)
        self._end(run, succeeded=False)

    def _end(self, run: _Run, *, succeeded: bool) -> None:
        if run.done is not None and (run.owner is None or shiboken6.isValid(run.owner)):
            run.done(succeeded)
        runs = self._waiting[run.document]
        runs.popleft()
        if runs:
            self._start(runs[0])
            return
        due = [each for each in self._afterwards if self.idle(each[0])]
        self._afterwards = [each for each in self._afterwards if each not in due]
        for _, then in due:
            then()
