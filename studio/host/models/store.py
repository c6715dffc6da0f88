"""The model store: from the id of a model to files that are known to be the right ones."""

from __future__ import annotations

import difflib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from studio.api.errors import UserError
from studio.api.models import CheckpointLoader, ModelCard, ModelFile, ModelFormat
from studio.host.models.cache import (
    FileCache,
    FileState,
    Progress,
    copy_stream,
    disk_errors,
    ignore,
    never,
    silent,
    write_atomically,
)
from studio.host.models.converted import Conversions
from studio.host.models.http import Patience
from studio.host.models.imports import describe_files, gather, make_card, recognise, unique_id
from studio.host.models.sources import Fetch, fetch_files, location
from studio.host.models.trained import embed_card, embedded_card

_log = logging.getLogger(__name__)
_SETTLED_NS = 2_000_000_000


class ModelStatus(StrEnum):
    """Where a model's files are."""

    BUNDLED = "bundled"
    CACHED = "cached"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class ModelReport:
    """What verifying or repairing one model found.

    Attributes:
        id: the model.
        status: its state afterwards.
        problems: a sentence for each file that is wrong, or why it could not be repaired.
    """

    id: str
    status: ModelStatus
    problems: tuple[str, ...] = ()


class ModelStore:
    """Resolves models: bundled, else in the cache, else fetched from their source.

    Safe to use from several threads and processes. Nothing opens the network but `fetch`, `ensure`
    and `repair`.

    Args:
        cache_dir: folder of fetched and imported files; made when first needed.
        bundled_dir: folder of the models that come with Impasto.
        cards: the models that plugins declare; of two with one id the first counts.
        patience: when downloads give up.
        trainers: id of a trainer for each task that has one, for advice.

    Attributes:
        cache_dir: the folder given.
        bundled_dir: the folder given.
        problems: sentences about cards that had to be left out.
    """

    def __init__(
        self,
        cache_dir: Path,
        bundled_dir: Path,
        cards: Iterable[ModelCard],
        patience: Patience | None = None,
        trainers: Mapping[str, str] | None = None,
    ) -> None:
        self.cache_dir = cache_dir
        self.problems: tuple[str, ...] = ()
        self.bundled_dir = bundled_dir
        self._patience = patience or Patience()
        self._cache = FileCache(cache_dir)
        self._conversions = Conversions(self._cache)
        self._lock = threading.RLock()
        self._cards: dict[str, ModelCard] = {}
        self._imported: dict[str, Path] = {}
        self._folder_changed = 0
        self.declare(cards, trainers or {})

    def declare(self, cards: Iterable[ModelCard], trainers: Mapping[str, str]) -> None:
        """Take other declared models in place of the present ones; imported ones stay."""
        with self._lock:
            self._trainers = trainers
            self._cards.clear()
            self._imported.clear()
            for card in cards:
                if card.id in self._cards:
                    self._complain(
                        f"The model id {card.id} is declared twice; the second was left out."
                    )
                self._cards.setdefault(card.id, card)
            self._folder_changed = 0
            self._notice()

    def cards(self, task: str | None = None) -> tuple[ModelCard, ...]:
        """All cards in the order of declaration, imported ones last; of one task if given.

        Models that another process added or removed meanwhile are noticed.
        """
        with self._lock:
            self._notice()
            return tuple(card for card in self._cards.values() if task in (None, card.task))

    def card(self, id: str) -> ModelCard:
        """The card of a model.

        Raises:
            UserError: if there is none; the hint names ids that come close.
        """
        with self._lock:
            self._notice()
            card = self._cards.get(id)
            known = list(self._cards)
        if card is not None:
            return card
        close = difflib.get_close_matches(id.lower(), known, n=3, cutoff=0.5)
        close = close or [other for other in known if id.lower() in other][:3]
        hint = f"Did you mean {' or '.join(close)}?" if close else "impasto models list shows all."
        raise UserError(f"There is no model {id}.", hint)

    def default(self, task: str) -> ModelCard:
        """The bundled model of a task: the first declared one.

        Raises:
            UserError: if the task has no bundled model.
        """
        for card in self.cards(task):
            if _is_bundled(card):
                return card
        raise UserError(f"No bundled model is for {task}.", self._advice(task))

    def _advice(self, task: str) -> str:
        """How to come by a model of a task that has no bundled one."""
        known = [card.id for card in self.cards(task)]
        if known:
            return f"Choose one of the others: {', '.join(known)}."
        trainer = self._trainers.get(task)
        training = f", or train one: impasto train {trainer}" if trainer else ""
        return f"Import a file of one: impasto models import FILE{training}."

    def is_imported(self, id: str) -> bool:
        """Whether the user brought this model along."""
        with self._lock:
            return id in self._imported

    def status(self, id: str) -> ModelStatus:
        """Where the model's files are and whether they are right; no network.

        Raises:
            UserError: for an unknown id.
        """
        return self._look(self.card(id), rehash=False).status

    def locate(self, id: str) -> tuple[Path, ...] | None:
        """The model's verified files in its card's order; None if any is missing or wrong.

        Raises:
            UserError: for an unknown id.
        """
        card = self.card(id)
        if any(self._check(card, file) is not FileState.OK for file in card.files):
            return None
        return tuple(self._path(card, file) for file in card.files)

    def ensure(
        self, id: str, progress: Progress = ignore, cancelled: Callable[[], bool] = never
    ) -> tuple[Path, ...]:
        """The model's files as they are opened: `locate`, or else `fetch`; HDF5 as safetensors."""
        found = self.locate(id) or self.fetch(id, progress, cancelled)
        card = self.card(id)
        if card.format == "hdf5" and not _is_bundled(card):
            return tuple(self._conversions.get(file, cancelled) for file in card.files)
        return found

    def fetch(
        self, id: str, progress: Progress = ignore, cancelled: Callable[[], bool] = never
    ) -> tuple[Path, ...]:
        """Bring the files that the cache lacks, or that are wrong, from the model's source.

        Two processes that fetch one model wait for each other, and the second finds the work done.

        Args:
            id: the model.
            progress: called with bytes done and bytes in all (None while unknown).
            cancelled: asked several times a second.

        Returns:
            The verified files in the card's order.

        Raises:
            UserError: if the source fails, holds other files than the card says, or the disk is
                full.
            Cancelled: if ``cancelled`` turns true.
        """
        card = self.card(id)
        if _is_bundled(card):
            found = self.locate(id)
            if found is None:
                place = self._path(card, card.files[0]).parent
                raise UserError(
                    f"The files of {id} are missing or damaged in {place}.",
                    "Install Impasto again: pip install --force-reinstall impasto"
                    if place.is_relative_to(self.bundled_dir)
                    else "Install its plugin again.",
                )
            return found
        with self._cache.locked(card.source, cancelled):
            lacking = [f for f in card.files if self._check(card, f) is not FileState.OK]
            if lacking:
                wish = Fetch(card, lacking, self._spare(card), progress, cancelled)
                fetch_files(self._cache, wish, self._patience)
        return tuple(self._path(card, file) for file in card.files)

    def import_file(
        self, path: Path, loaders: Iterable[CheckpointLoader] = (), task: str | None = None
    ) -> ModelCard:
        """Copy a checkpoint into the cache and make it a model that stays.

        Files that a declared model waits for complete that model, and its card is returned. A file
        that was imported before gives the card it got then. One that was trained with Impasto
        brings its card along.

        Args:
            path: the checkpoint; of an ncnn pair either file.
            loaders: who may recognise it, in order.
            task: what it is to be for; None leaves that to the loaders.

        Raises:
            UserError: if it is no checkpoint, could run code, or no loader knows it.
        """
        paths, kind = gather(path)
        with disk_errors(path):
            files = describe_files(paths)
        known = self._same_files(files, task)
        new = known or self._recognised(paths, files, kind, loaders, task)
        self._cache.require_room(sum(file.bytes for file in files))
        with self._cache.locked("import"):
            self._copy_in(paths, files)
            return known or self._adopt(new)

    def _recognised(
        self,
        paths: tuple[Path, ...],
        files: tuple[ModelFile, ...],
        kind: ModelFormat,
        loaders: Iterable[CheckpointLoader],
        task: str | None,
    ) -> ModelCard:
        if kind == "safetensors":
            card = embedded_card(paths[0], files, paths[0].absolute().as_uri())
            if card is not None and task in (None, card.task):
                return card
        fitting = [loader for loader in loaders if task in (None, loader.task)]
        loader, found = recognise(paths, kind, fitting)
        name = unique_id(paths[0].stem, lambda _: False)
        return make_card(name, files, kind, paths[0], loader, found)

    def add_trained(self, path: Path, card: ModelCard) -> ModelCard:
        """Make a model that stays of a safetensors file that was trained here.

        Args:
            path: the file, which stays as it is.
            card: what it is; its id is made unique, its files and source are found out.

        Returns:
            The card as it is kept. The file in the cache has it in its metadata, too.

        Raises:
            UserError: if it cannot be kept.
        """
        self._cache.require_room(path.stat().st_size)
        with self._cache.locked("import"), self._cache.scratch() as temporary:
            with self._lock:
                self._notice()
                card = card.model_copy(update={"id": unique_id(card.id, self._cards.__contains__)})
            with disk_errors(temporary):
                embed_card(path, temporary, card)
            (found,) = describe_files((temporary,))
            file = found.model_copy(update={"name": f"{card.id}.safetensors"})
            target = self._cache.adopt(temporary, file, str(path))
            source = target.absolute().as_uri()
            return self._adopt(card.model_copy(update={"files": (file,), "source": source}))

    def _adopt(self, card: ModelCard) -> ModelCard:
        """Keep the card of files that are in the cache, under an id that nobody has."""
        with self._lock:
            self._notice()  # another process may have taken the name meanwhile
            name = unique_id(card.id, self._cards.__contains__)
            card = card.model_copy(update={"id": name})
            target = self._card_path(name)
            write_atomically(target, card.model_dump_json(indent=2).encode())
            self._cards[name], self._imported[name] = card, target
        return card

    def remove(self, id: str) -> None:
        """Delete a model's files from the cache, and an imported model altogether.

        Files that another model in the cache uses stay.

        Raises:
            UserError: for an unknown or a bundled model, or if the files cannot be deleted.
        """
        card = self.card(id)
        if _is_bundled(card):
            raise UserError(f"{id} comes with Impasto and cannot be removed.")
        with self._cache.locked(card.source), self._lock:
            kept = {
                file.sha256
                for other in self._cards.values()
                if other.id != id and not _is_bundled(other) and self.locate(other.id)
                for file in other.files
            }
            for file in card.files:
                if file.sha256 not in kept:
                    self._cache.discard(file)
                    self._conversions.discard(file)
            record = self._imported.pop(id, None)
            if record is not None:
                with disk_errors(record):
                    record.unlink(missing_ok=True)
                del self._cards[id]

    def verify(self, ids: Iterable[str] | None = None) -> tuple[ModelReport, ...]:
        """Hash every file again and report on each model.

        Raises:
            UserError: for an unknown id.
        """
        cards = self.cards() if ids is None else tuple(map(self.card, ids))
        return tuple(self._look(card, rehash=True) for card in cards)

    def repair(
        self,
        ids: Iterable[str] | None = None,
        progress: Progress = ignore,
        cancelled: Callable[[], bool] = never,
    ) -> tuple[ModelReport, ...]:
        """`verify`, then fetch again what is damaged; models never fetched are left alone.

        Raises:
            UserError: for an unknown id.
            Cancelled: if ``cancelled`` turns true.
        """
        return tuple(self._repaired(report, progress, cancelled) for report in self.verify(ids))

    def _repaired(
        self, report: ModelReport, progress: Progress, cancelled: Callable[[], bool]
    ) -> ModelReport:
        lost = report.status is ModelStatus.MISSING and self.is_imported(report.id)
        if report.status is not ModelStatus.CORRUPT and not lost:
            return report
        try:
            self.fetch(report.id, progress, cancelled)
        except UserError as error:
            return ModelReport(report.id, report.status, (*report.problems, str(error)))
        return self._look(self.card(report.id), rehash=False)

    def _look(self, card: ModelCard, *, rehash: bool) -> ModelReport:
        states = {file: self._check(card, file, rehash=rehash) for file in card.files}
        problems = tuple(
            f"{self._path(card, file)} is damaged: it is not the {file.name} of {card.id}."
            for file, state in states.items()
            if state is FileState.CORRUPT
        )
        if problems:
            return ModelReport(card.id, ModelStatus.CORRUPT, problems)
        if FileState.MISSING in states.values():
            return ModelReport(card.id, ModelStatus.MISSING)
        there = ModelStatus.BUNDLED if _is_bundled(card) else ModelStatus.CACHED
        return ModelReport(card.id, there)

    def _check(self, card: ModelCard, file: ModelFile, *, rehash: bool = False) -> FileState:
        return self._cache.check(self._path(card, file), file, rehash=rehash)

    def _path(self, card: ModelCard, file: ModelFile) -> Path:
        if _is_bundled(card):
            return self.bundled_dir / location(card, file)
        return self._cache.path(file)

    def _spare(self, card: ModelCard) -> list[ModelFile]:
        """Files of other models that lie in the same wheel or archive."""
        return [
            file
            for other in self.cards()
            if other.source == card.source and other.id != card.id
            for file in other.files
            if self._check(other, file) is not FileState.OK
        ]

    def _same_files(self, files: tuple[ModelFile, ...], task: str | None) -> ModelCard | None:
        hashes = [file.sha256 for file in files]
        for card in self.cards(task):
            if [file.sha256 for file in card.files] == hashes and not _is_bundled(card):
                return card
        return None

    def _copy_in(self, paths: tuple[Path, ...], files: tuple[ModelFile, ...]) -> None:
        for path, file in zip(paths, files, strict=True):
            if self._cache.check(self._cache.path(file), file) is FileState.OK:
                continue
            with self._cache.scratch() as temporary, path.open("rb") as stream:
                copy_stream(stream, temporary, file.bytes, silent, never)
                self._cache.adopt(temporary, file, str(path))

    def _card_path(self, id: str) -> Path:
        return self.cache_dir / "cards" / f"{id}.json"

    def _notice(self) -> None:
        """Take up what has become of the folder of imported cards, if it has changed."""
        folder = self.cache_dir / "cards"
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed == self._folder_changed:
            return
        # Right after a change a second one may leave the same time: look again then.
        self._folder_changed = changed if time.time_ns() - changed > _SETTLED_NS else -1
        for gone in [name for name, path in self._imported.items() if not path.exists()]:
            del self._imported[gone], self._cards[gone]
        self._read_imported()

    def _read_imported(self) -> None:
        """Add the cards of imported models that are not known yet."""
        for path in sorted((self.cache_dir / "cards").glob("*.json")):
            if path in self._imported.values():
                continue
            try:
                card = ModelCard.model_validate_json(path.read_bytes())
            except (OSError, ValidationError) as error:
                self._complain(f"The card {path} cannot be read and was left out: {error}")
                continue
            # A plugin may have come to declare the id since: its card has the name.
            name = unique_id(card.id, self._cards.__contains__)
            self._cards[name] = card.model_copy(update={"id": name})
            self._imported[name] = path

    def _complain(self, problem: str) -> None:
        if problem not in self.problems:
            _log.warning(problem)
            self.problems = (*self.problems, problem)


def _is_bundled(card: ModelCard) -> bool:
    return card.source.startswith("bundled:")
