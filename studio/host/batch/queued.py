"""Batches of a window: their networks run on the workers of its queue, behind what people wait for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from psygnal import Signal

from studio.api.errors import Cancelled, UserError
from studio.document.events import emit
from studio.host.batch.batch import Order, Tools, check_order, run_batch
from studio.host.batch.engines import Watcher
from studio.host.batch.items import Item, Outcome
from studio.host.batch.runs import BatchRun, BatchState
from studio.host.jobs import JobError, JobState
from studio.host.observer import Observer
from studio.host.queue import JobQueue
from studio.host.recipes.replay import Execute
from studio.host.requests import RunRequest
from studio.host.results import RunResult

log = logging.getLogger(__name__)
_LOOK = 0.05  # seconds between two looks at a job that runs


class BatchBench:
    """Runs batches one after another on a thread of its own; one that watches has its own.

    Args:
        queue: whose workers run the networks.
        tools: what batches work with, within the present settings; its ``execute`` is not used.

    Signals are emitted on the bench's thread, and for what the caller changes on the caller's.
    """

    changed = Signal(BatchRun)

    def __init__(self, queue: JobQueue, tools: Callable[[Execute], Tools]) -> None:
        self._queue, self._tools = queue, tools
        self._runs: list[BatchRun] = []
        self._wake = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closing = self._working = False

    @property
    def runs(self) -> tuple[BatchRun, ...]:
        """All that were not removed, in the order in which they run."""
        with self._wake:
            return tuple(self._runs)

    @property
    def busy(self) -> bool:
        """Whether one runs or waits."""
        return any(not run.state.finished for run in self.runs)

    def check(self, order: Order) -> tuple[Item, ...]:
        """The pictures of an order.

        Raises:
            UserError: if it cannot run.
        """
        return check_order(order, self._tools(queued(self._queue)))

    def submit(self, order: Order) -> BatchRun:
        """Let a batch run after those that wait."""
        run = BatchRun(order)
        run.go_on.set()
        with self._wake:
            self._runs.append(run)
            if self._closing:
                run.state = BatchState.CANCELLED
            elif order.watch:
                run.state = BatchState.RUNNING
                self._start(lambda: self._run(run))
            elif not self._working:
                self._working = True
                self._start(self._work)
            self._wake.notify_all()
        emit(self.changed, run)
        return run

    def pause(self, run: BatchRun) -> None:
        """Hold a batch before its next picture."""
        run.go_on.clear()
        emit(self.changed, run)

    def resume(self, run: BatchRun) -> None:
        """Let a batch go on."""
        run.go_on.set()
        emit(self.changed, run)

    def cancel(self, run: BatchRun) -> None:
        """Stop a batch; what it has done stays done."""
        with self._wake:
            run.cancel_requested.set()
            if run.state is BatchState.WAITING:
                run.state = BatchState.CANCELLED
            run.go_on.set()
        emit(self.changed, run)

    def remove(self, run: BatchRun) -> None:
        """Forget a batch that has ended."""
        with self._wake:
            if run in self._runs and run.state.finished:
                self._runs.remove(run)
        emit(self.changed, run)

    def close(self, timeout: float = 10.0) -> bool:
        """Stop everything; False if the thread did not end in time."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for run in self.runs:
            self.cancel(run)
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="impasto-batches", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _next(self) -> BatchRun | None:
        waiting = (run for run in self._runs if run.state is BatchState.WAITING)
        return next(waiting, None)

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._next() is not None)
                run = None if self._closing else self._next()
                if run is None:
                    return
                run.state = BatchState.RUNNING
            self._run(run)

    def _run(self, run: BatchRun) -> None:
        run.started = time.monotonic()
        emit(self.changed, run)
        watcher = _Follower(self, run)
        execute = queued(self._queue)
        try:
            run.summary = run_batch(run.order, self._tools(execute), watcher)
            state = BatchState.CANCELLED if run.summary.cancelled else BatchState.DONE
        except Exception as error:  # the boundary: a failure is the batch's state
            log.exception("the batch into %s failed", run.order.folder)
            run.error = JobError.of(error)
            state = BatchState.FAILED
        run.fraction, run.name = 0.0, ""
        run.state = state
        emit(self.changed, run)


class _Follower(Watcher):
    """Brings what a batch reports into its run."""

    def __init__(self, bench: BatchBench, run: BatchRun) -> None:
        self._bench, self._run = bench, run

    def found(self, count: int) -> None:
        self._run.count += count
        self._tell()

    def begun(self, item: Item) -> None:
        self._run.name, self._run.fraction = item.source, 0.0
        self._tell()

    def progress(self, fraction: float, message: str) -> None:  # noqa: ARG002 - of all pictures
        self._run.fraction = fraction
        self._tell()

    def finished(self, outcome: Outcome) -> None:
        run = self._run
        run.done, run.fraction = run.done + 1, 0.0
        run.skipped += outcome.state == "skipped"
        if outcome.state == "failed":
            run.failed += 1
            run.problems.append(outcome)
        self._tell()

    def hold(self) -> None:
        run = self._run
        if run.go_on.is_set():
            return
        since = time.monotonic()
        run.state = BatchState.PAUSED
        self._tell()
        run.go_on.wait()
        run.paused_for += time.monotonic() - since
        run.state = BatchState.RUNNING
        self._tell()

    def cancelled(self) -> bool:
        return self._run.cancel_requested.is_set()

    def _tell(self) -> None:
        emit(self._bench.changed, self._run)


def queued(queue: JobQueue) -> Execute:
    """Running requests on a queue's worker, in its batch lane, while the caller waits."""

    def execute(request: RunRequest, observer: Observer) -> RunResult:
        job = queue.submit(request, "batch", quiet=True)
        while not queue.wait(job, _LOOK):
            observer.progress(job.fraction, job.message)
            if observer.cancelled() and not job.cancel_requested:
                queue.cancel(job)
        for note in job.notes:
            observer.note(note)
        if job.state is JobState.CANCELLED:
            raise Cancelled
        if job.result is None:
            error = job.error or JobError("It failed.", "", "")
            raise UserError(error.message, error.hint)
        result, job.result = job.result, None
        return result

    return execute
