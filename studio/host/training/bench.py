"""The training bench: starts, pauses and resumes trainings, one at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psygnal import Signal

from studio.api.errors import Cancelled, UserError
from studio.api.parameters import validate
from studio.document.events import emit
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry
from studio.host.training import records
from studio.host.training.channel import FINISH, PAUSE
from studio.host.training.checks import assign, check_data
from studio.host.training.host import Host
from studio.host.training.process import TrainingProcess
from studio.host.training.records import RunSpec, RunState
from studio.host.training.run import TrainingRun

_log = logging.getLogger(__name__)


class TrainingBench:
    """All trainings of this user, those of earlier starts included.

    Args:
        registry: where trainers come from.
        store: where finished models go.
        folder: holds a folder for each run.
        host: what a training process is told of this program.

    Signals:
        changed: a `TrainingRun` that is new, moved on, ended or was discarded; on any thread.
    """

    changed = Signal(TrainingRun)

    def __init__(
        self, registry: PluginRegistry, store: ModelStore, folder: Path, host: Host
    ) -> None:
        self.registry, self.store, self.folder = registry, store, folder
        self.host = host
        self._lock = threading.RLock()
        self._runs: dict[Path, TrainingRun] = {}
        self._queue: list[TrainingRun] = []
        self._current: TrainingRun | None = None
        self._thread: threading.Thread | None = None
        self._leaving: set[Path] = set()
        self._closed = False

    def runs(self) -> tuple[TrainingRun, ...]:
        """All runs, newest first; unfinished ones of earlier starts are found on disk."""
        with self._lock:
            for path in sorted(self.folder.glob(f"*/{records.SPEC}")):
                if not path.parent.name.startswith(".") and path.parent not in self._leaving:
                    self.open(path.parent)
            known = self._runs.values()
            return tuple(sorted(known, key=lambda run: run.spec.created, reverse=True))

    def open(self, folder: Path) -> TrainingRun | None:
        """The run in a folder, wherever it lies; None if there is none."""
        folder = folder.absolute()
        with self._lock:
            if folder in self._runs:
                return self._runs[folder]
            spec = records.read_spec(folder)
            if spec is None:
                return None
            run = self._runs[folder] = TrainingRun(self, folder, spec)
            if run.state.active:  # what another process wrote that is gone, or still at it
                run.state = RunState.INTERRUPTED
            elif run.state is RunState.WAITING:
                run.state = RunState.PAUSED
            return run

    def start(
        self,
        trainer_id: str,
        data: Sequence[Path],
        parameters: Mapping[str, Any],
        title: str = "",
        *,
        seed: int = 0,
        device: str = "auto",
        folder: Path | None = None,
        pictures: int = 0,
    ) -> TrainingRun:
        """Queue a new training.

        Args:
            trainer_id: of a trainer.
            data: its folders of pictures, in its order.
            parameters: those of its parameters that differ from their defaults.
            title: of the model to be; the trainer's title if empty.
            seed: of everything random.
            device: as ``--device`` takes it.
            folder: where to keep the run; a new one in the user's data folder if None.
            pictures: how many `check_data` found, if that was called already; 0 has it called.

        Raises:
            UserError: if there is no such trainer, parameters or folders do not fit, or the disk
                refuses.
        """
        trainer = self.registry.trainer(trainer_id)
        chosen = validate(trainer.parameters, dict(parameters))
        assign(trainer, data)
        spec = RunSpec(
            trainer=trainer.id,
            title=title.strip() or trainer.title,
            parameters=chosen.model_dump(mode="json"),
            data=tuple(str(path.absolute()) for path in data),
            device=device,
            seed=seed,
        )
        folder = folder.absolute() if folder else records.make_folder(self.folder, spec.title)
        folder.mkdir(parents=True, exist_ok=True)
        records.write_spec(folder, spec)
        with self._lock:
            run = self._runs[folder] = TrainingRun(self, folder, spec)
            run.pictures = pictures
            self._enqueue(run)
        self._tell(run)
        return run

    def pause(self, run: TrainingRun) -> None:
        """Stop a run for now."""
        with self._lock:
            if run in self._queue:
                self._queue.remove(run)
                run.state = RunState.PAUSED
                run.keep()
            elif run is self._current and run.state in (
                RunState.PREPARING, RunState.RUNNING, RunState.FINISHING,
            ):  # fmt: skip
                run.state = RunState.PAUSING
                run.ask(PAUSE)
            else:
                return
        self._tell(run)

    def pause_all(self) -> None:
        """Stop all runs for now, those that wait first."""
        with self._lock:
            waiting, current = list(self._queue), self._current
        for run in (*waiting, *([current] if current else [])):
            self.pause(run)

    def resume(self, run: TrainingRun) -> None:
        """Queue a run that stands still.

        Raises:
            UserError: if another process trains it.
        """
        with self._lock:
            if not run.state.resumable or run in self._queue:
                return
            self._go_on(run)
        self._tell(run)

    def finish(self, run: TrainingRun) -> None:
        """Stop a run early, or what stands still, and keep the best.

        Raises:
            UserError: if another process trains it.
        """
        with self._lock:
            if run is self._current and run.state in (RunState.PREPARING, RunState.RUNNING):
                run.state = RunState.FINISHING
                run.ask(FINISH)
            elif run in self._queue and run.has_learned:
                run.wanted = FINISH
            elif run.state.resumable and run.has_learned:
                self._go_on(run)
                run.wanted = FINISH
            else:
                return
        self._tell(run)

    def discard(self, run: TrainingRun) -> None:
        """End a run and delete its folder; the model it became stays.

        Raises:
            UserError: if another process trains it, or the disk refuses.
        """
        with self._lock:
            if run in self._queue:
                self._queue.remove(run)
            elif run is not self._current:
                self._refuse_taken(run)
            self._runs.pop(run.folder, None)
            if run is self._current:
                self._leaving.add(run.folder)
                run.wanted = PAUSE
                if run.process is not None:
                    run.process.kill()
            else:
                records.remove_folder(run.folder)
        self._tell(run)

    def wait(self, run: TrainingRun, seconds: float) -> bool:
        """Wait until a run stands still; whether it does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                if run is not self._current and run not in self._queue:
                    return True
            time.sleep(0.02)
        return False

    def close(self, seconds: float = 20.0) -> None:
        """Pause what is trained and start nothing more; no thread or process is left.

        Args:
            seconds: how long the training may take to save its state before it is killed.
        """
        with self._lock:
            self._closed = True
            run, thread = self._current, self._thread
        self.pause_all()
        if thread is not None:
            thread.join(seconds)
            if thread.is_alive() and run is not None and run.process is not None:
                run.process.kill()
            thread.join()

    @property
    def current(self) -> TrainingRun | None:
        """The run that is trained right now."""
        return self._current

    def _refuse_taken(self, run: TrainingRun) -> None:
        if records.in_use(run.folder):
            raise UserError(
                f"{run.title} is being trained by another window or command.",
                "Pause it there first.",
            )

    def _go_on(self, run: TrainingRun) -> None:
        """Queue what stands still; its last process may be about to end, and is waited for then."""
        if run is not self._current:
            self._refuse_taken(run)
        self._enqueue(run)

    def _enqueue(self, run: TrainingRun) -> None:
        if self._closed:
            raise UserError("The training bench is closed.", "Start Impasto again.")
        run.state, run.error, run.wanted, run.message = RunState.WAITING, None, "", ""
        self._queue.append(run)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="training-bench", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Train what waits, and end when nothing does."""
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                run = self._current = self._queue.pop(0)
                run.state = RunState.PREPARING
                if run.wanted == FINISH:
                    run.state = RunState.FINISHING
            self._tell(run)
            self._train(run)
            with self._lock:
                self._current = None
                discarded = run.folder in self._leaving
            if discarded:
                self._remove(run)
            self._tell(run)

    def _train(self, run: TrainingRun) -> None:
        try:
            self._look_at_data(run)
            run.message = "Starting"
            self._tell(run)
            process = TrainingProcess(run.folder, self.host.as_json())
        except Cancelled:
            run.state = RunState.PAUSED
            run.keep()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run shows it
            if not isinstance(error, UserError):
                _log.exception("training %s could not start", run.id)
            run.fail(error)
        else:
            with self._lock:
                run.begin(process)
            for message in process.messages():
                with self._lock:
                    run.hear(message)
                self._tell(run)
            with self._lock:
                run.process = None
            code = process.close()
            run.end(code, process.last_words())

    def _look_at_data(self, run: TrainingRun) -> None:
        """Check the pictures before the first step; one that goes on needs its folders only."""
        trainer = self.registry.trainer(run.trainer)
        data = [Path(folder) for folder in run.spec.data]
        if run.pictures:
            assign(trainer, data)
            run.keep()
            return

        def report(done: int, count: int) -> None:
            if done % 20 == 0 or done == count:
                run.message = f"Looking at pictures: {done} of {count}"
                self._tell(run)

        found = check_data(trainer, data, report, lambda: run.wanted == PAUSE)
        run.pictures = sum(check.count for check in found)
        run.keep()

    def _remove(self, run: TrainingRun) -> None:
        try:
            records.remove_folder(run.folder)
        except UserError:
            _log.warning("a discarded training stays in %s", run.folder, exc_info=True)
        with self._lock:
            self._leaving.discard(run.folder)

    def _tell(self, run: TrainingRun) -> None:
        emit(self.changed, run)
