"""What a training process must know of the program that started it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover


@dataclass(frozen=True)
class Host:
    """Where the program that started this has its plugins and models.

    Attributes:
        plugins: folder of dropped-in plugins; the user's if None.
        disabled: names of plugins to leave alone.
        models: folder of fetched and imported models.
    """

    plugins: str | None
    disabled: tuple[str, ...]
    models: str

    def as_json(self) -> dict[str, Any]:
        """For the first line that the process hears."""
        return {"plugins": self.plugins, "disabled": list(self.disabled), "models": self.models}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Host:
        """What `as_json` made."""
        return cls(value["plugins"], tuple(value["disabled"]), value["models"])

    def registry(self) -> PluginRegistry:
        """The plugins, found again."""
        folder = Path(self.plugins) if self.plugins else None
        return discover(folder, disabled=self.disabled)

    def store(self, registry: PluginRegistry) -> ModelStore:
        """The models, bundled ones included."""
        from studio.host.services import bundled_models

        return ModelStore(Path(self.models), bundled_models(), registry.cards())
