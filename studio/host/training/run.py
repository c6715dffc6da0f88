"""One training, as the program sees it."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.api.errors import UserError
from studio.api.models import ModelCard
from studio.host.jobs import JobError
from studio.host.training import records
from studio.host.training.records import Curves, RunSpec, RunState

if TYPE_CHECKING:
    from studio.host.training.bench import TrainingBench
    from studio.host.training.process import TrainingProcess

_LEAST_SHARE = 0.002


class TrainingRun:
    """A model in the making. Read it from any thread; the methods are safe from any thread, too.

    Attributes:
        id: name of its folder.
        spec: what is trained, of what.
        folder: where it keeps its checkpoints, its log and its samples.
        state: where it is.
        fraction: done share in [0, 1].
        message: what it is doing.
        pictures: pictures and pairs found in the folders; 0 until they were looked at.
        model: id of the model it became; empty until then.
        error: why it failed, or how it was interrupted.
        seconds: of training so far.
    """

    def __init__(self, bench: TrainingBench, folder: Path, spec: RunSpec) -> None:
        status = records.read_status(folder)
        self.id, self.folder, self.spec = folder.name, folder, spec
        self.state = status.state
        self.fraction, self.message = status.fraction, status.message
        self.pictures, self.model, self.error = status.pictures, status.model, status.error
        self.seconds = status.seconds
        self.wanted = ""
        self.process: TrainingProcess | None = None
        self._bench = bench
        self._lock = threading.Lock()
        self._curves: Curves | None = None
        self._since: tuple[float, float] | None = None

    @property
    def trainer(self) -> str:
        """Id of its trainer."""
        return self.spec.trainer

    @property
    def title(self) -> str:
        """Name of the model to be."""
        return self.spec.title

    @property
    def curves(self) -> Curves:
        """Losses and metrics by name: points of step and value, in the order of the steps."""
        with self._lock:
            if self._curves is None:
                self._curves = records.read_curves(self.folder)
            return {name: list(points) for name, points in self._curves.items()}

    @property
    def sheet(self) -> Path | None:
        """The newest sheet of samples, a PNG; None until there is one."""
        path = self.folder / records.SHEET
        return path if path.is_file() else None

    @property
    def has_learned(self) -> bool:
        """Whether there is a state that it can go on from, or be finished with."""
        return (self.folder / records.CHECKPOINT).is_file()

    @property
    def card(self) -> ModelCard | None:
        """The model it became."""
        if not self.model:
            return None
        try:
            return self._bench.store.card(self.model)
        except UserError:  # it was removed since
            return None

    @property
    def seconds_left(self) -> float | None:
        """Estimate from what this process has done; None while there is too little to tell from."""
        if self.state is not RunState.RUNNING or self._since is None:
            return None
        start, before = self._since
        share = self.fraction - before
        if share < _LEAST_SHARE:
            return None
        return (time.monotonic() - start) * (1 - self.fraction) / share

    def pause(self) -> None:
        """Stop for now; the state is saved."""
        self._bench.pause(self)

    def resume(self) -> None:
        """Go on from the last checkpoint, once nothing else is trained."""
        self._bench.resume(self)

    def finish(self) -> None:
        """Stop early and make a model of the best so far."""
        self._bench.finish(self)

    def discard(self) -> None:
        """Stop, and delete all but the model it became."""
        self._bench.discard(self)

    # For the bench

    def ask(self, wish: str) -> None:
        """Tell the process what is wished of it; at its start, if there is none yet."""
        self.wanted = wish
        if self.process is not None:
            self.process.wish(wish)

    def begin(self, process: TrainingProcess) -> None:
        """A process has started; what was wished meanwhile is passed on."""
        self.process = process
        if self.wanted:
            process.wish(self.wanted)

    def hear(self, message: dict[str, Any]) -> None:
        """Take over what the process reports."""
        match message.get("kind"):
            case "progress":
                self.fraction, self.message = message["fraction"], message["message"]
                if self._since is None:
                    self._since = (time.monotonic(), self.fraction)
                if self.state is RunState.PREPARING:
                    self.state = RunState.RUNNING
            case "log":
                with self._lock:
                    if self._curves is None:
                        self._curves = records.read_curves(self.folder)
                    records.add_to_curves(self._curves, message["step"], message["values"])
            case "paused":
                self.state = RunState.PAUSED
            case "done":
                self.state, self.fraction, self.message = RunState.FINISHED, 1.0, ""
                self.model = message["model"]
                self.seconds = records.read_status(self.folder).seconds
            case "failed":
                self.state = RunState.FAILED
                self.error = JobError(message["message"], message["hint"], message["details"])

    def end(self, code: int, words: str) -> None:
        """The process is gone. If it did not say why, it was killed or has crashed."""
        self.process, self._since = None, None
        status = records.read_status(self.folder)
        self.seconds = status.seconds
        if self.state.active and status.state is RunState.FINISHED:  # but could not say so
            self.state, self.fraction, self.message = RunState.FINISHED, 1.0, ""
            self.model = status.model
        elif self.state.active:
            self.state = RunState.INTERRUPTED
            self.error = JobError(
                f"The training process ended unexpectedly ({_how(code)}).",
                "Resume it: it goes on from its last checkpoint.",
                words,
            )
        self.keep()

    def fail(self, error: BaseException) -> None:
        """It could not be started."""
        self.process = None
        self.state, self.error = RunState.FAILED, JobError.of(error)
        self.keep()

    def keep(self) -> None:
        """Write down where it is, while no process does."""
        status = records.read_status(self.folder).model_copy(
            update={"state": self.state, "error": self.error, "pictures": self.pictures}
        )
        with contextlib.suppress(OSError):  # a full disk costs the state its being remembered
            records.write_status(self.folder, status)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
