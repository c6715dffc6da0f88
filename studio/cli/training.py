"""Watching one training from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from studio.api.errors import UserError
from studio.api.trainer import Trainer
from studio.cli.interrupt import interruptible
from studio.cli.progress import shown
from studio.cli.session import INTERRUPTED, Usage, print_json
from studio.host.training.bench import TrainingBench
from studio.host.training.checks import assign
from studio.host.training.records import RunState
from studio.host.training.run import TrainingRun

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Wish:
    """What a command line asks for.

    Attributes:
        trainer: what trains.
        parameters: all of its parameters, as JSON.
        data: folders of pictures.
        title: of the model.
        folder: where the run is kept.
        restart: whether what is there is thrown away.
        seed: of everything random.
        device: where to compute.
    """

    trainer: Trainer
    parameters: dict[str, Any]
    data: tuple[Path, ...]
    title: str
    folder: Path
    restart: bool
    seed: int
    device: str


class Watcher:
    """Starts a training, or goes on with one, and shows how it does.

    Attributes:
        run: the training.

    Raises:
        Usage: if the folder holds another training, or something else.
        UserError: if another process trains there.
    """

    def __init__(self, bench: TrainingBench, wish: Wish, *, as_json: bool) -> None:
        self._bench, self._wish, self._as_json = bench, wish, as_json
        try:
            assign(wish.trainer, wish.data)
        except UserError as error:
            raise Usage(error.message, error.hint) from error
        self._printed: dict[str, int] = {}
        self.run = self._find() or self._begin()

    def watch(self) -> int | None:
        """Wait for the end.

        Returns:
            None when the model is made; the exit code of a training that was paused.

        Raises:
            UserError: why it failed.
        """
        run = self.run
        with interruptible() as asked, shown(run.title) as update:
            while not self._bench.wait(run, _POLL_SECONDS):
                if asked.is_set() and run.state is not RunState.PAUSING:
                    run.pause()
                update(run.fraction, 1.0, run.message)
                self._print_log()
        self._print_log()
        if run.state is RunState.FINISHED:
            return None
        if run.state is RunState.PAUSED:
            click.echo(
                f"Paused at {run.fraction:.0%}. The same command goes on from there; its state is in "
                f"{click.format_filename(run.folder)}",
                err=True,
            )
            return INTERRUPTED
        raise self._failure()

    def tell_done(self, output: Path) -> None:
        """Say what became of it."""
        run, card = self.run, self.run.card
        metrics = dict(card.metrics) if card else {}
        if self._as_json:
            line = {
                "event": "done",
                "model": run.model,
                "output": str(output),
                "metrics": metrics,
                "folder": str(run.folder),
            }
            print_json(line, compact=True)
            return
        measured = ", ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in metrics.items()
        )
        click.echo(f"{click.format_filename(output)}  (model {run.model}; {measured or 'done'})")

    def _find(self) -> TrainingRun | None:
        """The training that the folder holds, set going again."""
        folder, wish = self._wish.folder, self._wish
        run = self._bench.open(folder)
        if run is None:
            if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
                raise Usage(
                    f"{folder} holds something other than a training.",
                    "Name another folder after --folder.",
                )
            return None
        if wish.restart:
            run.discard()
            return None
        self._refuse_another(run)
        if run.state is RunState.FINISHED:
            if run.card is None:
                raise Usage(
                    f"The training in {folder} is finished, and its model was removed since.",
                    "Add --restart to begin anew.",
                )
            click.echo("Note: This was trained before; --restart begins anew.", err=True)
            return run
        if run.has_learned:
            click.echo(f"Note: Going on at {run.fraction:.0%}, from {folder}", err=True)
        run.resume()
        return run

    def _begin(self) -> TrainingRun:
        wish = self._wish
        return self._bench.start(
            wish.trainer.id,
            wish.data,
            wish.parameters,
            wish.title,
            seed=wish.seed,
            device=wish.device,
            folder=wish.folder,
        )

    def _refuse_another(self, run: TrainingRun) -> None:
        """Going on with other parameters would be neither the one training nor the other."""
        wish, spec = self._wish, run.spec
        asked = {"trainer": wish.trainer.id, "seed": wish.seed, **wish.parameters}
        holds = {"trainer": spec.trainer, "seed": spec.seed, **spec.parameters}
        asked["data"] = [str(path.absolute()) for path in wish.data]
        holds["data"] = list(spec.data)
        for name, value in asked.items():
            if holds.get(name) != value:
                raise Usage(
                    f"{run.folder} holds another training: {name} is {holds.get(name)}, not {value}.",
                    "Add --restart to begin anew, or name another folder after --folder.",
                )

    def _failure(self) -> UserError:
        run, error = self.run, self.run.error
        if error is None:
            return UserError("The training ended unexpectedly.", "Run the same command again.")
        hint = error.hint
        if run.state is RunState.INTERRUPTED:
            where = "goes on from the last checkpoint" if run.has_learned else "tries it again"
            hint = f"The same command {where}."
        elif not run.has_learned:  # nothing to go on from, as with pictures that are too few
            run.discard()
        problem = UserError(error.message, hint)
        problem.add_note(error.details)
        return problem

    def _print_log(self) -> None:
        if not self._as_json:
            return
        for name, points in self.run.curves.items():
            for step, value in points:
                if step > self._printed.get(name, -1):
                    self._printed[name] = step
                    line = {"event": "log", "step": step, "name": name, "value": value}
                    print_json(line, compact=True)
