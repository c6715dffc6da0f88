"""Live making: the result of an operation that needs no picture, while its form is open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.host.jobs import Job, JobState
from studio.host.models import ModelStatus
from studio.host.previews import TilePreview
from studio.host.requests import RunRequest
from studio.qt.background import Task
from studio.qt.bridge import JobBridge
from studio.qt.forms.model_control import ModelControl
from studio.qt.generating.images import image_of_preview, images_of
from studio.qt.i18n import tr
from studio.qt.panels.operation_page import OperationPage, makes_live
from studio.qt.panels.tools import ToolPanel
from studio.qt.problems import describe_error
from studio.qt.runs import Runs
from studio.qt.workspace import Workspace


@dataclass(frozen=True)
class _Wish:
    """What is to be shown now."""

    page: OperationPage
    values: str
    seed: int


class LiveMaker(QObject):
    """Keeps pictures in step with the form of a live operation that makes them from nothing.

    One run is under way at a time; when it is finished, the newest values come next. Nothing is
    downloaded for it.

    Signals:
        changed: there are other pictures, or none.
    """

    changed = Signal()

    def __init__(
        self, workspace: Workspace, bridge: JobBridge, tools: ToolPanel, runs: Runs
    ) -> None:
        super().__init__(tools)
        self._workspace, self._queue = workspace, workspace.services.jobs
        self._tools, self._runs = tools, runs
        self._page: OperationPage | None = None
        self._asked: _Wish | None = None
        self._shown: _Wish | None = None
        self._job: Job | None = None
        self._rendering: Task | None = None
        self._keeping: OperationPage | None = None
        self._then: Callable[[], None] | None = None
        self.images: list[QImage] = []
        self.chosen = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        bridge.job_changed.connect(self._on_job)
        bridge.tile.connect(self._on_tile)
        tools.changed.connect(self._on_tools)
        tools.apply.connect(self._on_apply)
        workspace.models.changed.connect(self.refresh)
        runs.result_shown.connect(lambda _: self.refresh())

    @property
    def page(self) -> OperationPage | None:
        """The form of such an operation, if one is open and its preview is on."""
        page = self._tools.page
        fits = page is not None and makes_live(page.operation) and page.live_on
        return page if fits else None

    @property
    def settled(self) -> bool:
        """Whether the pictures are those of the form."""
        return not (self._timer.isActive() or self._asked is not None)

    def refresh(self) -> None:
        """See to it that the pictures are what they should be, soon."""
        if not self._timer.isActive():
            self._timer.start(0)

    def close(self) -> None:
        """Stop for good."""
        self._timer.stop()
        self._timer.timeout.disconnect()
        self._drop()

    def choose(self, number: int) -> None:
        """Another of several pictures is the one to keep."""
        self.chosen = number

    def _on_tools(self) -> None:
        page = self._tools.page
        if page is not None and makes_live(page.operation) and not page.followed:
            page.followed = True
            page.live_toggled.connect(self.refresh)
            if page.seed is not None:
                page.seed.changed.connect(self.refresh)
        if page is not self._page:
            self._page, self._shown = page, None
        self.refresh()

    def _wish(self) -> _Wish | None:
        page = self.page
        if page is None or self._runs.result is not None or not page.form.valid:
            return None
        if not self._has_models(page):
            page.show_live(tr("Download the model to see what it makes."))
            return None
        values = json.dumps(page.form.values(), sort_keys=True)
        return _Wish(page, values, 0 if page.seed is None else page.seed.seed)

    def _has_models(self, page: OperationPage) -> bool:
        models = self._workspace.models
        for control in page.form.controls.values():
            card = control.card() if isinstance(control, ModelControl) else None
            here = (ModelStatus.BUNDLED, ModelStatus.CACHED)
            if card is not None and models.status(card.id) not in here:
                return False
        return True

    def _step(self) -> None:
        wish = self._wish() if self._keeping is None else None
        if wish is None:
            if self._keeping is None and self.page is None:
                self._drop()
            return
        if self._asked is not None or wish == self._shown:
            return
        self._asked = wish
        if not self._queue.ready.is_set():
            wish.page.show_live(tr("Preparing…"))
        settings = self._workspace.services.settings
        request = RunRequest(
            operation=wish.page.operation.id,
            parameters=json.loads(wish.values),
            seed=wish.seed,
            device=settings.device,
            precision=settings.precision,
            live=True,
        )
        self._job = self._queue.submit(request, "interactive", quiet=True)

    def _on_tile(self, job: Job, preview: TilePreview) -> None:
        """What takes longer is seen while it forms."""
        if job is self._job and preview.area is None:
            self.images, self._shown = [image_of_preview(preview, None)], None
            self.changed.emit()

    def _on_job(self, job: Job) -> None:
        if job is self._job and self._asked is not None and not job.state.finished and job.message:
            self._tell(job)
        if job is not self._job or not job.state.finished:
            return
        self._job = None
        result = job.result
        if job.state is JobState.FAILED and job.error is not None:
            self._failed(UserError(job.error.message, job.error.hint))
        elif result is None or self._asked is None:
            self._next()
        else:
            self._rendering = self._workspace.background.run(
                lambda: images_of(result), self._have, self._failed, self
            )

    def _tell(self, job: Job) -> None:
        """Say what a run does that takes longer than a moment."""
        if self._asked is not None and job.seconds > 0.5:
            from studio.qt.panels.job_card import progress_text

            self._asked.page.show_live(progress_text(job))

    def _have(self, images: list[QImage]) -> None:
        asked = self._asked
        if asked is not None:
            asked.page.show_live("")
            self._shown, self.images = asked, images
            self.chosen = min(self.chosen, len(images) - 1)
        self._next()
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        if self._asked is not None:
            self._shown = self._asked  # not again until something changes
            problem = describe_error(error)
            self._asked.page.show_live(f"{problem.message} {problem.hint}".strip(), wrong=True)
        self.images = []
        self._next()
        self.changed.emit()

    def _next(self) -> None:
        self._asked = self._rendering = None
        self.refresh()

    def _drop(self) -> None:
        """Stop, and forget what was made."""
        if self._job is not None:
            self._queue.cancel(self._job)
            self._job = None
        if self._rendering is not None:
            self._rendering.cancel()
        self._asked = self._shown = self._rendering = None
        if self.images:
            self.images = []
            self.changed.emit()

    # Keeping

    def keep(self, then: Callable[[], None] | None = None) -> None:
        """Make the chosen picture a layer or a picture of its own, then call ``then``."""
        self._then = then
        self._tools.request_run()

    def _on_apply(self, operation: Operation, values: Mapping[str, Any]) -> None:
        page = self._tools.page
        if page is None or not makes_live(operation) or self._keeping is not None:
            return
        self._keeping = page
        seed = None if page.seed is None else page.seed.take()
        if self._runs.start(operation, values, finished=self._kept, seed=seed) is None:
            self._keeping = self._then = None

    def _kept(self, job: Job) -> None:
        result, then = job.result, self._then
        page, self._keeping, self._then = self._keeping, None, None
        if result is not None:
            self._runs.offer((result,))
            if self._runs.result is result:
                self._runs.variation = min(self.chosen, result.variations - 1)
                self._runs.apply()
                if page is not None:
                    page.applied()
                if then is not None:
                    then()
        self.refresh()
