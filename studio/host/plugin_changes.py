"""Disabling, enabling and reloading plugins while the program runs."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from types import ModuleType

from studio.api.errors import UserError
from studio.host.candidates import Candidate, candidates, forget_modules, plugin_folder
from studio.host.isolation.standing_in import is_known, is_stand_in, stand_ins
from studio.host.plugin_records import PluginRecord, record, records
from studio.host.plugins import LoadedPlugin, PluginFailure, PluginRegistry, load_candidate
from studio.host.services import Services

Key = tuple[str, str]


class PluginChanges:
    """Puts another registry into the services; what runs already ends with the plugins it began with.

    Args:
        services: of this program.
    """

    def __init__(self, services: Services) -> None:
        self.services = services

    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin that was found."""
        services = self.services
        return records(services.registry, services.settings.isolated_plugins)

    def disable(self, name: str) -> None:
        """Do without a plugin from now on.

        Raises:
            UserError: if there is none of this name.
        """
        name = self._named(name)
        self.services.settings.set_disabled(name, True)
        registry = self.services.registry
        found = {_key(each): each for each in self._candidates() if each.name == name}
        self._use(
            [plugin for plugin in registry.plugins if plugin.name != name],
            [failure for failure in registry.failures if failure.name != name],
            [*(each for each in registry.disabled if each.name != name), *found.values()],
        )

    def enable(self, name: str) -> None:
        """Load a disabled plugin, now and at every start.

        Raises:
            UserError: if there is none of this name.
        """
        name = self._named(name)
        self.services.settings.set_disabled(name, False)
        registry, fresh = self.services.registry, self._fresh()
        wanted = [_key(each) for each in registry.disabled if each.name == name]
        found = [fresh[key] for key in wanted if key in fresh]
        disabled = [each for each in registry.disabled if each.name != name]
        self._load(found, disabled)

    def reload(self, name: str) -> PluginRecord:
        """Load a dropped-in plugin again as it is on disk now.

        If that fails, the plugin stays in use as it was, and its record has the error.

        Raises:
            UserError: if it is no dropped-in plugin, or disabled.
        """
        known = record(self.records(), name)
        found = self._fresh().get((known.name, known.origin))
        if found is None or found.path is None or known.state == "disabled":
            raise UserError(
                f"{known.name} cannot be loaded again while Impasto runs.",
                "Enable it."
                if known.state == "disabled"
                else "Start Impasto again: only plugins in the plugin folder are reloaded.",
            )
        self._load_again(found)
        return record(self.records(), known.name)

    def _load_again(self, found: Candidate) -> None:
        registry = self.services.registry
        others = [each for each in registry.plugins if _key(each) != _key(found)]
        failures = [each for each in registry.failures if _key(each) != _key(found)]
        before: dict[str, ModuleType] = {}
        if found.path is not None:
            _forget_compiled(found.path)
            before = forget_modules(found.package)
        outcome = load_candidate(found, others)
        if isinstance(outcome, LoadedPlugin):
            self.services.networks.drop()  # they are made of the old code
            self._use([*others, outcome], failures, registry.disabled)
        else:
            if found.path is not None:
                forget_modules(found.package)
            sys.modules.update(before)
            self._use(registry.plugins, [*failures, outcome], registry.disabled)

    def look_again(self) -> None:
        """Load what came since the start, and do without what has gone; leave all else as it is."""
        importlib.invalidate_caches()
        services, there = self.services, self._fresh()
        known = {_key(each) for each in self._candidates()}
        off = services.settings.disabled_plugins
        new = [each for key, each in there.items() if key not in known]
        disabled = [each for each in services.registry.disabled if _key(each) in there]
        disabled += [each for each in new if each.name in off]
        gone = known - there.keys()
        if new or gone:
            self._load([each for each in new if each.name not in off], disabled, gone)

    def isolate(self, name: str, isolated: bool) -> None:
        """Have a plugin run in a process of its own from its next run on, or in this one.

        One that did not load gets another chance.

        Raises:
            UserError: if there is none of this name.
        """
        known = record(self.records(), name)
        self.services.settings.set_isolated(known.name, isolated)
        key = (known.name, known.origin)
        away = any(
            is_stand_in(each) for each in self.services.registry.plugins if _key(each) == key
        )
        found = self._fresh().get(key)
        if found is not None and (known.state == "failed" or (away and not isolated)):
            self._load_again(found)

    def asks(self, name: str = "", isolated: bool | None = None) -> tuple[Candidate, ...]:
        """The plugins that a change loads and whose own processes it has to ask for what they declare.

        With them in `ask_ahead` first, on another thread, the change is quick.

        Args:
            name: of the plugin to be enabled, reloaded or isolated; empty: of `look_again`.
            isolated: what `isolate` will be told.
        """
        services = self.services
        found = candidates(services.plugins or plugin_folder())
        if not name:
            known = {_key(each) for each in self._candidates()}
            found = [each for each in found if _key(each) not in known]
        else:
            found = [each for each in found if each.name == name]
        apart = services.settings.isolated_plugins
        if isolated is not None:
            failed = {each.name for each in services.registry.failures}
            apart = (name,) if isolated and name in failed else ()
        return tuple(each for each in found if each.name in apart and not is_known(each))

    def _named(self, name: str) -> str:
        return record(self.records(), name).name

    def _fresh(self) -> dict[Key, Candidate]:
        """All that is there now; what is isolated is not imported by loading it."""
        services = self.services
        found = candidates(services.plugins or plugin_folder())
        isolated = services.settings.isolated_plugins
        return {_key(each): each for each in stand_ins(found, isolated)}

    def _candidates(self) -> list[Candidate]:
        """What the plugins of now were loaded from, in no order."""
        registry = self.services.registry
        made: list[LoadedPlugin | PluginFailure] = [*registry.plugins, *registry.failures]
        found = [each.candidate for each in made if each.candidate is not None]
        return [*found, *registry.disabled]

    def _load(
        self,
        found: Iterable[Candidate],
        disabled: Iterable[Candidate],
        gone: Collection[Key] = (),
    ) -> None:
        registry = self.services.registry
        plugins = [each for each in registry.plugins if _key(each) not in gone]
        failures = [each for each in registry.failures if _key(each) not in gone]
        for candidate in found:
            outcome = load_candidate(candidate, plugins)
            if isinstance(outcome, LoadedPlugin):
                plugins.append(outcome)
            else:
                failures.append(outcome)
        self._use(plugins, failures, disabled)

    def _use(
        self,
        plugins: Iterable[LoadedPlugin],
        failures: Iterable[PluginFailure],
        disabled: Iterable[Candidate],
    ) -> None:
        ordered = sorted(plugins, key=_place)
        self.services.use_registry(PluginRegistry(ordered, failures, disabled))


def _place(plugin: LoadedPlugin) -> tuple[bool, str]:
    """As plugins are found at a start: installed ones first, each by name."""
    dropped_in = plugin.candidate is not None and plugin.candidate.path is not None
    return dropped_in, plugin.name


def _key(plugin: LoadedPlugin | PluginFailure | Candidate) -> Key:
    """Two plugins may have one name: then one of them is a failure."""
    return plugin.name, plugin.origin


def _forget_compiled(path: Path) -> None:
    """Python takes a file that was changed within a second, and kept its size, for unchanged."""
    for source in path.rglob("*.py") if path.is_dir() else (path,):
        with contextlib.suppress(OSError):
            Path(importlib.util.cache_from_source(str(source))).unlink(missing_ok=True)
