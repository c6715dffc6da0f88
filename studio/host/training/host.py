"""What a training process must know of the program that started it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.host.candidates import candidates, plugin_folder
from studio.host.isolation.standing_in import stand_ins
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, load


@dataclass(frozen=True)
class Host:
    """Where the program that started this has its plugins and models.

    Attributes:
        plugins: folder of dropped-in plugins; the user's if None.
        disabled: names of plugins to leave alone.
        models: folder of fetched and imported models.
        isolated: names of plugins that are not to be imported beside others.
    """

    plugins: str | None
    disabled: tuple[str, ...]
    models: str
    isolated: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the first line that the process hears."""
        names = {"disabled": list(self.disabled), "isolated": list(self.isolated)}
        return {"plugins": self.plugins, "models": self.models, **names}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Host:
        """What `as_json` made."""
        disabled, isolated = tuple(value["disabled"]), tuple(value["isolated"])
        return cls(value["plugins"], disabled, value["models"], isolated)

    def registry(self, trainer: str) -> PluginRegistry:
        """The plugins, found again; that of the trainer is imported, as this is a process for it."""
        found = candidates(Path(self.plugins) if self.plugins else plugin_folder())
        registry = load(stand_ins(found, self.isolated), disabled=self.disabled)
        owners = {each.name for each in registry.plugins for t in each.trainers if t.id == trainer}
        if owners.isdisjoint(self.isolated):
            return registry
        others = set(self.isolated) - owners
        return load(stand_ins(found, others), disabled=self.disabled)

    def store(self, registry: PluginRegistry) -> ModelStore:
        """The models, bundled ones included."""
        from studio.host.services import bundled_models

        return ModelStore(Path(self.models), bundled_models(), registry.cards())
