"""The part of the window that shows what is made from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from studio.api.operation import FollowUp
from studio.host.jobs import Job
from studio.host.previews import TilePreview
from studio.host.results import RunResult
from studio.qt.area import Area, Desk
from studio.qt.background import Task
from studio.qt.generating.follow_ups import FollowUps
from studio.qt.generating.images import image_of_preview, images_of
from studio.qt.generating.live import LiveMaker
from studio.qt.generating.pane import GeneratedPane
from studio.qt.i18n import tr

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow


class GeneratingArea(Area):
    """Brings the pane that shows pictures forming, live ones, and results to choose from."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._window = window = cast("MainWindow", desk.window)
        self._runs = runs = desk.runs
        self.pane = GeneratedPane(desk.workspace.theme)
        self.maker = LiveMaker(desk.workspace, window.bridge, window.tools, runs)
        self.follow_ups = FollowUps(desk.workspace, runs)
        self._forming: tuple[Job, QImage] | None = None
        self._result: RunResult | None = None
        self._images: list[QImage] = []
        self._reading: Task | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._show)
        window.bridge.job_changed.connect(desk.workspace.sketches.on_job)
        runs.forming.connect(self._on_forming)
        runs.job_moved.connect(self._on_job)
        runs.result_shown.connect(self._on_result)
        runs.variation_chosen.connect(self._on_variation)
        self.maker.changed.connect(self.show_soon)
        window.tools.changed.connect(self.show_soon)
        self.pane.chosen.connect(self._on_chosen)
        self.pane.taken.connect(self._on_taken)
        self.pane.follow.connect(self._on_follow)

    def beside(self) -> tuple[QWidget, ...]:
        """The pane."""
        return (self.pane,)

    def close(self) -> None:
        """Stop making."""
        self._later.stop()
        self._later.timeout.disconnect()
        self.maker.close()
        self.desk.workspace.sketches.close()

    def show_soon(self) -> None:
        """Bring the pane up to date; at the end of a run much changes at once."""
        if not self._later.isActive():
            self._later.start(0)

    # What there is

    def _on_forming(self, job: Job, preview: TilePreview) -> None:
        picture = job.request.picture
        icc = picture.icc if picture is not None else None
        self._forming = job, image_of_preview(preview, icc)
        self.show_soon()

    def _on_job(self, job: Job | None) -> None:
        if self._forming is not None and self._forming[0] is not job:
            self._forming = None
            self.show_soon()

    def _on_result(self, result: RunResult | None) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._result, self._images = None, []
        self.show_soon()
        if result is None or not self._is_shown(result):
            return
        self._result = result

        def have(images: list[QImage]) -> None:
            self._images, self._reading = images, None
            self.show_soon()

        self._reading = self.desk.workspace.background.run(
            lambda: images_of(result), have, owner=self
        )

    def _is_shown(self, result: RunResult) -> bool:
        """Whether a result has no place on the canvas yet, or is one of several new layers."""
        return result.input == "none" or (result.variations > 1 and result.output == "layers")

    def _show(self) -> None:
        pane, page = self.pane, self.maker.page
        if self._result is not None:
            if self._images:
                self._show_result(self._result)
                pane.show()
        elif self._forming is not None:
            job, image = self._forming
            pane.show_pictures(tr(job.title), tr("Forming…"), [image])
            pane.offer(())
            pane.show()
        elif page is not None:
            several = len(self.maker.images) > 1
            pane.show_pictures(
                tr(page.operation.title),
                self._size_of(self.maker.images),
                self.maker.images,
                self.maker.chosen if several else None,
            )
            pane.offer(self.follow_ups.of(page.operation) if self.maker.images else ())
            pane.show()
        else:
            pane.hide()
            pane.clear()

    def _show_result(self, result: RunResult) -> None:
        operation = self.desk.workspace.services.registry.get(result.request.operation)
        several = len(self._images) > 1
        state = self._size_of(self._images)
        if several:
            state += " · " + tr("choose one of {count}", count=len(self._images))
        chosen = self._runs.variation if several else None
        self.pane.show_pictures(tr(result.title), state, self._images, chosen)
        follows = operation is not None and result.input == "none"
        self.pane.offer(self.follow_ups.of(operation) if operation and follows else ())
        if self.desk.workspace.session.document is None:
            self.pane.grid.setFocus()

    @staticmethod
    def _size_of(images: list[QImage]) -> str:
        return f"{images[0].width()} × {images[0].height()}" if images else ""

    # What is done with it

    def _on_variation(self, number: int) -> None:
        self.pane.grid.choose(number)
        self._window.bottom.result.variations.setCurrentIndex(number)

    def _on_chosen(self, number: int) -> None:
        if self._result is not None:
            self._runs.choose(number)
        else:
            self.maker.choose(number)

    def _on_taken(self, number: int) -> None:
        if self._result is None:
            self.maker.choose(number)
            self._window.tools.request_run()
        else:
            self._runs.choose(number)
            self._runs.apply()

    def _on_follow(self, follow_up: FollowUp) -> None:
        if self._result is not None:
            self.follow_ups.begin(follow_up, self.follow_ups.keep_result)
        else:
            self.follow_ups.begin(follow_up, self.maker.keep)
