"""Running a batch from the command line: its progress, what it prints, and how it ends."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from studio.api.errors import UserError
from studio.cli.interrupt import interruptible
from studio.cli.progress import Update, shown
from studio.cli.session import (
    DONE,
    FAILED,
    INTERRUPTED,
    Session,
    Usage,
    one_line,
    print_json,
)
from studio.host.batch.batch import Order, Summary, Tools, check_order, run_batch
from studio.host.batch.cluster import Cluster, Wanted
from studio.host.batch.engines import Engine, LocalEngine, Watcher
from studio.host.batch.items import Item, Outcome
from studio.host.batch.places import Place
from studio.host.batch.ray_engine import RayEngine
from studio.host.batch.report import as_row, check_report, write_report
from studio.host.batch.threads import limit_threads
from studio.host.batch.work import Worker
from studio.host.recipes import read_recipe
from studio.host.recipes.replay import Manner
from studio.host.requests import Precision


@dataclass(frozen=True)
class Wish:
    """What a command line asks for; each as its flag's help says."""

    recipe: Path
    inputs: tuple[Place, ...]
    output: Place
    template: str
    resume: bool
    watch: bool
    new_seeds: bool
    other_models: bool
    overwrite: bool
    report: Path | None
    device: str
    precision: Precision
    as_json: bool
    threads: int | None
    cluster: Wanted | None


def run(session: Session, wish: Wish) -> int:
    """Do it; returns the exit code.

    Raises:
        Usage: if it cannot work, before anything runs.
        UserError: if the folder or the report cannot be written.
    """
    services = session.services
    runner = services.runner
    tools = Tools(runner.execute, services.registry, services.store, runner.max_pixels)
    try:
        order = _order(wish)
        if wish.report is not None:
            check_report(wish.report)
        check_order(order, tools)
    except UserError as error:
        raise Usage(error.message, error.hint) from error
    with (
        _engine(session, wish) as engine,
        interruptible() as asked,
        shown(order.recipe.name) as update,
    ):
        summary = run_batch(order, tools, _Screen(order, wish, update, asked), engine)
    if wish.report is not None:
        write_report(wish.report, order.recipe, order.folder, summary)
    _conclude(order, summary, wish)
    if summary.cancelled and not wish.watch:  # that is how watching ends
        return INTERRUPTED
    return FAILED if summary.of("failed") else DONE


def _order(wish: Wish) -> Order:
    return Order(
        recipe=read_recipe(wish.recipe),
        inputs=wish.inputs,
        folder=wish.output,
        template=wish.template,
        manner=Manner(wish.device, wish.precision, other_models=wish.other_models),
        new_seeds=wish.new_seeds,
        resume=wish.resume,
        overwrite=wish.overwrite,
        watch=wish.watch,
    )


@contextmanager
def _engine(session: Session, wish: Wish) -> Iterator[Callable[[Worker], Engine]]:
    """Who does the work, while it is needed."""
    if wish.cluster is None:
        if wish.threads is not None:
            limit_threads(wish.threads)
        yield LocalEngine
        return
    with Cluster(wish.cluster, quiet=not session.debug) as cluster:
        yield lambda worker: RayEngine(worker, cluster)


class _Screen(Watcher):
    """A bar over all pictures, and a line for each where nobody sees the bar."""

    def __init__(self, order: Order, wish: Wish, update: Update, asked: threading.Event) -> None:
        self._order, self._wish, self._update, self._asked = order, wish, update, asked
        self._done = self._all = self._failed = 0
        self._name = ""
        # The bar and lines on one terminal would write over each other.
        self._lines = not (sys.stderr.isatty() and sys.stdout.isatty())

    def found(self, count: int) -> None:
        self._all += count
        self._show(0.0)

    def begun(self, item: Item) -> None:
        self._name = Path(item.source).name
        self._show(0.0)

    def progress(self, fraction: float, message: str) -> None:  # noqa: ARG002 - the bar is of all
        self._show(fraction)

    def note(self, message: str) -> None:
        """Notes are in the outcomes."""

    def finished(self, outcome: Outcome) -> None:
        self._done += 1
        self._failed += outcome.state == "failed"
        self._show(0.0)
        if self._wish.as_json:
            print_json(as_row(outcome, self._order.folder), compact=True)
        elif outcome.state == "done" and self._lines:
            name = click.format_filename(str(self._order.folder / outcome.item.output))
            width, height = outcome.size or (0, 0)
            click.echo(f"{name}  ({width} x {height}, {outcome.seconds:.1f} s)")

    def cancelled(self) -> bool:
        return self._asked.is_set()

    def _show(self, fraction: float) -> None:
        failed = f", {self._failed} failed" if self._failed else ""
        message = f"{self._done} of {self._all}{failed}  {self._name}"
        self._update(min(self._done + fraction, self._all), float(self._all), message)


def _conclude(order: Order, summary: Summary, wish: Wish) -> None:
    """What failed, and how many did not, on stderr."""
    failed = summary.of("failed")
    if failed:
        click.echo(f"{click.style('Failed:', fg='red')}", err=True)
    for outcome in failed:
        text = f"{outcome.message} {outcome.hint}".strip()
        click.echo(f"  {click.format_filename(outcome.item.source)}: {one_line(text)}", err=True)
    for note in dict.fromkeys(note for outcome in summary.outcomes for note in outcome.notes):
        if not wish.as_json:
            click.echo(f"Note: {one_line(note)}", err=True)
    for note in order.recipe.notes:
        click.echo(f"Note: the recipe leaves something out. {one_line(note)}", err=True)
    minutes = time.strftime("%H:%M:%S", time.gmtime(summary.seconds))
    counts = ", ".join(
        f"{len(summary.of(state))} {state}" for state in ("done", "skipped", "failed")
    )
    click.echo(f"{order.recipe.name}: {counts}, in {minutes}.", err=True)
    if summary.cancelled and not wish.watch:
        click.echo("Stopped. Add --resume to go on.", err=True)
