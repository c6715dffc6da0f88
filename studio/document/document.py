"""The document: the present picture, its history and its events."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psygnal import Signal

from studio.document.events import emit
from studio.document.history import History
from studio.document.picture import Picture, shown_differences
from studio.document.tiles import Index


@dataclass(frozen=True)
class Change:
    """What an edit, an undo or a redo did.

    Attributes:
        before: the picture until now.
        after: the picture from now on.
        tiles: tiles whose composite may differ; None = everything, as after a change of size.
    """

    before: Picture
    after: Picture
    tiles: frozenset[Index] | None


class Document:
    """One picture being edited. Only one thread, the GUI's, may change it.

    Listeners hear of a change after it is committed; one that fails is logged and the others run.

    Args:
        picture: what it starts with.
        history: its undo stack.
    """

    changed = Signal(Change)

    def __init__(self, picture: Picture, history: History | None = None) -> None:
        self._picture = picture
        # Weak: what the history has dropped cannot come back, and shall not stay in memory either.
        self._saved: Callable[[], Picture | None] = weakref.ref(picture)
        self.history = history or History()
        self.revision = 0

    @property
    def picture(self) -> Picture:
        """The present picture: immutable, so it is also a snapshot that any thread may read."""
        return self._picture

    @property
    def modified(self) -> bool:
        """Whether it differs from what was last saved or opened."""
        return self._picture is not self._saved()

    def mark_saved(self, picture: Picture | None = None) -> None:
        """Remember ``picture`` (default: the present one) as what is on disk."""
        self._saved = weakref.ref(self._picture if picture is None else picture)

    def mark_unsaved(self) -> None:
        """Remember that nothing of it is on disk, as of a picture that was just generated."""
        self._saved = lambda: None

    def apply(
        self,
        title: str,
        edit: Callable[[Picture], Picture],
        record: Mapping[str, Any] | None = None,
    ) -> bool:
        """Make one undo step of ``edit``; returns False if it changed nothing.

        An edit that raises leaves the document as it was.
        """
        after = edit(self._picture)
        if after is self._picture:
            return False
        self.history.push(title, self._picture, after, record)
        self._show(after)
        return True

    def undo(self) -> bool:
        """Take back the last step; False if there is none."""
        step = self.history.undo()
        if step:
            self._show(step.before)
        return step is not None

    def redo(self) -> bool:
        """Do the last undone step again; False if there is none."""
        step = self.history.redo()
        if step:
            self._show(step.after)
        return step is not None

    def go_to(self, position: int) -> None:
        """Undo or redo until ``position`` steps are done; out of range goes as far as it can."""
        target = self._picture
        while self.history.position > max(position, 0) and (step := self.history.undo()):
            target = step.before
        while self.history.position < position and (step := self.history.redo()):
            target = step.after
        if target is not self._picture:
            self._show(target)

    def _show(self, after: Picture) -> None:
        before, self._picture = self._picture, after
        self.revision += 1
        tiles = shown_differences(before, after)
        change = Change(before, after, None if tiles is None else frozenset(tiles))
        emit(self.changed, change)
