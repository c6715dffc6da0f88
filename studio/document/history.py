"""Undo and redo with a byte budget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studio.document.named import NamedEdit
from studio.document.picture import Picture


@dataclass(frozen=True)
class Step:
    """One entry of the history.

    Attributes:
        title: what the history panel says.
        before: the picture it was applied to.
        after: the picture it made.
        record: how a model's result came about (operation, parameters, seed, model); replayable.
        edit: what was done, if it was an edit that has a name; replayable.
        time: seconds since the epoch.
        undo_bytes: tiles that only this step keeps alive while it is done.
        redo_bytes: tiles that only this step keeps alive while it is undone.
    """

    title: str
    before: Picture
    after: Picture
    record: Mapping[str, Any] | None = None
    time: float = field(default_factory=time.time)
    undo_bytes: int = 0
    redo_bytes: int = 0
    edit: NamedEdit | None = None


class History:
    """Steps up to the present, and the undone ones after it.

    Over budget the oldest steps are dropped; the newest one always stays, whatever its size.

    Args:
        budget: bytes that the steps may keep alive beside the present picture.
        limit: number of steps kept at most.

    Attributes:
        dropped: how many of the oldest steps are gone.
    """

    def __init__(self, budget: int = 1 << 30, limit: int = 200) -> None:
        self.budget = budget
        self.limit = limit
        self._steps: list[Step] = []
        self._position = 0
        self.dropped = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, oldest first; those from `position` on are undone."""
        return tuple(self._steps)

    @property
    def position(self) -> int:
        """Number of steps that are done."""
        return self._position

    @property
    def nbytes(self) -> int:
        """Bytes of tiles that the steps keep alive beside the present picture."""
        done = sum(step.undo_bytes for step in self._steps[: self._position])
        return done + sum(step.redo_bytes for step in self._steps[self._position :])

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to do again."""
        return self._position < len(self._steps)

    def push(
        self,
        title: str,
        before: Picture,
        after: Picture,
        record: Mapping[str, Any] | None = None,
        edit: NamedEdit | None = None,
    ) -> Step:
        """Add a step; undone steps are gone."""
        sizes = {"undo_bytes": _only_in(before, after), "redo_bytes": _only_in(after, before)}
        # What made the pictures is not kept: it may hold others.
        named = replace(edit, edit=lambda picture: picture) if edit is not None else None
        step = Step(title, before, after, record, edit=named, **sizes)
        del self._steps[self._position :]
        self._steps.append(step)
        self._position += 1
        while len(self._steps) > 1 and (self.nbytes > self.budget or len(self._steps) > self.limit):
            del self._steps[0]
            self._position -= 1
            self.dropped += 1
        return step

    def replace_present(self, picture: Picture) -> None:
        """Let the present state be ``picture``, which differs in nothing that is content."""
        at = self._position
        if at > 0:
            self._steps[at - 1] = replace(self._steps[at - 1], after=picture)
        if at < len(self._steps):
            self._steps[at] = replace(self._steps[at], before=picture)

    def undo(self) -> Step | None:
        """Step back; returns the undone step, or None at the beginning."""
        if not self.can_undo:
            return None
        self._position -= 1
        return self._steps[self._position]

    def redo(self) -> Step | None:
        """Step forward; returns the step done again, or None at the end."""
        if not self.can_redo:
            return None
        self._position += 1
        return self._steps[self._position - 1]


def _only_in(picture: Picture, other: Picture) -> int:
    """Bytes of tiles that ``picture`` holds and ``other`` does not share."""
    shared = {id(tile) for raster in other.rasters for tile in raster.tiles.values()}
    own = {
        id(tile): tile.nbytes
        for raster in picture.rasters
        for tile in raster.tiles.values()
        if id(tile) not in shared
    }
    return sum(own.values())
