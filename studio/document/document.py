"""The document: the present picture, its history and its events."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from psygnal import Signal

from studio.document.differences import shown_differences
from studio.document.events import emit
from studio.document.geometry import Rect
from studio.document.history import History
from studio.document.named import NamedEdit
from studio.document.picture import Picture
from studio.document.tiles import Index


@dataclass(frozen=True)
class Change:
    """What an edit, an undo or a redo did.

    Attributes:
        before: the picture until now.
        after: the picture from now on.
        tiles: tiles whose composite may differ; None = everything, as after a change of size.
        transient: whether it belongs to an edit that is still going on, such as a stroke.
        area: outside it nothing looks different, if that is known; inside it only ``tiles`` do.
    """

    before: Picture
    after: Picture
    tiles: frozenset[Index] | None
    transient: bool = False
    area: Rect | None = None


@dataclass(frozen=True)
class Snapshot:
    """A state of the picture that was given a name, to come back to.

    Attributes:
        name: what the user called it.
        picture: the state.
        time: seconds since the epoch.
    """

    name: str
    picture: Picture
    time: float


class Transaction:
    """An edit that is seen while it goes on, such as a stroke or a slider's drag: one undo step.

    Made by `Document.begin`. Once it has ended, by itself or because the document went on without
    it, its methods do nothing.
    """

    def __init__(self, document: Document, title: str) -> None:
        self._document = document
        self.title = title
        self.before = document.picture

    @property
    def open(self) -> bool:
        """Whether it still goes on."""
        return self._document.transaction is self

    def show(self, picture: Picture, area: Rect | None = None) -> None:
        """Let the document be ``picture`` for now; it is not in the history yet.

        With an ``area``, outside which it equals what was shown last, less has to be drawn again.
        """
        if self.open and picture is not self._document.picture:
            self._document._show(picture, transient=True, area=area)

    def update(self, edit: Callable[[Picture], Picture]) -> None:
        """Show ``edit`` of the picture as it was at the beginning; one that raises changes nothing."""
        self.show(edit(self.before))

    def commit(self, record: Mapping[str, Any] | None = None) -> bool:
        """Make what is shown one undo step; False if it is what was there before."""
        return self._document._end(self, keep=True, record=record)

    def cancel(self) -> None:
        """Go back to the picture as it was at the beginning."""
        self._document._end(self, keep=False)


class Document:
    """One picture being edited. Only one thread, the GUI's, may change it.

    Listeners hear of a change after it is committed; one that fails is logged and the others run.

    Args:
        picture: what it starts with.
        history: its undo stack.
    """

    changed = Signal(Change)
    snapshots_changed = Signal()

    def __init__(self, picture: Picture, history: History | None = None) -> None:
        self._picture = picture
        # Weak: what the history has dropped cannot come back, and shall not stay in memory either.
        self._saved: Callable[[], Picture | None] = weakref.ref(picture)
        self.history = history or History()
        self.revision = 0
        self._transaction: Transaction | None = None
        self._snapshots: tuple[Snapshot, ...] = ()

    @property
    def picture(self) -> Picture:
        """The present picture: immutable, so it is also a snapshot that any thread may read."""
        return self._picture

    @property
    def modified(self) -> bool:
        """Whether it differs from what was last saved or opened."""
        return self._picture is not self._saved()

    @property
    def saved_picture(self) -> Picture | None:
        """What was last saved or opened; None if nothing holds it any more, or nothing was saved."""
        return self._saved()

    def mark_saved(self, picture: Picture | None = None) -> None:
        """Remember ``picture`` (default: the present one) as what is on disk.

        While it was written, another layer may have been chosen: the state with its content counts.
        """
        saved = self._picture if picture is None else picture
        steps = self.history.steps
        states = (self._picture, *(s.before for s in steps), *(s.after for s in steps))
        known = next((state for state in states if _same_content(state, saved)), saved)
        self._saved = weakref.ref(known)

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

        An edit that raises leaves the document as it was. A transaction that goes on is committed
        before.
        """
        if self._transaction is not None:
            self._transaction.commit()
        after = edit(self._picture)
        if after is self._picture:
            return False
        named = edit if isinstance(edit, NamedEdit) else None
        self.history.push(title, self._picture, after, record, named)
        self._show(after)
        return True

    @property
    def transaction(self) -> Transaction | None:
        """The edit that goes on, if any."""
        return self._transaction

    def begin(self, title: str) -> Transaction:
        """Start an edit that is seen while it goes on; one that is still open is committed."""
        if self._transaction is not None:
            self._transaction.commit()
        self._transaction = Transaction(self, title)
        return self._transaction

    def view_change(self, edit: Callable[[Picture], Picture]) -> bool:
        """Change what is no content, such as the active layer, without an undo step.

        The present state of the history is the changed picture from then on, and one that counts
        as saved still does. Returns False if ``edit`` changed nothing.
        """
        if self._transaction is not None:
            self._transaction.commit()
        before = self._picture
        after = edit(before)
        if after is before:
            return False
        self.history.replace_present(after)
        if self._saved() is before:
            self._saved = weakref.ref(after)
        self._show(after)
        return True

    def undo(self) -> bool:
        """Take back the last step, or the edit that goes on; False if there is none."""
        if self._transaction is not None and self._transaction.before is not self._picture:
            self._transaction.cancel()
            return True
        self._abandon()
        step = self.history.undo()
        if step:
            self._show(step.before)
        return step is not None

    def redo(self) -> bool:
        """Do the last undone step again; False if there is none. An open transaction is cancelled."""
        self._abandon()
        step = self.history.redo()
        if step:
            self._show(step.after)
        return step is not None

    def go_to(self, position: int) -> None:
        """Undo or redo until ``position`` steps are done; out of range goes as far as it can.

        An open transaction is cancelled.
        """
        self._abandon()
        target = self._picture
        while self.history.position > max(position, 0) and (step := self.history.undo()):
            target = step.before
        while self.history.position < position and (step := self.history.redo()):
            target = step.after
        if target is not self._picture:
            self._show(target)

    # Snapshots

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """The named states, oldest first. They last as long as the document is open."""
        return self._snapshots

    def add_snapshot(self, name: str) -> Snapshot:
        """Keep the present picture under a name."""
        snapshot = Snapshot(name, self._picture, time.time())
        self._snapshots = (*self._snapshots, snapshot)
        emit(self.snapshots_changed)
        return snapshot

    def rename_snapshot(self, snapshot: Snapshot, name: str) -> None:
        """Call a named state something else."""
        self._snapshots = tuple(
            replace(kept, name=name) if kept is snapshot else kept for kept in self._snapshots
        )
        emit(self.snapshots_changed)

    def remove_snapshot(self, snapshot: Snapshot) -> None:
        """Forget a named state."""
        self._snapshots = tuple(kept for kept in self._snapshots if kept is not snapshot)
        emit(self.snapshots_changed)

    def restore_snapshot(self, snapshot: Snapshot) -> bool:
        """Go back to a named state, as an undo step; False if it is the present one."""
        return self.apply(f"Restore “{snapshot.name}”", lambda _: snapshot.picture)

    # Committing

    def _abandon(self) -> None:
        if self._transaction is not None:
            self._transaction.cancel()

    def _end(
        self, transaction: Transaction, *, keep: bool, record: Mapping[str, Any] | None = None
    ) -> bool:
        if self._transaction is not transaction:
            return False
        self._transaction = None
        before, shown = transaction.before, self._picture
        if shown is before:
            return False
        if not keep:
            self._show(before)
            return False
        self.history.push(transaction.title, before, shown, record)
        self._show(shown)
        return True

    def _show(self, after: Picture, *, transient: bool = False, area: Rect | None = None) -> None:
        before, self._picture = self._picture, after
        self.revision += 1
        tiles = shown_differences(before, after)
        shown = None if tiles is None else frozenset(tiles)
        change = Change(before, after, shown, transient, area)
        emit(self.changed, change)


def _same_content(one: Picture, other: Picture) -> bool:
    """Whether two pictures differ at most in what is chosen. By identity, so it costs nothing."""
    return one.nodes is other.nodes and one == other.replaced(
        nodes=one.nodes, active=one.active, mask_active=one.mask_active
    )
