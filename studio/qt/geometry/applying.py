"""Making an edit without holding up the window: at once if it is small, on a thread if not."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

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
        owner: nothing is called back once Qt has deleted it.
    """
    finished = done or (lambda: None)

    def failed(error: BaseException) -> None:
        workspace.messages.show_error(error)
        finished()

    if cost <= AT_ONCE:
        try:
            document.apply(title, edit)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
            failed(error)
        else:
            finished()
        return
    if document.transaction is not None:
        document.transaction.commit()
    before = document.picture

    def ready(after: Picture) -> None:
        if document.picture is not before:
            # Something else was edited meanwhile: nothing of that may be lost.
            apply_edit(workspace, document, title, edit, cost, done, owner)
            return
        document.apply(title, lambda _: after)
        finished()

    workspace.background.run(lambda: edit(before), ready, failed, owner)
