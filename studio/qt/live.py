"""Live preview: the canvas shows an operation's result while its form is open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.document import Document, Picture, Rect, composite
from studio.host.hints import Dab
from studio.host.jobs import Job, JobState
from studio.host.proxies import reduced
from studio.host.requests import RunRequest
from studio.host.results import RunResult, as_layers
from studio.qt.background import Task
from studio.qt.bridge import JobBridge
from studio.qt.canvas import CanvasView, Overlay
from studio.qt.editing import whole_cost
from studio.qt.i18n import tr
from studio.qt.live_result import image_of_result
from studio.qt.panels.counts import Counter, Counts
from studio.qt.panels.live_pane import LivePane
from studio.qt.panels.operation_page import OperationPage
from studio.qt.panels.tools import ToolPanel
from studio.qt.problems import describe_error
from studio.qt.runs import Runs
from studio.qt.workspace import Workspace

LARGEST = 6_000_000
"""Pixels of a stand-in; what would need more is shown a little softer."""
LARGEST_WHOLE = 1_500_000
"""The same where the whole picture has to be seen, whatever is in view."""
AFTER_MOVING_MS = 80


@dataclass(frozen=True, eq=False)
class View:
    """What a preview is made of, besides the values: a part of a picture, at a size."""

    picture: Picture
    region: Rect
    width: int
    height: int

    def same(self, other: View | None) -> bool:
        """Whether a stand-in made for the other will do."""
        return other is not None and (
            self.picture is other.picture
            and (self.region, self.width, self.height) == (other.region, other.width, other.height)
        )

    @property
    def scale(self) -> float:
        """Size of the stand-in against the picture."""
        return math.sqrt(self.width * self.height / (self.region.width * self.region.height))


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be shown now."""

    page: OperationPage
    document: Document
    view: View
    values: Mapping[str, Any]
    hints: tuple[Dab, ...] = ()

    def same_subject(self, other: Wish) -> bool:
        """Whether the result of one may be shown for the other.

        Over the canvas it must be of the same state of the picture. Beside it the last one stays
        until the next is ready: a stroke goes on meanwhile.
        """
        if self.page is not other.page or self.document is not other.document:
            return False
        return self.page.operation.follows_drawing or self.view.picture is other.view.picture

    def same(self, other: Wish | None) -> bool:
        """Whether it is what is shown already."""
        return (
            other is not None
            and self.page is other.page
            and self.values == other.values
            and self.hints == other.hints
            and self.view.same(other.view)
        )


class Live(QObject):
    """Keeps the canvas in step with the form of a live operation, and applies it as one step.

    One preview is under way at a time; when it is finished, the newest values come next, so a
    slider that is dragged is followed as fast as the processor allows, and nothing piles up. Each
    runs on a stand-in of what is in view, at the resolution of the screen.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: CanvasView,
        bridge: JobBridge,
        tools: ToolPanel,
        runs: Runs,
        pane: LivePane,
    ) -> None:
        super().__init__(tools)
        self._pane = pane
        self._workspace, self._canvas = workspace, canvas
        self._session, self._queue = workspace.session, workspace.services.jobs
        self._tools, self._runs = tools, runs
        self._stale = self._busy = False
        self._stand_in: tuple[View, Picture] | None = None
        self._job: Job | None = None
        self._asked: Wish | None = None
        self._shown: Wish | None = None
        self._overlay: Overlay | None = None
        self._applying: OperationPage | None = None
        self._edited: Document | None = None
        self._keeping = False
        self._counter, self._counting = Counter(), False
        self._counted: Picture | None = None
        self._counts: Counts | None = None
        self._page: OperationPage | None = None
        self._rendering: Task | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        self._keys = [
            self._key(tools, "Esc", self.leave),
            self._key(canvas, "Esc", self.leave),
            self._key(canvas, "Return", tools.request_run),
            self._key(canvas, "Enter", tools.request_run),
        ]
        bridge.job_changed.connect(self._on_job)
        tools.changed.connect(self._on_tools)
        tools.apply.connect(self.apply)
        pane.keep.connect(self.keep)
        runs.result_shown.connect(lambda _: self.refresh())
        workspace.hints.changed.connect(self.refresh)
        self._session.replaced.connect(self.refresh)
        self._session.changed.connect(self.refresh)
        canvas.viewport_changed.connect(lambda: self.refresh(AFTER_MOVING_MS))

    def _key(self, focus: QWidget, keys: str, call: Any) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), focus)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)
        shortcut.setEnabled(False)
        return shortcut

    @property
    def shown(self) -> bool:
        """Whether there is a preview now, on the canvas or beside it."""
        if self.beside:
            return self._pane.filled
        return self._overlay is not None and self._canvas.overlay is self._overlay

    @property
    def beside(self) -> bool:
        """Whether the form that is open has its result beside the canvas."""
        page = self.page
        return page is not None and page.operation.follows_drawing

    @property
    def settled(self) -> bool:
        """Whether the canvas is up to date with the form."""
        return not (self._stale or self._busy)

    @property
    def page(self) -> OperationPage | None:
        """The form of a live operation, if one is open over a document."""
        page = self._tools.page
        if page is None or not page.operation.live or self._session.document is None:
            return None
        return page if page.operation.input != "none" else None

    def refresh(self, delay: int = 0) -> None:
        """See to it that the canvas shows what it should, soon."""
        self._stale = True
        if not self._timer.isActive() or self._timer.remainingTime() > delay:
            self._timer.start(delay)

    def leave(self) -> None:
        """Close the form; the picture stays as it was."""
        if self.page is not None and self._applying is None:
            self._close_form()

    def _close_form(self) -> None:
        # The next key is meant for the picture, not for the search field of the list.
        self._tools.show_list()
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> None:
        """Stop for good."""
        self._timer.stop()
        self._timer.timeout.disconnect()
        self._drop()

    # What is wanted

    def _on_tools(self) -> None:
        page = self.page
        if page is not self._page:
            self._page = page
            if page is not None and not page.followed:
                page.followed = True
                page.live_toggled.connect(self.refresh)
                page.original_held.connect(self._canvas.set_show_before)
            self._counted = None
        self.refresh()

    def _wish(self) -> Wish | None:
        page, document = self.page, self._session.document
        if page is None or document is None or self._runs.result is not None:
            return None
        if not page.live_on or not page.form.valid:
            return None
        view = self._view(page.operation, document.picture)
        if view is None:
            return None
        hints = self._workspace.hints.given_to(page.operation)
        return Wish(page, document, view, page.form.values(), hints)

    def _view(self, operation: Operation, picture: Picture) -> View | None:
        """The part in view with what its edge depends on, at the resolution of the screen."""
        drawn = operation.follows_drawing  # seen beside the canvas, however that is zoomed
        zoom, largest = 1.0 if drawn else min(self._canvas.zoom, 1.0), LARGEST
        region = self._canvas.visible_region()
        if operation.preview and not drawn:
            region = region.grown(operation.context_pixels).intersected(picture.bounds)
        else:
            region, largest = picture.bounds, LARGEST_WHOLE
        if region.empty:
            return None
        scale = min(zoom, math.sqrt(largest / (region.width * region.height)))
        width, height = max(round(region.width * scale), 1), max(round(region.height * scale), 1)
        return View(picture, region, width, height)

    # One preview after the other

    def _step(self) -> None:
        page, free = self.page, self._runs.result is None
        for key in self._keys:
            # While one draws, these keys belong to the tools.
            on_canvas = key.parent() is self._canvas
            key.setEnabled(page is not None and free and not (on_canvas and self.beside))
        self._pane.setVisible(self.beside and page is not None and page.live_on and free)
        self._count()
        if self._applying is not None or not self._stale:
            return
        wish = self._wish()
        if wish is None:
            self._stale = False
            self._drop()
            return
        if self._busy:
            return
        self._stale = False
        if wish.same(self._shown) and self.shown:
            return
        self._busy, self._asked = True, wish
        if self._stand_in is not None and wish.view.same(self._stand_in[0]):
            self._submit(wish, self._stand_in[1])
            return
        view = wish.view
        self._rendering = self._workspace.background.run(
            lambda: reduced(view.picture, view.region, view.width, view.height),
            lambda made: self._have_stand_in(wish, made),
            self._failed,
            self,
        )

    def _have_stand_in(self, wish: Wish, made: Picture) -> None:
        self._stand_in = (wish.view, made)
        self._submit(wish, made)

    def _submit(self, wish: Wish, stand_in: Picture) -> None:
        settings, region = self._workspace.services.settings, wish.view.region
        if not self._queue.ready.is_set():
            wish.page.show_live(tr("Preparing…"))
        request = RunRequest(
            operation=wish.page.operation.id,
            parameters=wish.values,
            picture=stand_in,
            layer=stand_in.active_layer.id,
            device=settings.device,
            precision=settings.precision,
            scale=wish.view.scale,
            hints=tuple(dab.moved((region.x, region.y), wish.view.scale) for dab in wish.hints),
            live=True,
        )
        self._job = self._queue.submit(request, "interactive", quiet=True)

    def _on_job(self, job: Job) -> None:
        if job is not self._job or not job.state.finished:
            return
        self._job = None
        result, wish = job.result, self._asked
        if job.state is JobState.FAILED and job.error is not None:
            self._failed(UserError(job.error.message, job.error.hint))
        elif result is None or wish is None or result.request.picture is None:
            self._next()
        else:
            stand_in, background = result.request.picture, self._workspace.background
            if wish.page.operation.follows_drawing:
                self._rendering = background.run(
                    lambda: image_of_result(result, stand_in),
                    lambda image: self._show_beside(wish, image), self._failed, self,
                )  # fmt: skip
                return
            self._rendering = background.run(
                lambda: _flat(result, stand_in), lambda after: self._show(wish, after),
                self._failed, self,
            )  # fmt: skip

    def _show(self, wish: Wish, after: Picture) -> None:
        wish.page.show_live("")
        present = self._wish() if self._applying is None else None
        if present is not None and present.same_subject(wish):
            title = tr(wish.page.operation.title)
            self._overlay = Overlay(after, wish.view.region, "", title, divided=False)
            self._shown = wish
            self._canvas.set_overlay(self._overlay)
        self._next()

    def _show_beside(self, wish: Wish, image: QImage) -> None:
        wish.page.show_live("")
        present = self._wish() if self._applying is None else None
        if present is not None and present.same_subject(wish):
            self._pane.show_image(image, tr(wish.page.operation.title))
            self._shown = wish
        self._next()

    def _failed(self, error: BaseException) -> None:
        if self._asked is not None:
            self._shown = self._asked  # not again until something changes
            problem = describe_error(error)
            self._asked.page.show_live(f"{problem.message} {problem.hint}".strip(), wrong=True)
        self._clear()
        self._next()

    def _next(self) -> None:
        self._busy, self._rendering = False, None
        if self._stale:
            self._timer.start(0)

    def _clear(self) -> None:
        """Take the preview off the canvas, or from beside it."""
        self._pane.clear()
        shown = self._overlay is not None and self._canvas.overlay is self._overlay
        self._overlay = None
        if shown:
            self._canvas.set_overlay(None)

    def _drop(self) -> None:
        """Stop and forget everything that was made for a preview."""
        if self._job is not None:
            self._queue.cancel(self._job)
            self._job = None
        if self._rendering is not None:
            self._rendering.cancel()
        if self._asked is not None:
            self._asked.page.show_live("")
        self._clear()
        self._stand_in = self._asked = self._shown = None
        self._next()

    # The histogram behind curves and levels

    def _count(self) -> None:
        page, document = self.page, self._session.document
        if page is None or document is None or not page.form.wants_counts:
            return
        picture = document.picture
        if self._counting or picture is self._counted:
            return
        self._counting = True

        def done(counts: Counts | None) -> None:
            self._counting, self._counted = False, picture
            page.form.show_counts(counts)
            self.refresh()

        def failed(_error: BaseException) -> None:
            done(None)

        counter = self._counter
        self._workspace.background.run(lambda: counter.count(picture, "layer"), done, failed, self)

    # The end

    def apply(self, operation: Operation, values: Mapping[str, Any]) -> None:
        """Run it on the whole picture and make that one undo step; then close the form."""
        page = self.page
        if page is None or page.operation is not operation or self._applying is not None:
            return
        overlay = self._overlay if self.shown else None
        # What is random in it is to come out as it was shown.
        seed = 0 if operation.follows_drawing else None
        self._applying, self._edited = page, self._session.document
        if self._runs.start(operation, values, finished=self._applied, seed=seed) is None:
            self._applying = self._edited = None
            return
        if overlay is not None:  # starting a run clears the canvas
            self._canvas.set_overlay(overlay)

    def keep(self) -> None:
        """Make layers of the result on the whole picture, as one undo step; the form stays open."""
        page = self.page
        if page is not None and page.operation.follows_drawing and self._applying is None:
            self._keeping = True
            self.apply(page.operation, page.form.values())
            self._keeping = self._applying is not None

    def _applied(self, job: Job) -> None:
        # Of the document it was started from, whichever is in front by now.
        result, document = job.result, self._edited
        if result is None or document is None:
            self._end_applying(kept=False)
            return
        if result.variations > 1 and document is self._session.document:
            self._end_applying(kept=False)
            self._runs.offer((result,))  # to choose from
            return
        self._workspace.edits.apply(
            document, tr(result.title), as_layers(result) if self._keeping else result.edit(),
            whole_cost(document.picture), lambda kept: self._end_applying(kept=kept), self,
            {**result.record, "as_layers": True} if self._keeping else result.record,
        )  # fmt: skip

    def _end_applying(self, *, kept: bool) -> None:
        page, self._applying, self._edited = self._applying, None, None
        stays, self._keeping = self._keeping, False
        if kept and page is not None and not stays:
            page.applied()
            self._clear()
            if self._tools.page is page:
                self._close_form()
        self.refresh()


def _flat(result: RunResult, stand_in: Picture) -> Picture:
    """What the canvas would show, as one layer, which is quick to draw."""
    after = result.edit()(stand_in)
    return Picture.from_pixels(composite(after), icc=after.icc)
