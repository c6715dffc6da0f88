"""What a plugin's process knows of plugins: its own, and the others only if they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from studio.api.errors import PluginError
from studio.api.galleries import Gallery
from studio.api.operation import Operation
from studio.host.candidates import Candidate, candidate_at, candidates, plugin_folder
from studio.host.isolation.standing_in import stand_ins
from studio.host.plugins import LoadedPlugin, PluginFailure, PluginRegistry, load, load_candidate


class OnePlugin(PluginRegistry):
    """One plugin; the others are loaded when an operation of theirs is asked for.

    Args:
        plugin: the one.
        galleries: those of all plugins.
        others: loads the others.
    """

    def __init__(
        self,
        plugin: LoadedPlugin,
        galleries: Iterable[Gallery],
        others: Callable[[LoadedPlugin], PluginRegistry],
    ) -> None:
        super().__init__([plugin])
        self._own, self._galleries, self._load = plugin, tuple(galleries), others

    def operation(self, operation_id: str) -> Operation:
        """The operation with this id, whoever declares it."""
        if operation_id in self._operations:
            return super().operation(operation_id)
        return self._all.operation(operation_id)

    def plugin_of(self, operation_id: str) -> LoadedPlugin:
        """The plugin that declares an operation."""
        if operation_id in self._operations:
            return super().plugin_of(operation_id)
        return self._all.plugin_of(operation_id)

    def function(self, operation: Operation) -> Callable[..., Any]:
        """The function that runs an operation."""
        if operation.id in self._operations:
            return super().function(operation)
        return self._all.function(operation)

    def galleries(self) -> tuple[Gallery, ...]:
        """The galleries of all plugins."""
        return self._galleries

    @cached_property
    def _all(self) -> PluginRegistry:
        return self._load(self._own)


def plugins_of(hello: dict[str, Any]) -> OnePlugin:
    """The plugin that the process is for.

    Args:
        hello: the first message.

    Raises:
        PluginError: if it does not load.
    """
    folder = Path(hello["plugins"]) if hello["plugins"] else plugin_folder()
    name = hello["plugin"]

    def others(own: LoadedPlugin) -> PluginRegistry:
        rest = [each for each in candidates(folder) if each.name != name]
        rest = stand_ins(rest, hello["isolated"])
        found = load(rest, disabled=hello["disabled"])
        return PluginRegistry([own, *found.plugins], found.failures, found.disabled)

    loaded = load_candidate(_candidate(name, hello["place"], folder), ())
    if isinstance(loaded, PluginFailure):
        raise PluginError(
            f"The plugin {name} does not load in its own process: {loaded.message}",
            "This is a fault in the plugin; the details help its author.",
        )
    galleries = [
        Gallery(key, title, Path(place) if is_path else place)
        for key, title, place, is_path in hello["galleries"]
    ]
    return OnePlugin(loaded, galleries, others)


def _candidate(name: str, place: str | None, folder: Path) -> Candidate:
    if place is not None:
        return candidate_at(Path(place))
    for found in candidates(folder):
        if found.name == name:
            return found
    raise PluginError(f"The plugin {name} is not there any more.", "Start Impasto again.")
