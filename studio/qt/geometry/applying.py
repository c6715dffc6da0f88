"""Making an edit without holding up the window: at once if it is small, on a thread if not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from studio.document import Document, Picture
from studio.document.edits import Edit
from studio.document.geometry import Rect
from studio.document.nodes import layers_in
from studio.qt.workspace import Workspace

AT_ONCE = 1_500_000
"""Pixels of all layers that an edit may touch while the window waits: about 50 ms."""


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


def apply_edit(
    workspace: Workspace,
    document: Document,
    title: str,
    edit: Edit,
    cost: int,
    done: Callable[[], None] | None = None,
    owner: QObject | None = None,
) -> None:
    """Make one undo step of an edit; errors are shown to the user.

    Args:
        workspace: its threads and messages.
        document: what is edited.
        title: of the undo step.
        edit: from picture to picture; may run on another thread.
        cost: pixels it touches.
        done: called when it is over, whether or not it succeeded.
        owner: ``done`` is not called once Qt has deleted it.
    """
    run = _Run(workspace, document, title, edit, done, owner)
    if cost <= AT_ONCE:
        run.at_once()
    else:
        run.on_a_thread()


@dataclass(frozen=True)
class _Run:
    """One edit that is being made."""

    workspace: Workspace
    document: Document
    title: str
    edit: Edit
    done: Callable[[], None] | None
    owner: QObject | None

    def at_once(self) -> None:
        try:
            self.document.apply(self.title, self.edit)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
            self.workspace.messages.show_error(error)
        self._finish()

    def on_a_thread(self) -> None:
        if self.document.transaction is not None:
            self.document.transaction.commit()
        before = self.document.picture
        # Not a waiting cursor: everything else can be used meanwhile.
        QGuiApplication.setOverrideCursor(Qt.CursorShape.BusyCursor)
        self.workspace.background.run(
            lambda: self.edit(before), lambda after: self._take(before, after), self._fail
        )

    def _take(self, before: Picture, after: Picture) -> None:
        QGuiApplication.restoreOverrideCursor()
        if self.document.picture is not before:
            # Something else was edited meanwhile: nothing of that may be lost.
            self.on_a_thread()
            return
        self.document.apply(self.title, lambda _: after)
        self._finish()

    def _fail(self, error: BaseException) -> None:
        QGuiApplication.restoreOverrideCursor()
        self.workspace.messages.show_error(error)
        self._finish()

    def _finish(self) -> None:
        if self.done is not None and (self.owner is None or shiboken6.isValid(self.owner)):
            self.done()
