"""The queue of jobs: one worker thread per device, with an interactive and a batch lane."""

from __future__ import annotations

import itertools
import logging
import threading
import time

from psygnal import Signal

from studio.api.errors import Cancelled
from studio.document.events import emit
from studio.host import memory
from studio.host.jobs import Job, JobError, JobState, Lane
from studio.host.observer import Observer
from studio.host.previews import TilePreview
from studio.host.requests import RunRequest
from studio.host.runs import Runner

log = logging.getLogger(__name__)


class JobQueue:
    """Takes requests and runs them, one at a time on each device.

    Signals are emitted on the worker's thread (and, for what the caller changes, on the caller's);
    a window hands them over to its own.

    Args:
        runner: runs one request.

    Attributes:
        ready: set once a worker has imported torch.
    """

    changed = Signal(Job)
    tile = Signal(Job, TilePreview)

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._jobs: list[Job] = []
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._workers: dict[str, threading.Thread] = {}
        self.ready = threading.Event()
        self._default = "auto"  # the device that this means, once torch has told
        self._warm = False
        self._closing = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs that were not removed, in the order in which they are to run; no quiet ones."""
        with self._lock:
            return tuple(job for job in self._jobs if not job.quiet)

    def submit(
        self,
        request: RunRequest,
        lane: Lane = "interactive",
        replaces: str | None = None,
        *,
        quiet: bool = False,
    ) -> Job:
        """Queue a request.

        Args:
            request: what to run.
            lane: ``interactive`` for what somebody waits for, ``batch`` for the rest.
            replaces: a key; an unfinished job with the same key is cancelled.
            quiet: not to be listed, and to be forgotten once it is finished.

        Raises:
            UserError: if there is no such operation.
        """
        operation = self.runner.registry.operation(request.operation)
        with self._lock:
            replaced = [
                job
                for job in self._jobs
                if replaces is not None and job.key == replaces and not job.state.finished
            ]
            job = Job(next(self._ids), request, operation.title, lane, replaces, quiet)
            job.stoppable = operation.stoppable
            if self._closing:
                job.state = JobState.CANCELLED
            self._jobs.append(job)
            self._start_worker(request.device)
            self._wake.notify_all()
        for old in replaced:
            self.cancel(old)
        emit(self.changed, job)
        return job

    def cancel(self, job: Job) -> None:
        """Ask a job to stop; one that waits is cancelled at once, a finished one is left."""
        with self._lock:
            job.cancel_requested = True
            waiting = job.state is JobState.QUEUED
            if waiting:
                job.state = JobState.CANCELLED
                self._forget_quiet(job)
                self._wake.notify_all()
        if waiting:
            emit(self.changed, job)

    def stop(self, job: Job) -> None:
        """Ask a stoppable job to end now and keep what it has; one that has begun nothing is left."""
        with self._lock:
            begun = job.state in (JobState.RUNNING, JobState.PAUSED)
            if not (job.stoppable and begun):
                return
            job.stop_requested = True
        emit(self.changed, job)

    def retry(self, job: Job) -> Job:
        """Queue a finished job's request again, as a new job."""
        return self.submit(job.request, job.lane, job.key)

    def move(self, job: Job, offset: int) -> None:
        """Move a waiting job by ``offset`` places among the jobs of its lane."""
        with self._lock:
            lane = [j for j in self._jobs if j.lane == job.lane and j.state is JobState.QUEUED]
            if job not in lane:
                return
            target = lane[min(max(lane.index(job) + offset, 0), len(lane) - 1)]
            if target is not job:
                self._jobs.remove(job)
                self._jobs.insert(self._jobs.index(target) + (offset > 0), job)
        emit(self.changed, job)

    def remove(self, job: Job) -> None:
        """Forget a finished job and its result."""
        with self._lock:
            if job in self._jobs and job.state.finished:
                self._jobs.remove(job)
        emit(self.changed, job)

    def warm_up(self, device: str = "auto") -> None:
        """Let the worker import torch now, so that the first run starts at once."""
        with self._lock:
            if self._warm or self._closing:
                return
            self._warm = True
            self._start_worker(device)
            self._wake.notify_all()

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel everything and end the workers; False if one did not end in time."""
        with self._lock:
            self._closing = True
            jobs, workers = tuple(self._jobs), tuple(self._workers.values())
            self._wake.notify_all()
        for job in jobs:
            self.cancel(job)
        for worker in workers:
            worker.join(timeout)
        if self.runner.isolation is not None:
            self.runner.isolation.close()
        return not any(worker.is_alive() for worker in workers)

    def wait(self, job: Job, timeout: float | None = None) -> bool:
        """Block until a job is finished; for scripts and tests, never on a GUI thread."""
        with self._wake:
            return self._wake.wait_for(lambda: job.state.finished, timeout)

    def _device(self, spec: str) -> str:
        """One name for what is one device; the default is known once torch is here."""
        if spec == "auto":
            return self._default
        return f"{spec}:0" if spec in ("cuda", "xpu") else spec

    def _start_worker(self, spec: str) -> None:
        device = self._device(spec)
        # The first worker finds out what the default device is, then starts the others.
        early = bool(self._workers) and not self.ready.is_set()
        if early or device in self._workers or self._closing:
            return
        # glibc gives a new thread an arena of its own unless it is told before.
        memory.keep_pages()
        worker = threading.Thread(
            target=self._work, args=(device,), name=f"impasto-worker-{device}", daemon=True
        )
        self._workers[device] = worker
        worker.start()

    def _next(self, device: str, lanes: tuple[Lane, ...]) -> Job | None:
        """Take the next waiting job of these lanes, earlier lanes first."""
        with self._lock:
            for lane in lanes:
                for job in self._jobs:
                    waits = job.state is JobState.QUEUED and job.lane == lane
                    if waits and self._device(job.request.device) == device:
                        job.state = JobState.RUNNING
                        return job
        return None

    def _work(self, device: str) -> None:
        if not self.ready.is_set():
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._warm or self._waiting(device))
                if self._closing:
                    return
            device = self._prepared(device)
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._waiting(device))
                if self._closing:
                    return
            job = self._next(device, ("interactive", "batch"))
            if job is not None:
                self.run_now(job)
                # Trimming takes longer than a small preview, and the next one is about to come.
                if not job.quiet and not self._waiting(device):
                    memory.trim()

    def _prepared(self, device: str) -> str:
        """Import torch on this first worker, and start those that wait for it; its device's name."""
        default = _import_torch()
        with self._wake:
            self._default = default
            worker = self._workers.pop(device)
            device = self._device(device)
            self._workers[device] = worker
            self.ready.set()
            for job in self._jobs:
                if job.state is JobState.QUEUED:
                    self._start_worker(job.request.device)
        return device

    def _waiting(self, device: str) -> bool:
        with self._lock:
            return any(
                job.state is JobState.QUEUED and self._device(job.request.device) == device
                for job in self._jobs
            )

    def run_now(self, job: Job) -> None:
        """Run a taken job on this thread; its end is in its state, nothing is raised."""
        job.started = time.monotonic()
        job.message = "Preparing"
        emit(self.changed, job)
        try:
            job.result = self.runner.execute(job.request, _JobObserver(self, job))
            state = JobState.DONE
        except Cancelled:
            state = JobState.CANCELLED
        except BaseException as error:  # the boundary: a failure is the job's state
            log.info("job %d (%s) failed", job.id, job.title, exc_info=error)
            job.error = JobError.of(error)
            state = JobState.FAILED
        with self._wake:
            job.finished = time.monotonic()
            job.fraction = 1.0 if state is JobState.DONE else job.fraction
            job.state = state
            self._forget_quiet(job)
            self._wake.notify_all()
        emit(self.changed, job)

    def _forget_quiet(self, job: Job) -> None:
        if job.quiet and job in self._jobs:
            self._jobs.remove(job)

    def urgent(self, job: Job) -> Job | None:
        """An interactive job that a running batch job should give way to."""
        if job.lane != "batch":
            return None
        return self._next(self._device(job.request.device), ("interactive",))


class _JobObserver(Observer):
    """Brings what a run reports into its job."""

    def __init__(self, queue: JobQueue, job: Job) -> None:
        self._queue, self._job = queue, job

    def progress(self, fraction: float, message: str) -> None:
        self._job.fraction = max(self._job.fraction, fraction)
        self._job.message = message
        emit(self._queue.changed, self._job)

    def tile(self, preview: TilePreview) -> None:
        emit(self._queue.tile, self._job, preview)

    def note(self, message: str) -> None:
        self._job.notes.append(message)
        emit(self._queue.changed, self._job)

    def cancelled(self) -> bool:
        return self._job.cancel_requested

    def stopping(self) -> bool:
        return self._job.stop_requested

    def give_way(self) -> bool:
        urgent = self._queue.urgent(self._job)
        if urgent is None:
            return False
        import torch

        self._job.state = JobState.PAUSED
        emit(self._queue.changed, self._job)
        # The urgent job seeds its own generators inside a fork, so this job's numbers go on.
        with torch.inference_mode(False):
            while urgent is not None:
                self._queue.run_now(urgent)
                urgent = self._queue.urgent(self._job)
        self._job.state = JobState.RUNNING
        emit(self._queue.changed, self._job)
        return True


def _import_torch() -> str:
    """Import torch and say which device is the default."""
    from studio.host import devices

    try:
        devices.warm_up()
        return str(devices.resolve("auto"))
    except Exception:  # a worker that ends here would leave its jobs waiting forever
        log.exception("torch cannot be imported; runs will say so")
        return "cpu"
