"""The part of the window that keeps open documents on the disk and offers them after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal

from studio.document.events import listen
from studio.host.recovery import autosave_seconds
from studio.host.recovery_keeper import Keeper
from studio.host.recovery_lost import Lost, LostDocument, Recovered
from studio.qt.area import Area, Desk
from studio.qt.i18n import tr
from studio.qt.recovery.dialog import RecoveryDialog
from studio.qt.recovery.watch import Watch
from studio.qt.session import Source

if TYPE_CHECKING:
    from studio.document import Document
    from studio.host.results import RunResult


class RecoveryArea(Area):
    """Watches every open document; has no commands and no panels.

    Signals:
        kept: a `Written` is safe on the disk.
    """

    kept = Signal(object)
    _failed = Signal(object, object)
    _job_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.keeper = Keeper(written=self.kept.emit, failed=self._failed.emit)
        self.lost = Lost()
        self.dialog: RecoveryDialog | None = None
        self._watches: dict[Document, Watch] = {}
        self._told = False
        self._recovered: dict[Watch, LostDocument] = {}
        self._closed = False
        session = desk.workspace.session
        session.opened.connect(self._watch)
        session.closed.connect(self._unwatch)
        session.listed.connect(self._settle)
        desk.runs.result_shown.connect(self._arm)
        # A run of a document behind the front one ends without a word from there.
        self._job_changed.connect(self._arm)
        jobs = desk.workspace.services.jobs
        self._unlisten = listen(jobs.changed, lambda _: self._job_changed.emit())
        self.kept.connect(self._on_kept)
        self._failed.connect(self._on_failed)
        QTimer.singleShot(0, self, self._look)

    def close(self) -> None:
        """End on purpose: nothing has to be recovered."""
        self._closed = True
        self._unlisten()
        for document in list(self._watches):
            self._unwatch(document)
        self.keeper.close()
        self.lost.release()

    # Keeping

    def _watch(self, document: Document) -> None:
        entry = self.desk.workspace.session.entry(document)
        if entry is None:
            return

        def seconds() -> float:
            return autosave_seconds(self.desk.workspace.services.settings.autosave_seconds)

        def results() -> tuple[RunResult, ...]:
            return self.desk.runs.unapplied(document)

        watch = Watch(entry, self.keeper, seconds, results, self)
        self._watches[document] = watch
        if document.modified:
            watch.arm()

    def _unwatch(self, document: Document) -> None:
        watch = self._watches.pop(document, None)
        if watch is not None:
            # Closed on purpose, so what it was recovered from goes too.
            self._forget(watch)
            watch.close()
            watch.deleteLater()

    def _settle(self) -> None:
        for watch in self._watches.values():
            watch.settle()

    def _arm(self) -> None:
        for watch in self._watches.values():
            watch.arm()

    def _on_kept(self, written: object) -> None:
        self._told = False
        key = getattr(written, "key", None)
        if isinstance(key, Watch):
            self._forget(key)

    def _on_failed(self, key: object, error: BaseException) -> None:
        if not self._told:
            self._told = True
            self.desk.workspace.messages.show_error(error)
        if isinstance(key, Watch) and key in self._watches.values():
            key.again()

    # Recovering

    def _look(self) -> None:
        """Look for what dead instances left, and for what killed saves left."""
        if self._closed:
            return
        settings = self.desk.workspace.services.settings
        folders = {Path(name).parent for name in settings.recent_files}

        def look() -> tuple[LostDocument, ...]:
            from studio.files.atomic import sweep_temporaries

            found = self.lost.find()
            for folder in folders:
                sweep_temporaries(folder)
            return found

        self.desk.workspace.background.run(look, self._offer, owner=self)

    def _offer(self, documents: tuple[LostDocument, ...]) -> None:
        if not documents or self._closed:
            return
        workspace = self.desk.workspace
        dialog = RecoveryDialog(self.desk.window, documents, workspace.theme, workspace.background)
        dialog.recover.connect(self._recover)
        dialog.discard.connect(self._discard)
        dialog.finished.connect(self._on_dialog_closed)
        self.dialog = dialog
        dialog.open()

    def _on_dialog_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _discard(self, chosen: list[LostDocument]) -> None:
        for document in chosen:
            self._delete(document)

    def _recover(self, chosen: list[LostDocument]) -> None:
        """Open documents, one after another in the order of the list."""
        if not chosen:
            return
        document, rest = chosen[0], chosen[1:]
        files, background = self.desk.files, self.desk.workspace.background
        files.busy.emit(tr("Recovering {name}…", name=document.name))

        def show(recovered: Recovered) -> None:
            files.busy.emit("")
            self._open(document, recovered)
            self._recover(rest)

        def failed(error: BaseException) -> None:
            files.busy.emit("")
            self.desk.workspace.messages.show_error(error)
            self._recover(rest)

        background.run(document.recover, show, failed, self)

    def _open(self, lost: LostDocument, recovered: Recovered) -> None:
        kept = recovered.kept
        workspace = self.desk.workspace
        source = Source(kept.path, kept.metadata, kept.format, kept.title)
        budget = workspace.services.settings.history_budget_mb
        document = workspace.session.show(kept.picture, source, budget, saved=not kept.modified)
        if kept.results:
            self.desk.runs.offer(kept.results)
        watch = self._watches[document]
        # What it came from goes once it is safe in the journal of this instance.
        self._recovered[watch] = lost
        watch.hand_over()
        if recovered.notes:
            message = tr("{name} was not recovered in full.", name=lost.name)
            workspace.messages.show_message("warning", message, " ".join(recovered.notes))

    def _forget(self, watch: Watch) -> None:
        lost = self._recovered.pop(watch, None)
        if lost is not None:
            self._delete(lost)

    def _delete(self, lost: LostDocument) -> None:
        if self._closed:  # no thread takes it any more
            lost.discard()
        else:
            self.desk.workspace.background.run(lost.discard, lambda _: None)
