"""The color hints of the documents that are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from studio.api.operation import Operation
from studio.document import Document
from studio.host.hints import Dab, dab_radius, dabs_from
from studio.qt.session import Session


class HintPoints(QObject):
    """Points of color on each document; those of the one in front can be changed.

    They are not part of the picture. They go into runs, and with them into the records of steps, so
    that who undoes such a step finds them again.

    Signals:
        changed: other points, or another one is selected.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._dabs: WeakKeyDictionary[Document, tuple[Dab, ...]] = WeakKeyDictionary()
        self._selected: int | None = None
        session.replaced.connect(lambda: self.select(None))

    @property
    def dabs(self) -> tuple[Dab, ...]:
        """Those of the document in front."""
        document = self._session.document
        return () if document is None else self._dabs.get(document, ())

    @property
    def selected(self) -> int | None:
        """The index of the point that keys and the list are about."""
        return self._selected

    def select(self, index: int | None) -> None:
        """Take up a point, or none."""
        self._selected = index
        self.changed.emit()

    def replace_all(self, dabs: Iterable[Dab]) -> None:
        """Other points altogether."""
        document = self._session.document
        if document is not None:
            self._dabs[document] = tuple(dabs)
            if self._selected is not None and self._selected >= len(self.dabs):
                self._selected = None
            self.changed.emit()

    def add(self, x: float, y: float, color: str) -> None:
        """A new point at (x, y) of the canvas, which is selected."""
        document = self._session.document
        if document is not None:
            self._selected = len(self.dabs)
            self.replace_all((*self.dabs, Dab(x, y, dab_radius(document.picture), color)))

    def move(self, index: int, x: float, y: float) -> None:
        """Put a point elsewhere; it stays on the canvas."""
        document = self._session.document
        if document is not None:
            x = min(max(x, 0.0), float(document.picture.width))
            y = min(max(y, 0.0), float(document.picture.height))
            self._change(index, replace(self.dabs[index], x=x, y=y))

    def recolor(self, index: int, color: str) -> None:
        """Another color for a point."""
        self._change(index, replace(self.dabs[index], color=color))

    def remove(self, index: int) -> None:
        """Delete a point."""
        self._selected = None
        self.replace_all(dab for number, dab in enumerate(self.dabs) if number != index)

    def clear(self) -> None:
        """Delete all points."""
        self._selected = None
        self.replace_all(())

    def recall(self, operation: Operation) -> None:
        """Where there are none: those of the step of this operation that was undone last."""
        document = self._session.document
        if document is None or self.dabs or not document.history.can_redo:
            return
        record = document.history.steps[document.history.position].record or {}
        if record.get("operation") == operation.id:
            self.replace_all(dabs_from(record.get("hints")))

    def given_to(self, operation: Operation) -> tuple[Dab, ...]:
        """What a run of an operation on the document in front is given."""
        return () if operation.hints == "none" else self.dabs

    def _change(self, index: int, dab: Dab) -> None:
        dabs = list(self.dabs)
        dabs[index] = dab
        self.replace_all(dabs)
