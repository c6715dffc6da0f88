"""What is done to one picture of a batch: read, replay, write. It needs only plain data.

`Worker` holds what a process has once: services and the recipe. Its three stages can run on
different threads; `Worker.process` is all of them, for engines that spread pictures over processes
or machines.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from studio.api.errors import Cancelled, UserError
from studio.document import Picture
from studio.files.documents import read_document, write_document
from studio.files.metadata import Metadata
from studio.host.batch.items import Item, Outcome
from studio.host.batch.ledger import Entries, is_ours, passing_name, sha256_of
from studio.host.batch.places import place, reading, writing
from studio.host.disclosure import public
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry
from studio.host.recipes.model import OperationStep, Recipe
from studio.host.recipes.replay import Execute, Manner, Replay, replay

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """What a batch does to each picture, as plain data.

    Attributes:
        recipe: the steps.
        folder: of the results; a path, or an address.
        manner: device, precision, and whether models may be others.
        entries: results of earlier batches.
        resume: whether what those have done is left as it is.
        overwrite: whether files that no batch made may be replaced.
        max_pixels: larger pictures are refused.
    """

    recipe: Recipe
    folder: str
    manner: Manner = Manner()  # noqa: RUF009 - frozen
    entries: Entries = field(default_factory=dict)
    resume: bool = False
    overwrite: bool = False
    max_pixels: int = 300_000_000


@dataclass(frozen=True)
class Loaded:
    """A picture that was read."""

    item: Item
    key: str
    picture: Picture
    metadata: Metadata


@dataclass(frozen=True)
class Made:
    """A picture that the recipe was done to."""

    loaded: Loaded
    result: Replay
    seconds: float


class Worker:
    """Does a batch's work to one picture after another.

    Args:
        work: what.
        execute: runs requests.
        registry: of the operations.
        store: of the models.

    Attributes:
        base: names what results depend on besides the picture: recipe, plugins and models.
    """

    def __init__(
        self, work: Work, execute: Execute, registry: PluginRegistry, store: ModelStore
    ) -> None:
        self.work, self._execute, self._store = work, execute, store
        self._folder = place(work.folder)
        self.base = _base_key(work, registry, store)

    def process(self, item: Item, observer: Observer | None = None) -> Outcome:
        """All stages; what fails is in the outcome. The file still has its passing name.

        Raises:
            Cancelled: if the observer asked to stop.
        """
        loaded = self.read(item)
        if isinstance(loaded, Outcome):
            return loaded
        made = self.run(loaded, observer or Observer())
        return made if isinstance(made, Outcome) else self.write(made)

    def read(self, item: Item) -> Loaded | Outcome:
        """Read a picture, unless it is done already."""
        return _guarded(item, lambda: self._read(item))

    def run(self, loaded: Loaded, observer: Observer) -> Made | Outcome:
        """Replay the recipe."""

        def run() -> Made:
            started = time.monotonic()
            manner = replace(self.work.manner, seed=loaded.item.seed)
            result = replay(
                self.work.recipe, loaded.picture, self._execute, self._store, manner, observer
            )
            return Made(loaded, result, time.monotonic() - started)

        return _guarded(loaded.item, run)

    def write(self, made: Made) -> Outcome:
        """Write the result under its passing name."""
        return _guarded(made.loaded.item, lambda: self._write(made))

    def _read(self, item: Item) -> Loaded | Outcome:
        with reading(place(item.source)) as path:
            key = self._key(path, new_seeds=item.seed is not None)
            target = self._folder / item.output
            if target.exists():
                entry = self.work.entries.get(item.output)
                ours = is_ours(target, entry)
                if self.work.resume and ours and entry is not None and entry.key == key:
                    return Outcome(item, "skipped", key, entry.sha256)
                if not (ours or self.work.overwrite):
                    raise UserError(
                        f"There is a file {target} already that no batch made.",
                        "Name another folder or template, or allow overwriting.",
                    )
            opened = read_document(path, max_pixels=self.work.max_pixels)
        return Loaded(item, key, opened.picture, opened.metadata)

    def _write(self, made: Made) -> Outcome:
        loaded, result = made.loaded, made.result
        partial = passing_name(self._folder, loaded.item.output)
        recipe = (*loaded.metadata.recipe, *map(public, result.records))
        metadata = replace(loaded.metadata, recipe=recipe)
        with writing(partial) as path:
            try:
                notes = write_document(path, result.picture, metadata)
            except UserError as error:
                name = (self._folder / loaded.item.output).name
                raise UserError(error.message.replace(path.name, name), error.hint) from error
            sha256 = sha256_of(path)
        return Outcome(
            loaded.item,
            "done",
            loaded.key,
            sha256,
            str(partial),
            (result.picture.width, result.picture.height),
            made.seconds,
            notes=tuple(dict.fromkeys((*loaded.metadata.notes, *result.notes, *notes))),
            seeds=tuple(int(record["seed"]) for record in result.records),
        )

    def _key(self, path: Path, *, new_seeds: bool) -> str:
        try:
            content = sha256_of(path)
        except OSError as error:
            raise UserError(
                f"{path} cannot be read: {error.strerror or error}.", "Is it still there?"
            ) from error
        return hashlib.sha256(f"{content} {self.base} {new_seeds}".encode()).hexdigest()


def _base_key(work: Work, registry: PluginRegistry, store: ModelStore) -> str:
    """What results depend on besides the picture: recipe, plugins and models."""
    parts: list[str] = [work.recipe.digest, work.manner.precision]
    for step in work.recipe.steps:
        if isinstance(step, OperationStep):
            plugin = registry.plugin_of(step.operation)
            hashes = {
                name: [file.sha256 for file in store.card(name).files]
                for name in sorted(step.models)
                if any(card.id == name for card in store.cards())
            }
            parts.append(json.dumps([plugin.name, plugin.version, hashes]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _guarded(item: Item, call: Callable[[], T]) -> T | Outcome:
    """``call()``; whatever goes wrong with one picture is its outcome and stops no other."""
    try:
        return call()
    except Cancelled:
        raise
    except UserError as error:
        return Outcome(item, "failed", message=error.message, hint=error.hint)
    except MemoryError:
        hint = "Close other programs, or use smaller pictures."
        return Outcome(item, "failed", message="There is not enough memory.", hint=hint)
    except Exception as error:
        log.exception("%s failed", item.source)
        message = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        return Outcome(item, "failed", message=message, hint="Please report this.")
