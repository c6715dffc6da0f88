"""The side of a batch that runs in Ray's workers: one process, its services, its models.

What goes between the processes is JSON: the recipe and what is done with it when a worker starts,
then items in and outcomes back. A worker takes plugins and models from its own machine, and refuses
to work if they are not those of the machine that started the batch.
"""

from __future__ import annotations

import importlib
import json
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio import __version__
from studio.api.errors import UserError
from studio.host.batch.items import Item, Outcome
from studio.host.batch.ledger import NAME, Entry
from studio.host.batch.places import place
from studio.host.batch.work import Loaded, Work, Worker
from studio.host.observer import Observer
from studio.host.recipes.model import Recipe
from studio.host.recipes.replay import Manner

LIVES = 3
"""So many workers may be lost with a picture before it is given up."""
COLUMN = "json"
"""The one column of the rows that go in and come back."""


def to_json(work: Work, base: str, threads: int) -> str:
    """A batch's work for a worker elsewhere.

    Args:
        work: what.
        base: `Worker.base` on this machine.
        threads: the worker computes with.
    """
    values = {
        "impasto": __version__,
        "recipe": work.recipe.model_dump(mode="json"),
        "folder": work.folder,
        "manner": asdict(work.manner),
        "entries": {name: (entry.key, entry.sha256) for name, entry in work.entries.items()},
        "resume": work.resume,
        "overwrite": work.overwrite,
        "max_pixels": work.max_pixels,
        "base": base,
        "threads": threads,
    }
    return json.dumps(values)


def outcome_of(row: str) -> Outcome:
    """What a worker tells of a picture.

    Raises:
        UserError: if the worker cannot work at all.
    """
    values = json.loads(row)
    if "refused" in values:
        raise UserError(*values["refused"])
    item, size = Item(**values.pop("item")), values.pop("size")
    for name in ("notes", "seeds"):
        values[name] = tuple(values[name])
    return Outcome(item, size=tuple(size) if size else None, **values)


class Hand:
    """A worker's process, as ``map_batches`` wants it: called with a row, it answers with one.

    Several threads may call: pictures are then read and written while the network is busy.

    Args:
        charge: of `to_json`.
        tally: Ray's handle of the `Tally` that all workers share.
    """

    def __init__(self, charge: str, tally: Any) -> None:
        self._tally = tally
        self._lock = threading.Lock()
        self._refused: tuple[str, str] | None = None
        # An exception would only come back as a traceback, after several tries.
        try:
            self._worker = _worker(json.loads(charge))
        except UserError as error:
            where = f"The worker on {platform.node()} cannot do this batch: {error.message}"
            self._refused = where, error.hint

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Do one picture."""
        return {COLUMN: [self._row(row) for row in batch[COLUMN]]}

    def _row(self, row: str) -> str:
        if self._refused:
            return json.dumps({"refused": self._refused})
        return json.dumps(asdict(self._outcome(Item(**json.loads(row)))))

    def _outcome(self, item: Item) -> Outcome:
        with self._counted(item) as lost:
            if lost >= LIVES:
                return _given_up(item)
            loaded = self._worker.read(item)
        if not isinstance(loaded, Loaded):
            return loaded
        with self._lock, self._counted(item):  # who waits for the lock has killed nobody
            made = self._worker.run(loaded, Observer())
        return made if isinstance(made, Outcome) else self._worker.write(made)

    @contextmanager
    def _counted(self, item: Item) -> Iterator[int]:
        """Tell the tally while work goes on; gives how many workers were lost with this picture."""
        ray: Any = importlib.import_module("ray")
        try:
            lost = int(ray.get(self._tally.begin.remote(item.output)))
        except ray.exceptions.RayError:  # the tally itself was lost, and begins again
            lost = 0
        try:
            yield lost
        finally:
            self._tally.end.remote(item.output)


def _given_up(item: Item) -> Outcome:
    return Outcome(
        item,
        "failed",
        message=f"{LIVES} workers were lost while they worked on this picture.",
        hint="It may need more memory than they have. `--engine local` shows what happens.",
    )


def _worker(charge: dict[str, Any]) -> Worker:
    from studio.host.batch.threads import limit_threads
    from studio.host.memory import keep_pages
    from studio.host.recipes.checking import check_recipe
    from studio.host.runs import Runner
    from studio.host.services import build_services

    if charge["impasto"] != __version__:
        raise UserError(
            f"Impasto is {__version__} there, and {charge['impasto']} where the batch was started.",
            "Install the same version on every machine.",
        )
    keep_pages()
    limit_threads(charge["threads"])
    work = _work(charge)
    _check_folder(work.folder)
    services = build_services()
    registry, store = services.registry, services.store
    check_recipe(work.recipe, registry, store, other_models=work.manner.other_models)
    runner = Runner(registry, store, services.networks, work.max_pixels, services.isolation)
    worker = Worker(work, runner.execute, registry, store)
    if worker.base != charge["base"]:
        raise UserError(
            "its plugins or models are not those of the machine where the batch was started.",
            "`impasto plugins list` and `impasto models list` show what differs.",
        )
    return worker


def _work(charge: dict[str, Any]) -> Work:
    return Work(
        recipe=Recipe.model_validate(charge["recipe"]),
        folder=charge["folder"],
        manner=Manner(**charge["manner"]),
        entries={name: Entry(*entry) for name, entry in charge["entries"].items()},
        resume=charge["resume"],
        overwrite=charge["overwrite"],
        max_pixels=charge["max_pixels"],
    )


def _check_folder(folder: str) -> None:
    """Refuse a folder that is another one on this machine: results would be lost in it."""
    where = place(folder)
    if isinstance(where, Path) and not (where / NAME).is_file():
        raise UserError(
            f"the folder {folder} is not shared with it.",
            "Take a folder that all machines share under one name, or an address such as s3://….",
        )
