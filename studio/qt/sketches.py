"""Small pictures of what a model's names look like, made one by one while nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from studio.api.models import ModelCard
from studio.api.parameters import ParameterSpec
from studio.host.jobs import Job, JobState
from studio.host.requests import RunRequest
from studio.host.services import Services
from studio.host.sketches import SketchBook
from studio.qt.background import Background
from studio.qt.library import Library

Show = Callable[[QPixmap | None], None]


@dataclass(eq=False)
class _Wish:
    path: Path
    request: RunRequest
    owner: QWidget
    show: Show


class Sketches(QObject):
    """Shows each picture that is there, and has the others made, one after the other.

    They are runs of the queue like any other, and give way to whatever somebody waits for. What is
    asked for by a control that is not seen any more is dropped.
    """

    def __init__(
        self, services: Services, background: Background, library: Library, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._services, self._background, self._library = services, background, library
        self._wishes: list[_Wish] = []
        self._now: tuple[_Wish, Job] | None = None
        self._failed: set[Path] = set()

    @property
    def _book(self) -> SketchBook:
        return SketchBook(self._services.store.cache_dir / "sketches", self._services.registry)

    @property
    def busy(self) -> bool:
        """Whether one is being made, or waits to be."""
        return self._now is not None or bool(self._wishes)

    def get(
        self, spec: ParameterSpec, card: ModelCard, name: str, owner: QWidget, show: Show
    ) -> None:
        """Call ``show`` with the picture of a name, now or later; None if there will be none.

        Nothing is downloaded for it.
        """
        request = self._book.request(spec, card, name)
        if request is None:
            show(None)
            return
        path = self._book.path(spec, card, name)
        if path.is_file():
            self._library.thumbnail(path, owner, show)
        elif path not in self._failed:
            self._wishes.append(_Wish(path, request, owner, show))
            self._next()

    def drop(self, owner: QWidget) -> None:
        """Make none of those any more that ``owner`` asked for."""
        self._wishes = [wish for wish in self._wishes if wish.owner is not owner]

    def close(self) -> None:
        """Make none any more."""
        self._wishes.clear()
        if self._now is not None:
            self._services.jobs.cancel(self._now[1])
            self._now = None

    def _next(self) -> None:
        if self._now is not None or not self._wishes or self._awaited:
            return
        wish = self._wishes.pop(0)
        if not shiboken6.isValid(wish.owner) or wish.path in self._failed:
            self._next()
            return
        if wish.path.is_file():
            self._library.thumbnail(wish.path, wish.owner, wish.show)
            self._next()
            return
        settings = self._services.settings
        request = replace(wish.request, device=settings.device, precision=settings.precision)
        self._now = (wish, self._services.jobs.submit(request, "batch", quiet=True))

    @property
    def _awaited(self) -> bool:
        """Whether somebody waits for a run."""
        return any(not job.state.finished for job in self._services.jobs.jobs)

    def on_job(self, job: Job) -> None:
        """Hear of a job of the queue."""
        if self._now is None or job is not self._now[1]:
            if self._now is not None and self._awaited:
                self._services.jobs.cancel(self._now[1])
            self._next()
            return
        if not job.state.finished:
            return
        wish, result, book = self._now[0], job.result, self._book
        if job.state is JobState.CANCELLED:
            self._wishes.insert(0, wish)
            self._made(None)
        elif result is None:
            self._made(wish.path)
        else:
            self._background.run(
                lambda: book.keep(wish.path, result),
                lambda _: self._kept(wish),
                lambda _: self._made(wish.path),
                self,
            )

    def _kept(self, wish: _Wish) -> None:
        if shiboken6.isValid(wish.owner):
            self._library.thumbnail(wish.path, wish.owner, wish.show)
        self._made(None)

    def _made(self, failed: Path | None) -> None:
        """Go on with the next: only now, so that no picture is made while it is being written."""
        if failed is not None:
            self._failed.add(failed)
        self._now = None
        self._next()
