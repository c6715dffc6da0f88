"""Running an operation on what the Remove tool was painted over."""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.document import Document, Raster
from studio.host.jobs import Job
from studio.qt.editing import whole_cost
from studio.qt.i18n import tr
from studio.qt.masking.tool import RemoveTool
from studio.qt.panels.tools import ToolPanel
from studio.qt.runs import Runs
from studio.qt.workspace import Workspace


@dataclass(frozen=True, eq=False)
class _Stroke:
    document: weakref.ref[Document]
    mask: Raster


class Removing(QObject):
    """Fills one stroke after the other, each as one undo step of the document it was painted on.

    A stroke that is painted while another is being filled waits, and then sees what that has made.
    """

    def __init__(
        self, tool: RemoveTool, workspace: Workspace, runs: Runs, tools: ToolPanel
    ) -> None:
        super().__init__(tool)
        self._tool, self._workspace, self._runs, self._tools = tool, workspace, runs, tools
        self._strokes: deque[_Stroke] = deque()
        self._running = False
        tool.painted.connect(self.add)
        runs.result_shown.connect(lambda _: self._next())
        workspace.session.replaced.connect(self._on_replaced)

    @property
    def idle(self) -> bool:
        """Whether nothing is being filled or waits."""
        return not self._strokes

    def operation(self) -> Operation | None:
        """What runs: that of the form that is open, if a brush may run it, else the first such."""
        page = self._tools.page
        if page is not None and page.operation.brush:
            return page.operation
        brushes = (each for each in self._workspace.services.registry.operations() if each.brush)
        return next(brushes, None)

    def add(self, mask: Raster) -> None:
        """A stroke has ended."""
        document = self._workspace.session.document
        if document is None:
            return
        if self.operation() is None:
            self._workspace.messages.show_error(
                UserError(
                    tr("There is no plugin that fills what is painted over."),
                    tr("Install one, or look in Plugins whether it failed to load."),
                )
            )
            return
        self._strokes.append(_Stroke(weakref.ref(document), mask))
        self._show()
        self._next()

    def _on_replaced(self) -> None:
        self._show()
        self._next()

    def _show(self) -> None:
        here = self._workspace.session.document
        masks = (each.mask for each in self._strokes if each.document() is here)
        self._tool.show_pending(tuple(masks))

    def _next(self) -> None:
        while self._strokes and not self._running and self._strokes[0].document() is None:
            self._strokes.popleft()
        operation = self.operation()
        if self._running or not self._strokes or operation is None or self._runs.result is not None:
            return
        document, mask = self._strokes[0].document(), self._strokes[0].mask
        if document is None or document is not self._workspace.session.document:
            return
        page = self._tools.page
        own = page is not None and page.operation is operation and page.form.valid
        self._running = True
        job = self._runs.start(
            operation,
            page.form.values() if page is not None and own else {},
            picture=document.picture.with_selection(mask),
            finished=self._finished,
        )
        if job is None:
            self._done()

    def _finished(self, job: Job) -> None:
        document = self._strokes[0].document() if self._strokes else None
        if job.result is None or document is None:
            self._done()
            return
        self._workspace.edits.apply(
            document, tr(self._tool.title), job.result.edit(), whole_cost(document.picture),
            lambda _kept: self._done(), self, job.result.record,
        )  # fmt: skip

    def _done(self) -> None:
        self._running = False
        if self._strokes:
            self._strokes.popleft()
        self._show()
        self._next()
