"""The process a training runs in: ``python -m studio.host.training.child FOLDER``.

It gets a folder with a ``run.json`` and, as the first line of standard input, where plugins and
models are; it reports in lines of JSON. Nothing is pickled.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import filelock

from studio.api.errors import UserError
from studio.api.parameters import validate
from studio.api.trainer import Trainer
from studio.host.galleries import Galleries, as_files
from studio.host.jobs import JobError
from studio.host.training import records
from studio.host.training.channel import Channel
from studio.host.training.host import Host
from studio.host.training.records import RunSpec, RunState
from studio.host.training.result import card_of, hardware, made_before

if TYPE_CHECKING:
    from studio.api.models import ModelCard
    from studio.nn.training import Trained

_NICENESS = 10
_LOCK_SECONDS = 5.0


class Session:
    """One stretch of a training, from the start of a process to its end."""

    def __init__(self, folder: Path, spec: RunSpec, channel: Channel) -> None:
        self.folder, self.spec, self.channel = folder, spec, channel
        self.status = records.read_status(folder)
        self._before = self.status.seconds
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Of training so far, earlier processes included."""
        return self._before + time.monotonic() - self._start

    def keep(self, state: RunState, **changes: Any) -> None:
        """Write down how far the training is."""
        changes = {"error": None, **changes, "state": state, "seconds": self.seconds}
        self.status = self.status.model_copy(update=changes)
        records.write_status(self.folder, self.status)

    def train(self, host: Host) -> ModelCard:
        """Train to the end, or as far as asked, and make a model of it."""
        registry = host.registry(self.spec.trainer)
        trainer = registry.trainer(self.spec.trainer)
        given = validate(trainer.parameters, dict(self.spec.parameters))
        parameters = as_files(given, Galleries(registry.galleries()))
        store = host.store(registry)
        made = made_before(self.spec, store)
        if made is not None:
            return made
        _set_up_torch()
        from studio.host.devices import resolve
        from studio.host.training.context import BenchContext

        device = resolve(self.spec.device)
        function = registry.training_function(trainer)
        context = BenchContext(self, device, store)
        trained = function(tuple(map(Path, self.spec.data)), parameters, context)
        _check(trained, trainer)

        facts = {
            "data": ", ".join(Path(folder).name for folder in self.spec.data),
            "pictures": self.status.pictures,
            "steps": trained.steps,
            "seed": self.spec.seed,
            "hardware": hardware(device),
            "minutes": round(self.seconds / 60, 1),
        }
        return store.add_trained(trained.path, card_of(trained, trainer, self.spec, facts))


def run(folder: Path, channel: Channel) -> None:
    """Train what the folder says and report how it ended.

    Raises:
        UserError: if there is nothing to train there, or another process does.
    """
    host = Host.from_json(channel.first())
    channel.listen()
    spec = records.read_spec(folder)
    if spec is None:
        raise UserError(f'There is no training in "{folder}".', "Start it anew.")
    try:
        with filelock.FileLock(folder / records.LOCK, timeout=_LOCK_SECONDS):
            _run_locked(Session(folder, spec, channel), host)
    except filelock.Timeout as error:
        raise UserError(
            f"{spec.title} is being trained by another process.", "Wait for it, or pause it there."
        ) from error


def _run_locked(session: Session, host: Host) -> None:
    from studio.nn.training import TrainingPaused

    session.keep(RunState.RUNNING)
    try:
        card = session.train(host)
    except TrainingPaused:
        session.keep(RunState.PAUSED)
        session.channel.send("paused")
    except Exception as error:  # noqa: BLE001 - a recipe may raise anything
        problem = error_of(error)
        session.keep(RunState.FAILED, error=problem)
        _send_failure(session.channel, problem)
    else:
        session.keep(RunState.FINISHED, fraction=1.0, message="", model=card.id)
        (session.folder / records.CHECKPOINT).unlink(missing_ok=True)
        session.channel.send("done", model=card.id)


def error_of(error: BaseException) -> JobError:
    """What went wrong, in words for people where there are some."""
    from studio.host.devices import is_out_of_memory
    from studio.nn.training import TrainingError

    if isinstance(error, TrainingError):
        return JobError(error.message, error.hint, JobError.of(error).details)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobError(
            "The disk is full.",
            "Free some space and resume the training.",
            JobError.of(error).details,
        )
    if is_out_of_memory(error):
        return JobError(
            "There is not enough memory for this training.",
            "Choose smaller pictures or fewer at a time, or close other programs, and resume it.",
            JobError.of(error).details,
        )
    return JobError.of(error)


def _send_failure(channel: Channel, problem: JobError) -> None:
    channel.send("failed", message=problem.message, hint=problem.hint, details=problem.details)


def _check(trained: Trained, trainer: Trainer) -> None:
    """Refuse what is no result: a model must be a file of finite numbers.

    Raises:
        UserError: saying what is wrong with it.
    """
    import torch
    from safetensors.torch import load_file

    from studio.api.errors import PluginError
    from studio.nn.training import Trained

    if not isinstance(trained, Trained) or not trained.path.is_file():
        raise PluginError(
            f"The trainer {trainer.id} did not return a Trained with a file.",
            "Report this to the plugin's author.",
        )
    wrong = [n for n, t in load_file(trained.path).items() if not bool(torch.isfinite(t).all())]
    if wrong:
        raise UserError(
            f"The training did not converge: {wrong[0]} holds values that are no numbers.",
            "Train again with a lower rate.",
        )


def _set_up_torch() -> None:
    """Keep pages, before torch takes its first; leave a core to the window where there are some."""
    from studio.nn.training import keep_malloc_pages

    keep_malloc_pages()
    import torch

    torch.set_float32_matmul_precision("medium")
    if "OMP_NUM_THREADS" not in os.environ:
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
        torch.set_num_threads(max(1, cores - 1 if cores > 2 else cores))


def _give_way() -> None:
    """Low priority, and no end but the one that is asked for."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # Ctrl-C in a terminal, or its end, reaches the whole group; the program that started this one
    # decides, or is gone, which is heard.
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)


def main(arguments: Sequence[str]) -> int:
    """Train in the folder that is the only argument; the exit code is 0 however that ended."""
    channel = Channel()
    _give_way()

    def pause(_number: int, _frame: FrameType | None) -> None:
        channel.pausing.set()

    signal.signal(signal.SIGTERM, pause)
    try:
        run(Path(arguments[0]), channel)
    except Exception as error:  # noqa: BLE001 - the last stop: the other side hears of anything
        _send_failure(channel, error_of(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
