"""Finding, checking and loading plugins. What fails is kept with its reason, and stops nothing."""

from __future__ import annotations

import difflib
import logging
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from studio.api.errors import PluginError, UserError
from studio.api.galleries import Gallery
from studio.api.models import CheckpointLoader, ModelCard
from studio.api.operation import Operation
from studio.api.trainer import Trainer
from studio.host.candidates import Candidate, candidates, plugin_folder, slug
from studio.host.declarations import (
    check_gallery,
    check_loader,
    check_operation,
    check_trainer,
    check_version,
    import_function,
)
from studio.host.hooks import answers, hooks_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedPlugin:
    """A plugin whose declarations all hold.

    Attributes:
        name: the entry point's name, or the folder's.
        version: of its distribution, or the module's ``__version__``; may be empty.
        origin: where it was found.
        module: the module with its hooks.
        operations: what it offers, with absolute function references.
        cards: its models.
        loaders: checkpoints it recognises, with absolute function references.
        trainers: what it trains, with absolute function references.
        galleries: pictures that it brings.
        candidate: what it was loaded from.
        seconds: how long that took.
    """

    name: str
    version: str
    origin: str
    module: ModuleType
    operations: tuple[Operation, ...]
    cards: tuple[ModelCard, ...]
    loaders: tuple[CheckpointLoader, ...]
    trainers: tuple[Trainer, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    candidate: Candidate | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class PluginFailure:
    """A plugin that was found and did not load.

    Attributes:
        name: the candidate's name.
        origin: where it was found.
        message: what is wrong, for people.
        traceback: the same for its author.
        candidate: what it was to be loaded from.
    """

    name: str
    origin: str
    message: str
    traceback: str
    candidate: Candidate | None = None


class PluginRegistry:
    """The plugins of this start, and what they declare.

    Attributes:
        plugins: in the order in which they were found.
        failures: what did not load, and why.
        disabled: what was found and, as the user wishes, not loaded.
    """

    def __init__(
        self,
        plugins: Iterable[LoadedPlugin] = (),
        failures: Iterable[PluginFailure] = (),
        disabled: Iterable[Candidate] = (),
    ) -> None:
        self.plugins = tuple(plugins)
        self.failures = tuple(failures)
        self.disabled = tuple(disabled)
        self._owners = {o.id: plugin for plugin in self.plugins for o in plugin.operations}
        self._operations = {o.id: o for plugin in self.plugins for o in plugin.operations}
        self._trainers = {t.id: t for plugin in self.plugins for t in plugin.trainers}
        self._functions: dict[str, Callable[..., Any]] = {}

    def operations(self) -> tuple[Operation, ...]:
        """All operations, by menu and title."""
        return tuple(sorted(self._operations.values(), key=lambda o: (o.menu, o.title, o.id)))

    def operation(self, operation_id: str) -> Operation:
        """The operation with this id.

        Raises:
            UserError: if there is none, with the ids that come close.
        """
        found = self._operations.get(operation_id)
        if found is None:
            hint = self._advice(operation_id, self._operations, "`impasto operations`")
            raise UserError(f"There is no operation {operation_id}.", hint)
        return found

    def get(self, operation_id: str) -> Operation | None:
        """The operation with this id; None if there is none, such as of a plugin that was disabled."""
        return self._operations.get(operation_id)

    def plugin_of(self, operation_id: str) -> LoadedPlugin:
        """The plugin that declares an operation.

        Raises:
            UserError: if there is no such operation.
        """
        self.operation(operation_id)
        return self._owners[operation_id]

    def function(self, operation: Operation) -> Callable[..., Any]:
        """The function that runs an operation; imported, and its signature checked, once.

        This is where a plugin's engine, and with it torch, is first imported.

        Raises:
            PluginError: if it cannot be imported or its signature is not the declared one.
            UserError: what the engine itself raised while it was imported.
        """
        declared = self.operation(operation.id)
        if declared.id not in self._functions:
            picture = () if declared.input == "none" else ("pixels", "mask")
            self._functions[declared.id] = import_function(
                declared.function,
                (*picture, "parameters", "context"),
                f"Operation {declared.id!r}",
            )
        return self._functions[declared.id]

    def cards(self) -> tuple[ModelCard, ...]:
        """The model cards of all plugins."""
        return tuple(card for plugin in self.plugins for card in plugin.cards)

    def loaders(self) -> tuple[CheckpointLoader, ...]:
        """The checkpoint loaders of all plugins."""
        return tuple(loader for plugin in self.plugins for loader in plugin.loaders)

    def galleries(self) -> tuple[Gallery, ...]:
        """The galleries of reference pictures of all plugins."""
        return tuple(gallery for plugin in self.plugins for gallery in plugin.galleries)

    def trainers(self) -> tuple[Trainer, ...]:
        """All trainers, by title."""
        return tuple(sorted(self._trainers.values(), key=lambda t: (t.title, t.id)))

    def trainer(self, trainer_id: str) -> Trainer:
        """The trainer with this id.

        Raises:
            UserError: if there is none, with the ids that come close.
        """
        found = self._trainers.get(trainer_id)
        if found is None:
            hint = self._advice(trainer_id, self._trainers, "`impasto train --help`")
            raise UserError(f"There is no trainer {trainer_id}.", hint)
        return found

    def training_function(self, trainer: Trainer) -> Callable[..., Any]:
        """The function that trains; imported, and with it torch, and its signature checked.

        Raises:
            PluginError: if it cannot be imported or its signature is not the declared one.
            UserError: what the recipe itself raised while it was imported.
        """
        declared = self.trainer(trainer.id)
        arguments = ("data", "parameters", "context")
        return import_function(declared.function, arguments, f"Trainer {declared.id!r}")

    def _advice(self, wanted: str, known: Iterable[str], command: str) -> str:
        close = difflib.get_close_matches(wanted, list(known), n=3, cutoff=0.5)
        if close:
            return f"Did you mean {' or '.join(close)}?"
        if self.failures:
            return "Some plugins did not load; `impasto plugins list` says why."
        return f"{command} lists all of them."


def discover(folder: Path | None = None, *, disabled: Collection[str] = ()) -> PluginRegistry:
    """Find and load every plugin, installed or dropped in.

    Args:
        folder: where dropped-in plugins lie; the user's plugin folder if None.
        disabled: names of plugins to leave alone.
    """
    return load(candidates(folder or plugin_folder()), disabled=disabled)


def load(found: Iterable[Candidate], *, disabled: Collection[str] = ()) -> PluginRegistry:
    """Load candidates in their order; each that fails becomes a `PluginFailure`."""
    plugins: list[LoadedPlugin] = []
    failures: list[PluginFailure] = []
    left: list[Candidate] = []
    for candidate in found:
        if candidate.name in disabled:
            left.append(candidate)
            continue
        outcome = load_candidate(candidate, plugins)
        if isinstance(outcome, LoadedPlugin):
            plugins.append(outcome)
        else:
            failures.append(outcome)
    return PluginRegistry(plugins, failures, left)


def load_candidate(
    candidate: Candidate, others: Sequence[LoadedPlugin]
) -> LoadedPlugin | PluginFailure:
    """Load one plugin beside others, whose ids it may not use."""
    started = time.perf_counter()
    try:
        plugin = _load_one(candidate, others)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        return _failure(candidate, error)
    return replace(plugin, seconds=time.perf_counter() - started)


def _failure(candidate: Candidate, error: BaseException) -> PluginFailure:
    message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    _log.info("Plugin %s (%s) did not load", candidate.name, candidate.origin, exc_info=error)
    text = "".join(traceback.format_exception(error))
    return PluginFailure(candidate.name, candidate.origin, message, text, candidate)


def _load_one(candidate: Candidate, loaded: Sequence[LoadedPlugin]) -> LoadedPlugin:
    for other in loaded:
        if slug(other.name) == slug(candidate.name):
            raise PluginError(
                f"A plugin named {other.name} is already loaded ({other.origin}).",
                "Remove or rename one of the two.",
            )
    module = candidate.load()
    check_version(module)
    hooks = hooks_of(candidate.name, module)
    plugin = LoadedPlugin(
        name=candidate.name,
        version=candidate.version or str(getattr(module, "__version__", "")),
        origin=candidate.origin,
        module=module,
        operations=tuple(
            check_operation(o, module) for o in answers(hooks, "operations", Operation)
        ),
        cards=answers(hooks, "model_cards", ModelCard),
        loaders=tuple(
            check_loader(item, module)
            for item in answers(hooks, "checkpoint_loaders", CheckpointLoader)
        ),
        trainers=tuple(check_trainer(t, module) for t in answers(hooks, "trainers", Trainer)),
        galleries=tuple(check_gallery(g) for g in answers(hooks, "galleries", Gallery)),
        candidate=candidate,
    )
    _refuse_duplicates(plugin, loaded)
    return plugin


def _refuse_duplicates(plugin: LoadedPlugin, loaded: Sequence[LoadedPlugin]) -> None:
    """Ids name things in recipes, scripts and settings: the first to use one keeps it."""
    seen: dict[tuple[str, str], str] = {}
    for other in (*loaded, plugin):
        for what, items in (
            ("operation", other.operations),
            ("model", other.cards),
            ("checkpoint loader", other.loaders),
            ("trainer", other.trainers),
            ("gallery", other.galleries),
        ):
            for item in items:
                owner = seen.setdefault((what, item.id), other.name)
                repeated = owner != other.name or [i.id for i in items].count(item.id) > 1
                if other is plugin and repeated:
                    raise PluginError(
                        f"The {what} id {item.id} is already used by the plugin {owner}.",
                        "Remove one of the two plugins, or ask an author to rename it.",
                    )
