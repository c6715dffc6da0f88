"""One batch from beginning to end: find, do, enter, report; and watch a folder if asked to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.api.errors import Cancelled, UserError
from studio.host.batch.engines import Engine, LocalEngine, Watcher
from studio.host.batch.items import (
    DEFAULT_TEMPLATE,
    Found,
    Item,
    Outcome,
    find_pictures,
    plan,
    refuse_overwriting,
)
from studio.host.batch.ledger import Ledger, open_ledger
from studio.host.batch.places import Place, place
from studio.host.batch.work import Work, Worker
from studio.host.memory import keep_pages
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry
from studio.host.recipes.checking import check_recipe
from studio.host.recipes.model import Recipe
from studio.host.recipes.replay import Execute, Manner

Stamp = tuple[str | int, int]
POLL = 1.0
"""Seconds between two looks at a folder that is watched."""


@dataclass(frozen=True)
class Order:
    """What a batch is to do.

    Attributes:
        recipe: the steps.
        inputs: pictures and folders; paths, or addresses.
        folder: for the results; the same.
        template: of their names.
        manner: device, precision, and whether models may be others.
        new_seeds: other seeds than the recipe's, for each picture its own.
        resume: whether what earlier batches have done is left as it is.
        overwrite: whether inputs, and files that no batch made, may be replaced.
        watch: whether to wait for more pictures until asked to stop.
    """

    recipe: Recipe
    inputs: tuple[Place, ...]
    folder: Place
    template: str = DEFAULT_TEMPLATE
    manner: Manner = Manner()  # noqa: RUF009 - frozen
    new_seeds: bool = False
    resume: bool = False
    overwrite: bool = False
    watch: bool = False


@dataclass
class Summary:
    """What became of a batch.

    Attributes:
        outcomes: of each picture, as they came.
        seconds: all of it.
        cancelled: whether it was asked to stop before its end.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    cancelled: bool = False

    def of(self, state: str) -> list[Outcome]:
        """Those in one state: ``done``, ``skipped`` or ``failed``."""
        return [outcome for outcome in self.outcomes if outcome.state == state]


@dataclass(frozen=True)
class Tools:
    """What a batch works with.

    Attributes:
        execute: runs requests.
        registry: of the operations.
        store: of the models.
        max_pixels: larger pictures are refused.
    """

    execute: Execute
    registry: PluginRegistry
    store: ModelStore
    max_pixels: int = 300_000_000


def check_order(order: Order, tools: Tools) -> tuple[Item, ...]:
    """The pictures of an order; refuses what cannot work before anything runs.

    Raises:
        UserError: if the recipe cannot be replayed here, there are no pictures, or results would
            take the place of each other or of inputs.
    """
    check_recipe(order.recipe, tools.registry, tools.store, other_models=order.manner.other_models)
    if order.watch and "{number" in order.template:
        raise UserError(
            "A folder that is watched cannot number its results.",
            "Take {number} out of the template: a new picture would take another's number.",
        )
    items = _planned(order, find_pictures(order.inputs, order.folder))
    if not items and not order.watch:
        raise UserError("There are no pictures to work on.", "Name pictures, or a folder of some.")
    return items


def run_batch(
    order: Order,
    tools: Tools,
    watcher: Watcher | None = None,
    engine: Callable[[Worker], Engine] = LocalEngine,
) -> Summary:
    """Do an order; a picture that fails stops no other.

    Args:
        order: what.
        tools: with what.
        watcher: hears of it; a stop ends it early, with what is finished kept.
        engine: makes who does the work.

    Raises:
        UserError: if the order cannot work at all, before anything runs.
    """
    watcher = watcher or Watcher()
    items = check_order(order, tools)
    keep_pages()
    started, summary = time.monotonic(), Summary()
    with open_ledger(order.folder) as ledger:
        work = Work(
            order.recipe,
            str(order.folder),
            order.manner,
            ledger.entries,
            order.resume or order.watch,
            order.overwrite,
            tools.max_pixels,
        )
        hands = engine(Worker(work, tools.execute, tools.registry, tools.store))
        try:
            for more in _rounds(order, items, watcher):
                watcher.found(len(more))
                with closing(hands.run(more, watcher)) as outcomes:
                    for outcome in outcomes:
                        summary.outcomes.append(_published(ledger, outcome))
                        watcher.finished(summary.outcomes[-1])
        except Cancelled:
            summary.cancelled = True
    summary.seconds = time.monotonic() - started
    return summary


def _published(ledger: Ledger, outcome: Outcome) -> Outcome:
    if outcome.state != "done":
        return outcome
    try:
        ledger.publish(outcome)
    except UserError as error:
        return replace(outcome, state="failed", message=error.message, hint=error.hint)
    return outcome


def _planned(order: Order, found: list[Found]) -> tuple[Item, ...]:
    seeds = iter(lambda: secrets.randbelow(2**31), -1) if order.new_seeds else None
    items = plan(found, order.template, order.recipe.name, seeds)
    if not order.overwrite:
        refuse_overwriting(items, order.folder)
    return items


def _rounds(order: Order, items: tuple[Item, ...], watcher: Watcher) -> Iterator[tuple[Item, ...]]:
    """What is there, and then what comes, once a look finds it as the one before did."""
    done = {item.source: _stamp(item) for item in items}
    if items:
        yield items
    seen: dict[str, Stamp | None] = {}
    while order.watch:
        if _waited(watcher):
            return
        try:
            present = _planned(order, find_pictures(order.inputs, order.folder))
        except UserError as error:  # a folder that is away for a while ends nothing
            watcher.note(error.message)
            continue
        stamps = {item.source: _stamp(item) for item in present}
        ready = tuple(
            item
            for item in present
            if stamps[item.source] is not None
            and stamps[item.source] != done.get(item.source)
            and stamps[item.source] == seen.get(item.source)
        )
        seen = stamps
        if ready:
            done.update((item.source, stamps[item.source]) for item in ready)
            yield ready


def _waited(watcher: Watcher) -> bool:
    """Wait until the next look; whether to stop instead."""
    until = time.monotonic() + POLL
    while time.monotonic() < until:
        if watcher.cancelled() or watcher.stopping():
            return True
        time.sleep(0.05)
    return False


def _stamp(item: Item) -> Stamp | None:
    """When a file was changed and how large it is; None if it is gone."""
    path = place(item.source)
    if not isinstance(path, Path):
        return path.stamp()
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
