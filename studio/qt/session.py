"""What a window has open: the document, its file and what the file held besides pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.document import Change, Document, History, Picture
from studio.files.metadata import Metadata


@dataclass(frozen=True)
class Source:
    """Where a document comes from.

    Attributes:
        path: its file; None for one that was never saved.
        metadata: what a save gives back.
        format: name of the file's format; empty without a file.
        title: shown while there is no path.
    """

    path: Path | None = None
    metadata: Metadata = field(default_factory=Metadata)
    format: str = ""
    title: str = "Untitled"


class Session(QObject):
    """The one document of a window.

    Signals:
        replaced: another document, or none, is open now.
        changed: the picture, its history or whether it is saved has changed.
    """

    replaced = Signal()
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document: Document | None = None
        self.source = Source()

    @property
    def modified(self) -> bool:
        """Whether closing would lose something."""
        return self.document is not None and self.document.modified

    @property
    def name(self) -> str:
        """The file's name, or a title."""
        return self.source.path.name if self.source.path else self.source.title

    def show(self, picture: Picture, source: Source, budget_mb: int, *, saved: bool) -> Document:
        """Begin with a picture.

        Args:
            picture: what is seen first.
            source: where it comes from.
            budget_mb: what its history may hold, in mebibytes.
            saved: False for one that exists nowhere else, such as a generated picture.
        """
        self._leave()
        document = Document(picture, History(budget_mb << 20))
        if not saved:
            document.mark_unsaved()
        document.changed.connect(self._on_changed)
        self.document, self.source = document, source
        self.replaced.emit()
        self.changed.emit()
        return document

    def close(self) -> None:
        """Have nothing open."""
        self._leave()
        self.document, self.source = None, Source()
        self.replaced.emit()
        self.changed.emit()

    def saved(self, picture: Picture, source: Source) -> None:
        """Remember that ``picture``, a snapshot of the document, is on disk now."""
        if self.document is not None:
            self.document.mark_saved(picture)
            self.source = source
            self.changed.emit()

    def _leave(self) -> None:
        if self.document is not None:
            self.document.changed.disconnect(self._on_changed)

    def _on_changed(self, _change: Change) -> None:
        self.changed.emit()
