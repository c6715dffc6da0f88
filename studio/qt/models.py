"""Downloading, importing and checking models without holding up the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.api.models import CheckpointLoader, ModelCard
from studio.api.trainer import Trainer
from studio.host.models import ModelReport, ModelStatus, ModelStore
from studio.qt.background import Background, Task

CHECKPOINT_SUFFIXES = (
    ".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".param", ".bin", ".tar",
)  # fmt: skip
REPORT_SECONDS = 0.1


def is_checkpoint(path: Path) -> bool:
    """Whether a file's name says that it is a model."""
    return path.suffix.lower() in CHECKPOINT_SUFFIXES


class Models(QObject):
    """The model store for widgets: slow work runs on threads, and changes are signals.

    Signals:
        changed: models came, went or changed their status.
        progress: id, bytes done and bytes in all (0 while unknown) of a download.
        fetched: id of a model whose download has ended well.
        failed: an exception.
        imported: the card of a model that was brought along.
        verified: a list of `ModelReport`.
        folder_brought: path of a folder that is a model.
        import_wanted: the user wants to bring a file along.
        train_wanted: id of a trainer that the user wants to make a model with.
    """

    changed = Signal()
    progress = Signal(str, object, object)
    fetched = Signal(str)
    failed = Signal(object)
    imported = Signal(object)
    verified = Signal(list)
    folder_brought = Signal(object)
    import_wanted = Signal()
    train_wanted = Signal(str)

    def __init__(
        self,
        store: ModelStore,
        loaders: Callable[[], Iterable[CheckpointLoader]],
        background: Background,
        parent: QObject | None = None,
        trainers: Callable[[], Iterable[Trainer]] = tuple,
    ) -> None:
        super().__init__(parent)
        self._trainers = trainers
        self._store, self._loaders, self._background = store, loaders, background
        self._statuses: dict[str, ModelStatus] = {}
        self._fetching: dict[str, Task] = {}
        self._looking: Task | None = None

    def cards(self, task: str | None = None) -> tuple[ModelCard, ...]:
        """The known models, of one task if given."""
        return self._store.cards(task)

    def default(self, task: str) -> ModelCard | None:
        """The bundled model of a task."""
        return next((c for c in self.cards(task) if c.source.startswith("bundled:")), None)

    def trainer(self, task: str) -> Trainer | None:
        """What makes models of a task from pictures, if anything does."""
        return next((t for t in self._trainers() if t.task == task), None)

    def status(self, id: str) -> ModelStatus | None:
        """Where a model's files are; None until a look has been taken."""
        return self._statuses.get(id)

    def is_imported(self, id: str) -> bool:
        """Whether the user brought it along."""
        return self._store.is_imported(id)

    def fetching(self, id: str) -> bool:
        """Whether it is being downloaded."""
        return id in self._fetching

    def refresh(self) -> None:
        """Look at all models' files (on a thread: it may hash them) and tell what has changed."""
        if self._looking is not None:
            self._looking.cancel()

        def look() -> dict[str, ModelStatus]:
            return {card.id: self._store.status(card.id) for card in self._store.cards()}

        self._looking = self._background.run(look, self._looked)

    def _looked(self, statuses: dict[str, ModelStatus]) -> None:
        self._looking = None
        if statuses != self._statuses:
            self._statuses = statuses
            self.changed.emit()

    def fetch(self, id: str) -> None:
        """Download a model; a second call for the same one does nothing."""
        if id in self._fetching:
            return
        last = 0.0

        def report(done: int, total: int | None) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= REPORT_SECONDS or done == total:
                last = now
                self.progress.emit(id, done, total or 0)

        def work(task: Task) -> None:
            self._store.fetch(id, report, task.cancelled)

        def failed(error: BaseException) -> None:
            self._ended(id)
            self.failed.emit(error)

        def done(_: None) -> None:
            self._ended(id)
            self.fetched.emit(id)

        self._fetching[id] = self._background.run_cancellable(work, done, failed)
        self.progress.emit(id, 0, 0)
        self.changed.emit()

    def cancel_fetch(self, id: str) -> None:
        """Stop a download; what has arrived is kept and resumed the next time."""
        task = self._fetching.get(id)
        if task is not None:
            task.cancel()
            self._ended(id)

    def _ended(self, id: str) -> None:
        self._fetching.pop(id, None)
        self.changed.emit()
        self.refresh()

    def import_file(self, path: Path) -> None:
        """Bring a checkpoint along."""
        loaders = tuple(self._loaders())

        def done(card: ModelCard) -> None:
            self._statuses[card.id] = ModelStatus.CACHED
            self.changed.emit()
            self.imported.emit(card)

        self._background.run(lambda: self._store.import_file(path, loaders), done, self.failed.emit)

    def repair(self, ids: Iterable[str] | None = None) -> None:
        """Hash files again, fetch what is damaged, and report."""
        wanted = None if ids is None else tuple(ids)

        def work(task: Task) -> tuple[ModelReport, ...]:
            return self._store.repair(wanted, lambda *_: None, task.cancelled)

        def done(reports: tuple[ModelReport, ...]) -> None:
            self._statuses.update({report.id: report.status for report in reports})
            self.changed.emit()
            self.verified.emit(list(reports))

        self._background.run_cancellable(work, done, self.failed.emit)

    def remove(self, id: str) -> None:
        """Delete a model's files."""

        def done(_: None) -> None:
            self._statuses.pop(id, None)
            self.changed.emit()
            self.refresh()

        self._background.run(lambda: self._store.remove(id), done, self.failed.emit)
