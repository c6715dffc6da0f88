"""Jobs: runs that wait, run, can be cancelled and tried again."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from studio.api.errors import PluginError, UserError
from studio.host.requests import RunRequest
from studio.host.results import RunResult

Lane = Literal["interactive", "batch"]


class JobState(StrEnum):
    """Where a job is; the last three are the end of it."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class JobError:
    """Why a job failed.

    Attributes:
        message: what happened.
        hint: what to do; may be empty.
        details: the traceback, for the plugin's author.
        fault: whether a plugin or Impasto is to blame, and not what was asked for.
    """

    message: str
    hint: str
    details: str
    fault: bool = False

    @classmethod
    def of(cls, error: BaseException) -> JobError:
        """From an exception."""
        details = "".join(traceback.format_exception(error))
        if isinstance(error, UserError):
            fault = isinstance(error, PluginError)
            return cls(error.message, error.hint, details, fault)
        text = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        return cls(text, "Please report this with the details.", details, fault=True)


@dataclass(eq=False)
class Job:
    """One run in the queue. Read it from any thread; only its worker changes it.

    Attributes:
        id: counts up.
        request: what to run.
        title: of the operation.
        lane: interactive jobs go before batch jobs.
        key: jobs with the same key replace each other; None = never.
        stoppable: whether it can end early and keep what it has.
        quiet: one of many that only keep a preview up to date: not listed, gone when finished.
        state: where it is.
        fraction: done share in [0, 1].
        message: what it is doing.
        notes: what the user should know.
        error: why it failed.
        result: what it made; dropped when the job is removed from the queue.
        started: `time.monotonic` at the start, or None.
        finished: `time.monotonic` at the end, or None.
        cancel_requested: whether it was asked to stop and leave nothing.
        stop_requested: whether it was asked to end early and keep what it has.
    """

    id: int
    request: RunRequest
    title: str
    lane: Lane = "interactive"
    key: str | None = None
    quiet: bool = False
    state: JobState = JobState.QUEUED
    fraction: float = 0.0
    message: str = ""
    notes: list[str] = field(default_factory=list)
    error: JobError | None = None
    result: RunResult | None = None
    started: float | None = None
    finished: float | None = None
    cancel_requested: bool = False
    stoppable: bool = False
    stop_requested: bool = False

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        if self.started is None:
            return 0.0
        return (self.finished or time.monotonic()) - self.started

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the done share; None while there is too little to tell from."""
        if self.state is not JobState.RUNNING or self.fraction < 0.02 or self.seconds < 0.5:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction
