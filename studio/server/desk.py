"""The server's jobs: in the host's queue, which runs one at a time on each device."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.document.events import listen
from studio.files.metadata import Metadata
from studio.host.jobs import Job, JobState
from studio.host.queue import JobQueue
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.server.options import ServerOptions
from studio.server.problems import Problem

_LOOK_AGAIN = 0.3  # seconds until a waiting request looks whether its client is still there


@dataclass(eq=False)
class Ticket:
    """One job, as clients know it.

    Attributes:
        id: what they ask for it by; nobody can guess it.
        job: in the queue.
        metadata: what its picture brought along.
        folder: of files that came with the request; removed when the job is finished.
        forgotten: whether nobody wants it any more.
        done: set when it is finished.
    """

    id: str
    job: Job
    metadata: Metadata
    folder: Path | None = None
    forgotten: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def nbytes(self) -> int:
        """What its pixels take, those that came included."""
        picture = self.job.request.picture
        total = 0 if picture is None else picture.width * picture.height * 4
        if self.job.result is not None:
            variants = self.job.result.variants
            total += sum(image.pixels.nbytes for images in variants for image in images)
        return total


class Desk:
    """Takes requests, lets them be waited for, and forgets results in time.

    Made and used on the loop of the server.

    Args:
        queue: of the host.
        options: limits.
    """

    def __init__(self, queue: JobQueue, options: ServerOptions) -> None:
        self._queue, self._options = queue, options
        self._tickets: dict[str, Ticket] = {}
        self._coming = 0
        self._closing = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()
        self._unlisten = listen(queue.changed, self._heard)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place among the jobs, while a request is read.

        Raises:
            Problem: 503 if there are too many, or the server is closing.
        """
        waiting = sum(not ticket.job.state.finished for ticket in self._tickets.values())
        if self._closing:
            raise self._closed()
        if waiting + self._coming >= self._options.max_jobs:
            raise Problem(
                503,
                f"{self._options.max_jobs} jobs are waiting already.",
                "Try again when one is done.",
                {"Retry-After": "5"},
            )
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def submit(self, request: RunRequest, metadata: Metadata, folder: Path | None) -> Ticket:
        """Queue a request."""
        if self._closing:
            raise self._closed()
        job = self._queue.submit(request)
        ticket = Ticket(secrets.token_urlsafe(12), job, metadata, folder)
        self._tickets[ticket.id] = ticket
        if job.state.finished:  # before it could be heard of
            self._finish(ticket)
        return ticket

    def ticket(self, id: str) -> Ticket:
        """The job of this id.

        Raises:
            Problem: 404 if there is none any more.
        """
        ticket = self._tickets.get(id)
        if ticket is None or ticket.forgotten:
            raise Problem(
                404, "There is no such job.", "Results are kept for some minutes; run it again."
            )
        return ticket

    async def finished(self, ticket: Ticket, gone: Callable[[], Awaitable[bool]]) -> RunResult:
        """Wait for a job; if its client goes away, it is cancelled.

        Raises:
            Problem: if it failed or was cancelled.
        """
        while not ticket.done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ticket.done.wait(), _LOOK_AGAIN)
            if not ticket.done.is_set() and await gone():
                self.forget(ticket)
                raise Problem(503, "Nobody waits for this any more.")
        return self.result(ticket)

    def result(self, ticket: Ticket) -> RunResult:
        """What a job made.

        Raises:
            Problem: if it is not finished, failed, or was cancelled.
        """
        job = ticket.job
        if job.error is not None:
            raise Problem.of_job(job.error)
        if job.state is JobState.CANCELLED:
            raise self._closed() if self._closing else Problem(410, "The job was cancelled.")
        if job.result is None:
            raise Problem(409, "The job is not finished.", "Ask for its state until it is done.")
        return job.result

    def forget(self, ticket: Ticket) -> None:
        """Cancel a job, if it still runs, and drop its result."""
        timer = self._timers.pop(ticket.id, None)
        if timer is not None:
            timer.cancel()
        if not ticket.job.state.finished:
            ticket.forgotten = True  # it leaves when its end is heard of
            self._queue.cancel(ticket.job)
            return
        self._tickets.pop(ticket.id, None)
        self._finish(ticket)
        self._queue.remove(ticket.job)

    def begin_closing(self) -> None:
        """Refuse what comes and cancel what runs; those who wait are told."""
        self._closing = True
        for ticket in tuple(self._tickets.values()):
            self._queue.cancel(ticket.job)

    def ask_to_close(self) -> None:
        """`begin_closing` on the loop; for a signal's handler and other threads."""
        self._loop.call_soon_threadsafe(self.begin_closing)

    def close(self) -> None:
        """End: hear of nothing any more, and drop all results. The queue is closed before."""
        self._unlisten()
        for timer in self._timers.values():
            timer.cancel()
        for ticket in self._tickets.values():
            self._finish(ticket)
            self._queue.remove(ticket.job)
        self._tickets.clear()

    def _heard(self, job: Job, *_: Any) -> None:
        """A job changed, on whatever thread."""
        if job.state.finished:
            self._loop.call_soon_threadsafe(self._ended, job)

    def _ended(self, job: Job) -> None:
        ticket = next((each for each in self._tickets.values() if each.job is job), None)
        if ticket is None:
            return
        self._finish(ticket)
        if ticket.forgotten:
            self.forget(ticket)
            return
        seconds = self._options.keep_seconds
        self._timers[ticket.id] = self._loop.call_later(seconds, self.forget, ticket)
        self._make_room()

    def _make_room(self) -> None:
        kept = [each for each in self._tickets.values() if each.job.state.finished]
        total = sum(ticket.nbytes for ticket in kept)
        for ticket in kept[:-1]:
            if total <= self._options.keep_bytes:
                break
            total -= ticket.nbytes
            self.forget(ticket)

    def _finish(self, ticket: Ticket) -> None:
        if ticket.folder is not None:
            shutil.rmtree(ticket.folder, ignore_errors=True)
        ticket.done.set()

    @staticmethod
    def _closed() -> Problem:
        return Problem(503, "The server is closing.", "Start it again: impasto serve.")
