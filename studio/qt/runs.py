"""Running operations from a window: submit, watch, show the result, apply or discard it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from PySide6.QtCore import QObject, Signal

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.document import Document, Picture, Rect
from studio.document.transforms import grown_canvas
from studio.host.jobs import Job, JobState
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.qt.background import Task
from studio.qt.bridge import JobBridge
from studio.qt.canvas import CanvasView, Overlay
from studio.qt.i18n import tr
from studio.qt.problems import in_words
from studio.qt.workspace import Workspace

KEPT_RESULTS = 3


@dataclass
class Pending:
    """What of a document waits for the user.

    Attributes:
        jobs: finished, their results not shown yet.
        result: was shown when another document came to the front.
        variation: which of its variations.
    """

    jobs: list[Job] = field(default_factory=list)
    result: RunResult | None = None
    variation: int = 0


class Runs(QObject):
    """What this window has running, and the result that waits for a decision.

    Runs and results belong to the document they were started from: a result that arrives while
    another one is in front is shown when its document is chosen, and closing a document cancels its
    runs. What was started without a document belongs to whatever is in front.

    Signals:
        job_moved: the job whose progress is shown has moved on; None when there is none.
        result_shown: a `RunResult` waits for Apply or Discard; None when none does.
        applicable: whether the result that waits can be applied, and if not, why.
        new_picture: a picture, its title and its record: a result that is a document of its own.
        forming: a job that makes a picture from nothing, and a preview of what it has.
        variation_chosen: the number of the variation that is shown now.
    """

    job_moved = Signal(object)
    result_shown = Signal(object)
    applicable = Signal(bool, str)
    new_picture = Signal(object, str, object)
    forming = Signal(object, object)
    variation_chosen = Signal(int)

    def __init__(self, workspace: Workspace, canvas: CanvasView, bridge: JobBridge) -> None:
        super().__init__(canvas)
        self._workspace = workspace
        self._session = workspace.session
        self._queue = workspace.services.jobs
        self._canvas = canvas
        self._own: dict[int, Job] = {}
        self._finished: dict[int, Callable[[Job], None]] = {}
        self._document: Document | None = None
        self._owners: dict[int, ReferenceType[Document] | None] = {}
        self._pending: WeakKeyDictionary[Document, Pending] = WeakKeyDictionary()
        self._here = Pending()
        self._rendering: Task | None = None
        self._after: tuple[Picture | None, Picture] | None = None
        self.job: Job | None = None
        self.result: RunResult | None = None
        self.variation = 0
        self._applying = False
        bridge.job_changed.connect(self._on_job)
        bridge.tile.connect(self._on_tile)
        self._session.replaced.connect(self._on_replaced)
        self._session.closed.connect(self._on_closed)
        self._session.changed.connect(self._on_changed)

    # Starting

    def start(
        self,
        operation: Operation,
        parameters: Mapping[str, Any],
        *,
        picture: Picture | None = None,
        region: Rect | None = None,
        finished: Callable[[Job], None] | None = None,
        seed: int | None = None,
    ) -> Job | None:
        """Queue an operation on the picture as it is now.

        Args:
            operation: what to run.
            parameters: plain values of its form.
            picture: what to run it on instead, with its selection as it is, such as a painted mask.
            region: only this part of the canvas, to try it.
            finished: called with the job at its end, whatever that is; its result is not shown then.
            seed: of everything random; None = another one each time.
        """
        document = self._session.document
        if document is None and operation.input != "none":
            self._tell(
                UserError(tr("There is no picture to work on."), tr("Open a picture first."))
            )
            return None
        settings = self._workspace.services.settings
        grow, feather = self._workspace.mask.given_to(operation) if picture is None else (0, 0)
        if picture is None:
            picture = document.picture if document is not None else None
        request = RunRequest(
            operation=operation.id,
            parameters=dict(parameters),
            picture=picture,
            layer=picture.active_layer.id if picture is not None else None,
            region=region,
            grow=grow,
            feather=feather,
            hints=self._workspace.hints.given_to(operation),
            seed=secrets.randbelow(2**31) if seed is None else seed,
            device=settings.device,
            precision=settings.precision,
        )
        # A try goes before whole runs, and a newer try replaces the one before.
        if region is None:
            return self._submit(lambda: self._queue.submit(request, "batch"), finished)
        key = f"try-{id(self)}"
        return self._submit(lambda: self._queue.submit(request, "interactive", replaces=key))

    def run_whole(self) -> None:
        """Run what was tried, with the same seed, on the whole of the present picture."""
        result, document = self.result, self._session.document
        if result is None or document is None:
            return
        request = replace(result.request, region=None, picture=document.picture)
        self._submit(lambda: self._queue.submit(request, "batch"))

    def retry(self, job: Job) -> None:
        """Queue a job's request again, for the document it was for."""
        owner = self._owner(job)
        if owner is not None:
            self._session.switch(owner)
        self._submit(lambda: self._queue.retry(job))

    def _submit(
        self, submit: Callable[[], Job], finished: Callable[[Job], None] | None = None
    ) -> Job | None:
        self.discard()
        try:
            job = submit()
        except UserError as error:
            self._tell(error)
            return None
        self._own[job.id] = job
        document = self._session.document
        self._owners[job.id] = None if document is None else ref(document)
        if finished is not None:
            self._finished[job.id] = finished
        self._show_job(job)
        return job

    def cancel(self) -> None:
        """Ask the job that is shown to stop."""
        if self.job is not None:
            self._queue.cancel(self.job)

    def stop(self) -> None:
        """Ask the job that is shown to end now, and keep what it has."""
        if self.job is not None:
            self._queue.stop(self.job)

    def cancel_all(self) -> None:
        """Ask every job of this window to stop."""
        for job in self._own.values():
            self._queue.cancel(job)

    def _owner(self, job: Job) -> Document | None:
        """The document a job was started from; None if there was none, or it is gone."""
        owner = self._owners.get(job.id)
        return None if owner is None else owner()

    def _is_here(self, job: Job) -> bool:
        """Whether a job's result belongs to what is in front."""
        return self._owners.get(job.id) is None or self._owner(job) is self._session.document

    @property
    def busy(self) -> bool:
        """Whether a job of this window waits or runs."""
        return any(not job.state.finished for job in self._own.values())

    # Following

    def _on_job(self, job: Job) -> None:
        if job.id not in self._own:
            return
        if not job.state.finished:
            moved = self.job is None or self.job is job or job.state is JobState.RUNNING
            if moved and self._is_here(job):
                self._show_job(job)
            return
        del self._own[job.id]
        finished = self._finished.pop(job.id, None)
        if self.job is job:
            self._canvas.clear_tiles()
            self._show_job(next(filter(self._is_here, self._own.values()), None))
        if job.state is JobState.FAILED and job.error is not None:
            message, hint = in_words(job.error.message, job.error.hint)
            if not message.startswith(job.title):
                message = tr("{title} failed: {message}", title=tr(job.title), message=message)
            retry = (tr("Retry"), lambda: self.retry(job))
            details = job.error.details
            self._workspace.messages.show_message("error", message, hint, details, retry)
        elif job.state is JobState.CANCELLED and job.key is None:
            self._workspace.messages.show_message(
                "info", tr("{title} was canceled.", title=tr(job.title))
            )
        elif job.result is not None and finished is None:
            self._take(job)
            self._forget_old_results()
        if finished is not None:
            finished(job)

    def _take(self, job: Job) -> None:
        """Show a result, or keep it until its document is in front."""
        if self._is_here(job):
            self._here.jobs.append(job)
            self._show_next()
            return
        entry = self._session.entry(self._owner(job))
        if entry is not None:
            self._pending.setdefault(entry.document, Pending()).jobs.append(job)
            text = tr("{title} has finished for {name}.", title=tr(job.title), name=entry.name)
            show = (tr("Show"), lambda: self._session.switch(entry.document))
            self._workspace.messages.show_message("success", text, action=show)

    def _forget_old_results(self) -> None:
        """Results are large: only the latest ones can be shown again."""
        held = [self._here, *self._pending.values()]
        waiting = [job.result for pending in held for job in pending.jobs]
        kept = [self.result, *waiting, *(pending.result for pending in held)]
        done = [job for job in self._queue.jobs if job.state is JobState.DONE]
        for job in done[:-KEPT_RESULTS]:
            if not any(job.result is result for result in kept):
                job.result = None

    def _show_job(self, job: Job | None) -> None:
        if job is not self.job:
            self._canvas.clear_tiles()
        self.job = job
        self.job_moved.emit(job)

    def _on_tile(self, job: Job, preview: Any) -> None:
        if job is not self.job:
            return
        if preview.area is None:
            self.forming.emit(job, preview)
        elif job.request.picture is self._present():
            self._canvas.show_tile(preview)

    # The result

    def unapplied(self, document: Document) -> tuple[RunResult, ...]:
        """Finished runs on a document that wait for Apply or Discard; tries are not kept."""
        here = document is self._session.document
        pending = self._here if here else self._pending.get(document, Pending())
        shown = self.result if here else pending.result
        waiting = (shown, *(job.result for job in pending.jobs))
        return tuple(result for result in waiting if result is not None and not result.is_try)

    def offer(self, results: Sequence[RunResult]) -> None:
        """Let results of the document in front, such as recovered ones, wait for a decision."""
        for result in results:
            job = Job(0, result.request, result.title, state=JobState.DONE, result=result)
            self._here.jobs.append(job)
        self._show_next()

    def show_result(self, job: Job) -> None:
        """Show a finished job's result again."""
        if job.result is not None:
            owner = self._owner(job)
            if owner is not None:
                self._session.switch(owner)
            self.discard(keep_queue=True)
            self._here.jobs.insert(0, job)
            self._show_next()

    def waits(self, result: RunResult) -> bool:
        """Whether a result is looked at before it is opened as a picture, with no other one open."""
        operation = self._queue.runner.registry.get(result.request.operation)
        again = operation is not None and (operation.seeded or bool(operation.follow_ups))
        return result.variations > 1 or again

    def choose(self, variation: int) -> None:
        """Show another of several results."""
        if self.result is not None:
            self.variation = variation
            self.variation_chosen.emit(variation)
            self._render()

    def apply(self) -> None:
        """Make the result one undo step."""
        result, document = self.result, self._session.document
        if result is None:
            return
        if result.output == "document" or document is None:
            picture = self._after[1] if self._after else result.after(self.variation)
            record = result.record_of(self.variation)
            self.discard()
            self.new_picture.emit(picture, tr(result.title), record)
            return
        present, after = document.picture, self._after
        self._applying = True
        try:
            edit, record = result.edit(self.variation), result.record_of(self.variation)
            if after is not None and after[0] is present:
                ready = after[1]
                document.apply(tr(result.title), lambda _: ready, record)
            else:
                document.apply(tr(result.title), edit, record)
        except UserError as error:
            self._tell(error)
            return
        finally:
            self._applying = False
        self.discard()

    def discard(self, *, keep_queue: bool = False) -> None:
        """Take the result away; nothing of it stays."""
        if self._rendering is not None:
            self._rendering.cancel()
            self._rendering = None
        had, self.result, self._after = self.result, None, None
        self._canvas.set_overlay(None)
        if had is not None:
            self.result_shown.emit(None)
        if not keep_queue:
            self._show_next()

    def _show_next(self) -> None:
        if self.result is not None or not self._here.jobs:
            return
        job = self._here.jobs.pop(0)
        self.result, self.variation = job.result, 0
        self.result_shown.emit(self.result)
        self._render()

    def _render(self) -> None:
        """Compute what the overlay shows on a thread: a large result takes a while."""
        result, document = self.result, self._session.document
        if result is None:
            return
        if self._rendering is not None:
            self._rendering.cancel()
        self._after = None
        variation = self.variation
        own = result.output == "document" or _is_enlarged_region(result)
        present = document.picture if document is not None and not own else None
        shown = None if result.output == "document" else self._present()
        if shown is not None and not self._fits(result, shown):
            self._canvas.set_overlay(None)
            self.applicable.emit(
                False, tr("The picture has another size now. Undo to bring it back.")
            )
            return

        def work() -> Picture:
            return result.after(variation) if present is None else result.edit(variation)(present)

        def show(after: Picture) -> None:
            self._rendering = None
            self._after = (present, after)
            area = _area(result)
            if self._session.document is not None and result.output != "document":
                self._canvas.set_overlay(Overlay(after, area, tr("Before"), tr(result.title)))
            elif self._session.document is None and not self.waits(result):
                self.apply()
                return
            self.applicable.emit(not result.is_try, "")

        self._rendering = self._workspace.background.run(work, show, self._tell)

    @staticmethod
    def _fits(result: RunResult, present: Picture) -> bool:
        origin = result.request.picture
        return origin is None or (origin.width, origin.height) == (present.width, present.height)

    def _present(self) -> Picture | None:
        return self._session.document.picture if self._session.document is not None else None

    def _on_changed(self) -> None:
        """The picture was edited or undone under a result: show the result on what is there now."""
        result = self.result
        if result is None or self._applying or result.output == "document":
            return
        if self._after is not None and self._after[0] is self._present():
            return
        if result.is_try:
            self.discard()
        else:
            self._render()

    def _on_replaced(self) -> None:
        """Put away what belongs to the document that was in front; bring back the other's."""
        left, self._document = self._document, self._session.document
        if left is self._document:
            return
        if left is not None and self._session.entry(left) is not None:
            self._here.result, self._here.variation = self.result, self.variation
            self._pending[left] = self._here
        self._here = Pending()
        if self._document is not None:
            self._here = self._pending.pop(self._document, self._here)
        self.discard(keep_queue=True)
        self._canvas.clear_tiles()
        self._show_job(next(filter(self._is_here, self._own.values()), None))
        result, self._here.result = self._here.result, None
        if result is None:
            self._show_next()
            return
        self.result, self.variation = result, self._here.variation
        self.result_shown.emit(result)
        self._render()

    def _on_closed(self, document: Document) -> None:
        """Stop what runs for a document that is open no more, and forget its results."""
        for job in self._own.values():
            if self._owner(job) is document:
                self._queue.cancel(job)
        self._pending.pop(document, None)

    def _tell(self, error: BaseException) -> None:
        self._workspace.messages.show_error(error)


def _area(result: RunResult) -> Rect | None:
    """The canvas rectangle that the picture with the result covers; None = the canvas."""
    origin = result.request.picture
    if result.margins is not None and origin is not None:
        return grown_canvas(result.margins, origin.width, origin.height)
    return result.request.region if _is_enlarged_region(result) else None


def _is_enlarged_region(result: RunResult) -> bool:
    """Whether a try made a picture of its own: the enlarged region."""
    return result.is_try and result.output == "canvas"
