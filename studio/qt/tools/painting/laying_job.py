"""Edits of the whole canvas by a tool: on a thread where the picture is large, one undo step."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer

from studio.document import Document, Picture
from studio.qt.i18n import tr
from studio.qt.tools.base import Tool

AT_ONCE = 500_000
"""Canvas pixels up to which there is no need for another thread."""
WAIT_MS = 30

Plan = Callable[[Picture], Callable[[], Picture]]
"""From a picture to the work that makes another one of it, which may run on any thread."""


class LayingJob:
    """Carries out a plan on a document, which may go on changing meanwhile.

    If the document has another picture by the time the work is done, the work is done again on
    that one; a stroke or drag that goes on is waited for.

    Args:
        tool: whose title the undo step gets.
        document: what is changed.
        plan: a UserError that it raises is the tool's to show.
        finished: called at the end, whatever became of it.
    """

    def __init__(
        self, tool: Tool, document: Document, plan: Plan, finished: Callable[[], None]
    ) -> None:
        self._tool, self._document, self._plan = tool, document, plan
        self._finished = finished
        self._picture = document.picture

    def start(self) -> None:
        """Begin; small pictures are done when it returns.

        Raises:
            UserError: from the plan.
        """
        document = self._document
        self._picture = picture = document.picture
        work = self._plan(picture)
        if picture.width * picture.height <= AT_ONCE:
            self._keep(work())
            return
        background = self._tool.desk.workspace.background
        background.run(work, self._settle, self._fail, self._tool)

    def _settle(self, result: Picture) -> None:
        if self._document.transaction is not None:
            QTimer.singleShot(WAIT_MS, self._tool, lambda: self._settle(result))
        elif self._document.picture is self._picture:
            self._keep(result)
        else:
            try:
                self.start()
            except Exception as error:  # noqa: BLE001 - shown; the tool must not stay busy
                self._fail(error)

    def _keep(self, result: Picture) -> None:
        self._finished()
        self._document.apply(tr(self._tool.title), lambda _: result)

    def _fail(self, error: BaseException) -> None:
        self._finished()
        self._tool.desk.workspace.messages.show_error(error)
