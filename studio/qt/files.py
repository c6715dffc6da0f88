"""Opening, saving and closing pictures: dialogs here, reading and writing on threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.document import Document, Picture
from studio.qt.i18n import tr
from studio.qt.models import is_checkpoint
from studio.qt.session import Source
from studio.qt.transfer import saving
from studio.qt.workspace import Workspace

if TYPE_CHECKING:
    from studio.files.codec import SaveOptions
    from studio_resources.samples import Sample

Then = Callable[[], None]


class Files(QObject):
    """The file menu of a window.

    Signals:
        busy: a sentence while something is read or written, "" afterwards.
        opened: the `Path` of a picture that is shown now.
        saved: the `Path` of a file that was written.
        layers_dropped: a list of `Path`, to be added to the picture as layers.
    """

    busy = Signal(str)
    opened = Signal(object)
    saved = Signal(object)
    layers_dropped = Signal(list)

    def __init__(self, window: QWidget, workspace: Workspace) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._session = workspace.session
        self._settings = workspace.services.settings
        self._saving: Path | None = None
        self._merging: WeakKeyDictionary[Document, Path] = WeakKeyDictionary()

    # Opening

    def ask_open(self) -> None:
        """Let the user choose a picture."""
        from studio.files.images import open_filters

        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open a picture", self._settings.last_folder, ";;".join(open_filters())
        )
        if name:
            self.open(Path(name))

    def drop(self, names: list[str]) -> None:
        """Take dropped files: pictures are opened, checkpoints become models.

        While Shift is held pictures are meant as layers of the present one.
        """
        paths = [Path(name) for name in names]
        for path in paths:
            if is_checkpoint(path):
                self.busy.emit(f"Importing {path.name}…")
                self._workspace.models.import_file(path)
        pictures = [path for path in paths if not is_checkpoint(path)]
        shift = QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        if pictures and shift and self._session.document is not None:
            self.layers_dropped.emit(pictures)
        elif pictures:
            self.open(pictures[0])

    def open(self, path: Path) -> None:
        """Open a picture in this window, after a question if the present one is not saved."""
        self.when_saved(lambda: self._read(path))

    def _read(self, path: Path) -> None:
        limit = self._settings.max_megapixels * 1_000_000
        self.busy.emit(f"Opening {path.name}…")

        def read() -> tuple[Picture, Source]:
            from studio.files.documents import read_document

            found = read_document(path, max_pixels=limit)
            return found.picture, Source(path, found.metadata, found.format)

        def show(opened: tuple[Picture, Source]) -> None:
            self.busy.emit("")
            picture, source = opened
            self._session.show(picture, source, self._settings.history_budget_mb, saved=True)
            self._settings.remember_file(path)
            self.opened.emit(path)
            if source.metadata.notes:
                self._workspace.messages.show_message("info", " ".join(source.metadata.notes))

        self._workspace.background.run(read, show, self._failed)

    def open_sample(self, sample: Sample) -> None:
        """Show a sample; it counts as saved until it is changed."""
        self.when_saved(lambda: self._load(sample))

    def _load(self, sample: Sample) -> None:
        self.busy.emit(f"Opening {sample.title}…")

        def show(picture: Picture) -> None:
            self.busy.emit("")
            budget = self._settings.history_budget_mb
            self._session.show(picture, Source(title=sample.title), budget, saved=True)

        self._workspace.background.run(
            lambda: Picture.from_pixels(sample.load()), show, self._failed
        )

    def show_new(self, picture: Picture, title: str) -> None:
        """Show a picture that has no file yet, after a question about the present one."""
        budget = self._settings.history_budget_mb
        source = Source(title=title)

        def show() -> None:
            self._session.show(picture, source, budget, saved=False)

        self.when_saved(show)

    # Saving

    def save(self, then: Then | None = None) -> None:
        """Write the picture to its file; asks for one if there is none that can be written."""
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
        path = self.ask_save_path("Save the picture as")
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
        metadata = saving.outgoing_metadata(source.metadata, document)
        merged = saving.loses_layers(picture, path)
        self.busy.emit(f"Saving {path.name}…")

        def work() -> tuple[str, ...]:
            from studio.files.documents import write_document

            return write_document(path, picture, metadata, options)

        def done(notes: tuple[str, ...]) -> None:
            self.busy.emit("")
            if merged and not copy:
                notes = (*notes, tr("The layers themselves are not saved yet."))
            elif not copy and self._session.document is document:
                kept = replace(source.metadata, icc=picture.icc)
                self._session.saved(picture, replace(source, path=path, metadata=kept))
                self._settings.remember_file(path)
            text = f"{'Exported' if copy else 'Saved'} {path.name}."
            self._workspace.messages.show_message(
                "warning" if notes else "success", text, " ".join(notes)
            )
            self.saved.emit(path)
            if then is not None:
                then()

        self._workspace.background.run(work, done, self._failed)

    # Leaving

    def when_saved(self, then: Then) -> None:
        """Call ``then`` at once, or after the user has saved or given up unsaved changes."""
        if not self._session.modified:
            then()
            return
        answer = self.ask_unsaved()
        if answer == QMessageBox.StandardButton.Save:
            self.save(then)
        elif answer == QMessageBox.StandardButton.Discard:
            then()

    def ask_unsaved(self) -> QMessageBox.StandardButton:
        """Ask what is to become of unsaved changes."""
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setIconPixmap(self._workspace.theme.icon("warning", "warning").pixmap(32, 32))
        box.setWindowTitle("Unsaved changes")
        box.setText(f"Save the changes to {self._session.name}?")
        box.setInformativeText("They are lost if you do not save them.")
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        box.setEscapeButton(buttons.Cancel)
        for choice in box.buttons():
            choice.setIcon(QIcon())  # the style's own icons belong to another decade
        return QMessageBox.StandardButton(box.exec())

    def close_document(self) -> None:
        """Go back to the welcome page."""
        self.when_saved(self._session.close)

    def _failed(self, error: BaseException) -> None:
        self.busy.emit("")
        self._workspace.messages.show_error(error)
