"""Batches of a window, as anyone may look at them: where they are and what became of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

from studio.host.batch.batch import Order, Summary
from studio.host.batch.items import Outcome
from studio.host.jobs import JobError


class BatchState(StrEnum):
    """Where a batch is; the last three are the end of it."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self in (BatchState.DONE, BatchState.FAILED, BatchState.CANCELLED)


@dataclass(eq=False)
class BatchRun:
    """One batch of the bench. Read it from any thread.

    Attributes:
        order: what it does.
        state: where it is; ``failed`` if it could not run at all.
        count: pictures there are.
        done: pictures that are through, whatever became of them.
        failed: how many of those failed.
        skipped: how many an earlier batch had done.
        fraction: of the picture that is worked on.
        name: of that picture.
        error: why it could not run.
        summary: what became of it, once it has ended.
        problems: the pictures that failed so far.
        started: `time.monotonic` at its start, or None.
        paused_for: seconds it was held.
        cancel_requested: set once it was asked to stop.
        go_on: set unless it was asked to pause.
    """

    order: Order
    state: BatchState = BatchState.WAITING
    count: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    fraction: float = 0.0
    name: str = ""
    error: JobError | None = None
    summary: Summary | None = None
    problems: list[Outcome] = field(default_factory=list)
    started: float | None = None
    paused_for: float = 0.0
    cancel_requested: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def share(self) -> float:
        """Of all pictures, how much is done, in [0, 1]."""
        return min((self.done + self.fraction) / self.count, 1.0) if self.count else 0.0

    @property
    def watching(self) -> bool:
        """Whether all is done, and it waits for more pictures."""
        idle = self.done == self.count and self.state is BatchState.RUNNING
        return self.order.watch and idle

    @property
    def seconds_left(self) -> float | None:
        """Estimate from what is done; None while there is too little to tell from."""
        worked = self.done - self.skipped + self.fraction
        vague = worked < 0.5 or self.done == self.count
        if self.started is None or vague or self.state is not BatchState.RUNNING:
            return None
        elapsed = time.monotonic() - self.started - self.paused_for
        return elapsed / worked * max(self.count - self.done - self.fraction, 0)
