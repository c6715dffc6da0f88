"""What a window has open: documents, their files and what the files held besides pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.document import Change, Document, History, Picture
from studio.document.events import listen
from studio.files.metadata import Metadata
from studio.qt.i18n import N_, tr


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
    title: str = N_("Untitled")

    @property
    def name(self) -> str:
        """The file's name, or the title."""
        return self.path.name if self.path else tr(self.title)


@dataclass(eq=False)
class Entry:
    """One open document.

    Attributes:
        document: the picture and its history.
        source: its file.
        view: what the canvas showed of it when it was last in front; the window's own matter.
    """

    document: Document
    source: Source
    view: object = None
    _shown_modified: bool = False
    _unlisten: Callable[[], None] = field(default=lambda: None)

    @property
    def name(self) -> str:
        """The file's name, or a title."""
        return self.source.name

    @property
    def modified(self) -> bool:
        """Whether closing it would lose something."""
        return self.document.modified


class Session(QObject):
    """The documents of a window; one of them, the current one, is in front.

    `document`, `source`, `modified` and `name` speak of the current document.

    Signals:
        replaced: another document, or none, is in front now.
        changed: the current picture, its history or whether it is saved has changed.
        listed: other documents are open, in another order, under other names or differently saved.
        opened: a `Document` is open now.
        closed: a `Document` is open no more.
    """

    replaced = Signal()
    changed = Signal()
    listed = Signal()
    opened = Signal(object)
    closed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._current: Entry | None = None
        self._nowhere = Source()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that is open, in the order of the tabs."""
        return tuple(self._entries)

    @property
    def current(self) -> Entry | None:
        """What is in front."""
        return self._current

    @property
    def document(self) -> Document | None:
        """The document in front."""
        return None if self._current is None else self._current.document

    @property
    def source(self) -> Source:
        """Where the document in front comes from."""
        return self._nowhere if self._current is None else self._current.source

    @property
    def modified(self) -> bool:
        """Whether closing the document in front would lose something."""
        return self._current is not None and self._current.modified

    @property
    def name(self) -> str:
        """The file's name of the document in front, or a title."""
        return self.source.name

    def entry(self, document: Document | None) -> Entry | None:
        """The entry of a document; None if it is not open."""
        return next((e for e in self._entries if e.document is document), None)

    def find(self, path: Path) -> Entry | None:
        """The entry of a file; None if it is not open."""
        wanted = path.absolute()
        held = (e for e in self._entries if e.source.path is not None)
        return next((e for e in held if e.source.path and e.source.path.absolute() == wanted), None)

    # Opening and closing

    def show(self, picture: Picture, source: Source, budget_mb: int, *, saved: bool) -> Document:
        """Open a document with a picture, in front of the others.

        Args:
            picture: what is seen first.
            source: where it comes from.
            budget_mb: what its history may hold, in mebibytes.
            saved: False for one that exists nowhere else, such as a generated picture.
        """
        document = Document(picture, History(budget_mb << 20))
        if not saved:
            document.mark_unsaved()
        self.add(document, source)
        return document

    def add(self, document: Document, source: Source) -> None:
        """Open a document that there is already, such as a recovered one, in front of the others."""
        entry = Entry(document, source, _shown_modified=document.modified)
        entry._unlisten = listen(document.changed, lambda change: self._on_changed(entry, change))
        self._entries.append(entry)
        self._current = entry
        self.opened.emit(document)
        self.listed.emit()
        self.replaced.emit()
        self.changed.emit()

    def switch(self, document: Document) -> None:
        """Bring an open document to the front."""
        entry = self.entry(document)
        if entry is None or entry is self._current:
            return
        self._current = entry
        self.replaced.emit()
        self.changed.emit()

    def step(self, steps: int) -> None:
        """Bring the document ``steps`` tabs to the right to the front, around the ends."""
        if self._current is not None:
            at = self._entries.index(self._current) + steps
            self.switch(self._entries[at % len(self._entries)].document)

    def move(self, start: int, to: int) -> None:
        """Put the tab at one place at another."""
        if start != to:
            self._entries.insert(to, self._entries.pop(start))
            self.listed.emit()

    def close(self, document: Document | None = None) -> None:
        """Close a document (default: the one in front) without asking; its neighbour comes forward."""
        entry = self._current if document is None else self.entry(document)
        if entry is None:
            return
        at = self._entries.index(entry)
        self._entries.remove(entry)
        entry._unlisten()
        front = entry is self._current
        if front:
            rest = self._entries
            self._current = rest[min(at, len(rest) - 1)] if rest else None
        self.closed.emit(entry.document)
        self.listed.emit()
        if front:
            self.replaced.emit()
            self.changed.emit()

    def close_all(self) -> None:
        """Have nothing open."""
        for entry in self.entries[::-1]:
            self.close(entry.document)

    def saved(self, picture: Picture, source: Source, document: Document | None = None) -> None:
        """Remember that ``picture``, a snapshot of a document (default: the front one), is on disk."""
        entry = self._current if document is None else self.entry(document)
        if entry is None:
            return
        entry.document.mark_saved(picture)
        entry.source = source
        entry._shown_modified = entry.modified
        self.listed.emit()
        if entry is self._current:
            self.changed.emit()

    def _on_changed(self, entry: Entry, _change: Change) -> None:
        modified = entry.modified
        if modified != entry._shown_modified:
            entry._shown_modified = modified
            self.listed.emit()
        if entry is self._current:
            self.changed.emit()
