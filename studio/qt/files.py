"""Opening, saving and closing pictures: dialogs here, reading and writing on threads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.document import Document, Picture
from studio.files.metadata import Metadata
from studio.host.disclosure import outgoing_metadata
from studio.host.models import is_model_folder
from studio.qt.i18n import N_, tr
from studio.qt.models import is_checkpoint
from studio.qt.problems import describe_error
from studio.qt.session import Entry, Source
from studio.qt.transfer import saving
from studio.qt.workspace import Workspace

if TYPE_CHECKING:
    from studio.files.codec import SaveOptions
    from studio_resources.samples import Sample

Then = Callable[[], None]

MOST_NAMES = 10


class Files(QObject):
    """The file menu of a window.

    Signals:
        busy: a sentence while something is read or written, "" afterwards.
        opened: the `Path` of a picture that is shown now.
        saved: the `Path` of a file that was written.
        layers_dropped: a list of `Path`, to be added to the picture as layers.
        finishing: what is pending in a tool has to become part of the picture, which is written or
            closed next.
    """

    busy = Signal(str)
    opened = Signal(object)
    saved = Signal(object)
    layers_dropped = Signal(list)
    finishing = Signal()

    def __init__(self, window: QWidget, workspace: Workspace) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._session = workspace.session
        self._settings = workspace.services.settings
        self._reading: list[Path] = []
        self._batch: list[Path] = []
        self._writing: dict[Path, deque[Then]] = {}
        self._once_written: list[Then] = []
        self._unread: list[tuple[Path, BaseException]] = []
        self._merging: WeakKeyDictionary[Document, Path] = WeakKeyDictionary()
        self._written: WeakKeyDictionary[Document, Picture] = WeakKeyDictionary()

    # Opening

    def ask_new(self) -> None:
        """Let the user choose the size of an empty picture, and begin with it."""
        from studio.qt.dialogs.new_picture import NewPictureDialog

        dialog = NewPictureDialog(self._window, self._settings)
        if dialog.exec():
            self.show_new(dialog.picture(), N_("Untitled"))

    def ask_open(self) -> None:
        """Let the user choose pictures."""
        from studio.files.images import open_filters

        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            tr("Open pictures"),
            self._settings.last_folder,
            ";;".join(open_filters()),
        )
        if names:
            self.open(*map(Path, names))

    def drop(self, names: list[str]) -> None:
        """Take dropped files: pictures are opened, checkpoints and folders of one become models.

        While Shift is held pictures are meant as layers of the present one.
        """
        paths = [Path(name) for name in names]
        for path in paths:
            if is_checkpoint(path):
                self.busy.emit(tr("Importing {name}…", name=path.name))
                self._workspace.models.import_file(path)
            elif is_model_folder(path):
                self._workspace.models.folder_brought.emit(path)
        pictures = [path for path in paths if not is_checkpoint(path) and not is_model_folder(path)]
        shift = QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        if pictures and shift and self._session.document is not None:
            self.layers_dropped.emit(pictures)
        elif pictures:
            self.open(*pictures)

    def open(self, *paths: Path) -> None:
        """Open pictures, each in a tab of its own; one that is open already comes to the front."""
        for path in paths:
            entry = self._session.find(path)
            if entry is None:
                self._read(path)
            else:
                self._session.switch(entry.document)

    def _read(self, path: Path) -> None:
        if path in self._reading:
            return
        limit = self._settings.max_megapixels * 1_000_000
        self._reading.append(path)
        self._batch.append(path)
        self._show_busy()

        def read() -> tuple[Picture, Source]:
            from studio.files.documents import read_document

            found = read_document(path, max_pixels=limit)
            return found.picture, Source(path, found.metadata, found.format)

        def show(opened: tuple[Picture, Source]) -> None:
            picture, source = opened
            self._session.show(picture, source, self._settings.history_budget_mb, saved=True)
            self._put_in_order(path)
            unread = bool(self._unread)
            self._has_read(path)
            self._settings.remember_file(path)
            self.opened.emit(path)
            if source.metadata.notes and not unread:
                self._workspace.messages.show_message("info", " ".join(source.metadata.notes))

        def failed(error: BaseException) -> None:
            self._unread.append((path, error))
            self._show_unread()
            self._has_read(path)

        self._workspace.background.run(read, show, failed)

    def _has_read(self, path: Path) -> None:
        self._reading.remove(path)
        if not self._reading:
            self._unread.clear()
            self._batch.clear()
        self._show_busy()

    def _put_in_order(self, path: Path) -> None:
        """Tabs come in the order in which files were asked for, however long each one took."""
        later = self._batch[self._batch.index(path) + 1 :]
        entries = self._session.entries
        behind = [at for at, entry in enumerate(entries) if entry.source.path in later]
        if behind:
            self._session.move(len(entries) - 1, behind[0])

    def _show_unread(self) -> None:
        """Tell of all files that could not be opened together: one must not hide another."""
        if len(self._unread) == 1:
            self._workspace.messages.show_error(self._unread[0][1])
            return
        names = [path.name for path, _ in self._unread]
        listed = ", ".join(names[:MOST_NAMES])
        if len(names) > MOST_NAMES:
            listed += " " + tr("and {n} more", n=len(names) - MOST_NAMES)
        problems = (describe_error(error) for _, error in self._unread)
        self._workspace.messages.show_message(
            "error",
            tr("{n} files could not be opened.", n=len(names)),
            listed,
            "\n".join(f"{problem.message} {problem.hint}" for problem in problems),
        )

    def _show_busy(self) -> None:
        name = self._reading[-1].name if self._reading else ""
        self.busy.emit(tr("Opening {name}…", name=name) if name else "")

    def open_sample(self, sample: Sample) -> None:
        """Show a sample; it counts as saved until it is changed."""
        self.busy.emit(tr("Opening {name}…", name=tr(sample.title)))

        def show(picture: Picture) -> None:
            self.busy.emit("")
            budget = self._settings.history_budget_mb
            self._session.show(picture, Source(title=sample.title), budget, saved=True)

        self._workspace.background.run(
            lambda: Picture.from_pixels(sample.load()), show, self._failed
        )

    def show_new(
        self, picture: Picture, title: str, record: Mapping[str, Any] | None = None
    ) -> None:
        """Show a picture that has no file yet, in a tab of its own.

        Args:
            picture: what is seen first.
            title: its name until it has a file.
            record: of the run that made it; a save writes it.
        """
        budget = self._settings.history_budget_mb
        made = () if record is None else ({"title": title, "time": time.time(), **record},)
        source = Source(metadata=Metadata(recipe=made), title=title)
        self._session.show(picture, source, budget, saved=False)

    # Saving

    def settled(self, then: Then, document: Document | None = None) -> None:
        """Call ``then`` once nothing of a document (default: the front one) is pending any more.

        That is at once, unless a large edit is being made. The document is in front then.
        """
        wanted = document or self._session.document
        if wanted is None:
            return

        def go_on() -> None:
            if self._session.entry(wanted) is not None:
                self._session.switch(wanted)
                then()

        if wanted is self._session.document:
            self.finishing.emit()
        self._workspace.edits.when_idle(go_on, wanted)

    def save(self, then: Then | None = None) -> None:
        """Write the picture to its file; asks for one if there is none that can be written."""
        self.settled(lambda: self._save(then))

    def _save(self, then: Then | None) -> None:
        from studio.files.images import WRITABLE_SUFFIXES

        path, document = self._session.source.path, self._session.document
        if document is None:
            return
        if path is None or path.suffix.lower() not in WRITABLE_SUFFIXES:
            self.save_as(then)
            return
        lossy = saving.loses_layers(document.picture, path)
        if lossy and self._merging.get(document) != path:
            answer = self.ask_about_layers(path)
            if answer is saving.Answer.PROJECT:
                self.save_as(then)
            if answer is not saving.Answer.MERGED:
                return
            self._merging[document] = path  # asked once
        self.write(path, then)

    def ask_about_layers(self, path: Path) -> saving.Answer:
        """Ask what is to become of layers that the file's format cannot hold."""
        return saving.ask_about_layers(self._window, path)

    def save_as(self, then: Then | None = None) -> None:
        """Let the user name a file, and write the picture to it."""
        self.settled(lambda: self._save_as(then))

    def _save_as(self, then: Then | None) -> None:
        path = self.ask_save_path(tr("Save the picture as"))
        if path is not None:
            self.write(path, then)

    def ask_save_path(self, title: str) -> Path | None:
        """Let the user name a file to write."""
        from studio.files.images import WRITABLE_SUFFIXES, save_filters

        source, document = self._session.source, self._session.document
        if document is None:
            return None
        suffix = saving.default_suffix(document.picture)
        filters = save_filters(layers_first=suffix == ".ora")
        start = source.path or Path(self._settings.last_folder) / f"{source.title}{suffix}"
        unfit = start.suffix.lower() not in WRITABLE_SUFFIXES
        if unfit or saving.loses_layers(document.picture, start):
            start = start.with_suffix(suffix)
        chosen = next((f for f in filters if f"*{start.suffix.lower()}" in f), filters[0])
        name, used = QFileDialog.getSaveFileName(
            self._window, title, str(start), ";;".join(filters), chosen
        )
        if not name:
            return None
        path = Path(name)
        # Without a suffix the format chosen in the dialog counts.
        return path if path.suffix else path.with_suffix(used.split("*")[1].split()[0].strip(")"))

    def write(
        self,
        path: Path,
        then: Then | None = None,
        options: SaveOptions | None = None,
        *,
        copy: bool = False,
    ) -> None:
        """Write the picture to ``path`` on a thread; the window stays usable.

        Args:
            path: where to; its suffix names the format.
            then: called after it was written.
            options: quality and the like.
            copy: the document keeps its own file and stays as unsaved as it is.
        """
        document = self._session.document
        if document is None:
            return
        picture, source = document.picture, self._session.source
        metadata = outgoing_metadata(source.metadata, document)
        merged = saving.loses_layers(picture, path)
        backup = self._settings.keep_backup

        def work() -> tuple[str, ...]:
            from studio.files.atomic import keep_backup
            from studio.files.documents import write_document

            if backup:
                keep_backup(path)
            return write_document(path, picture, metadata, options)

        def done(notes: tuple[str, ...]) -> None:
            self._has_written(path)
            if merged and not copy:
                notes = (*notes, tr("The layers themselves are not saved yet."))
            elif not copy:
                kept = replace(source.metadata, icc=picture.icc)
                self._session.saved(picture, replace(source, path=path, metadata=kept), document)
                self._settings.remember_file(path)
            text = tr("Exported {name}.") if copy else tr("Saved {name}.")
            text = text.format(name=path.name)
            self._workspace.messages.show_message(
                "warning" if notes else "success", text, " ".join(notes)
            )
            self.saved.emit(path)
            if then is not None:
                self._written[document] = picture
                then()

        def failed(error: BaseException) -> None:
            self._has_written(path)
            self._failed(error)

        def start() -> None:
            self.busy.emit(tr("Saving {name}…", name=path.name))
            self._workspace.background.run(work, done, failed)

        self._write_in_turn(path, start)

    def _write_in_turn(self, path: Path, start: Then) -> None:
        """One after the other: an older picture that takes longer must not replace a newer one."""
        writes = self._writing.setdefault(path.absolute(), deque())
        writes.append(start)
        if len(writes) == 1:
            start()

    def _has_written(self, path: Path) -> None:
        self.busy.emit("")
        writes = self._writing[path.absolute()]
        writes.popleft()
        if writes:
            writes[0]()
            return
        del self._writing[path.absolute()]
        if not self._writing:
            waiting, self._once_written = self._once_written, []
            for then in waiting:
                then()

    @property
    def writing(self) -> bool:
        """Whether files are being written."""
        return bool(self._writing)

    def when_written(self, then: Then) -> None:
        """Call ``then`` once no file is being written any more: at once, or later."""
        if self._writing:
            self._once_written.append(then)
        else:
            then()

    # Leaving

    def close_document(self) -> None:
        """Close the tab in front, after a question if it is not saved."""
        if self._session.document is not None:
            self.close_one(self._session.document)

    def close_one(self, document: Document, then: Then | None = None) -> None:
        """Close a document, after a question if it is not saved; then call ``then``."""
        if document is self._session.document:
            self.finishing.emit()
        self._workspace.edits.when_idle(lambda: self._close_one(document, then), document)

    def _close_one(self, document: Document, then: Then | None) -> None:
        def close() -> None:
            self._session.close(document)
            if then is not None:
                then()

        def close_saved() -> None:
            if self._painted_on(document):
                self.close_one(document, then)
            else:
                close()

        entry = self._session.entry(document)
        if entry is None or not entry.modified:
            close()
            return
        self._session.switch(document)
        buttons = QMessageBox.StandardButton
        answer = self.ask_unsaved((entry,))
        if answer == buttons.Save:
            self.save(close_saved)
        elif answer == buttons.Discard:
            close()

    def close_all(self, then: Then | None = None) -> None:
        """Close everything, after one question about what is not saved; then call ``then``.

        Nothing is closed if the user cancels, and the rest stays open if a save does not succeed.
        """
        self.finishing.emit()
        self._workspace.edits.when_idle(lambda: self._close_all(then))

    def _close_all(self, then: Then | None) -> None:
        unsaved = tuple(entry for entry in self._session.entries if entry.modified)
        if len(unsaved) == 1:
            self.close_one(unsaved[0].document, lambda: self.close_all(then))
            return
        buttons = QMessageBox.StandardButton
        answer = self.ask_unsaved(unsaved) if unsaved else buttons.Discard
        if answer in (buttons.SaveAll, buttons.Save):
            self._save_each(unsaved, then)
        elif answer == buttons.Discard:
            self._session.close_all()
            if then is not None:
                then()

    def _save_each(self, entries: tuple[Entry, ...], then: Then | None) -> None:
        """Save one after the other, so that each question is about what is in front."""
        if not entries:
            self.close_all(then)
            return
        entry, rest = entries[0], entries[1:]

        def go_on() -> None:
            if self._painted_on(entry.document):
                self.close_all(then)
                return
            self._session.close(entry.document)
            self._save_each(rest, then)

        self._session.switch(entry.document)
        self.save(go_on)

    def _painted_on(self, document: Document) -> bool:
        """Whether a document has changed since the picture that was just written."""
        written = self._written.pop(document, None)
        return document.modified and written is not document.picture

    def ask_unsaved(self, entries: tuple[Entry, ...]) -> QMessageBox.StandardButton:
        """Ask what is to become of unsaved changes."""
        buttons = QMessageBox.StandardButton
        several = len(entries) > 1
        box = QMessageBox(self._window)
        box.setIconPixmap(self._workspace.theme.icon("warning", "warning").pixmap(32, 32))
        box.setWindowTitle(tr("Unsaved changes"))
        if several:
            names = "\n".join(f"• {entry.name}" for entry in entries[:MOST_NAMES])
            more = tr("and {n} more", n=len(entries) - MOST_NAMES)
            box.setText(tr("{n} pictures have changes that are not saved.", n=len(entries)))
            rest = f"\n{more}" if len(entries) > MOST_NAMES else ""
            box.setInformativeText(names + rest)
        else:
            box.setText(tr("Save the changes to {name}?", name=entries[0].name))
            box.setInformativeText(tr("They are lost if you do not save them."))
        save = buttons.SaveAll if several else buttons.Save
        box.setStandardButtons(save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(save)
        box.setEscapeButton(buttons.Cancel)
        box.button(save).setText(tr("&Save all") if several else tr("&Save"))
        box.button(buttons.Discard).setText(tr("&Discard all") if several else tr("&Discard"))
        box.button(buttons.Cancel).setText(tr("&Cancel"))
        for choice in box.buttons():
            choice.setIcon(QIcon())  # the style's own icons belong to another decade
        return QMessageBox.StandardButton(box.exec())

    def _failed(self, error: BaseException) -> None:
        self.busy.emit("")
        self._workspace.messages.show_error(error)
