"""The model card of a network that was trained here."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.api.models import ModelCard, ModelFile
from studio.api.trainer import Trainer
from studio.host.models import ModelStore
from studio.host.models.cache import digest
from studio.host.models.imports import unique_id
from studio.host.training.records import RunSpec

if TYPE_CHECKING:
    import torch

    from studio.nn.training import Trained

RUN = "run"
"""Under which a card keeps the fingerprint of the run that it comes from."""
LICENCE = "yours: made from your own pictures"
_UNKNOWN = ModelFile(name="model.safetensors", sha256="0" * 64, bytes=1)


def card_of(trained: Trained, trainer: Trainer, spec: RunSpec, facts: dict[str, Any]) -> ModelCard:
    """The card, without its file, which `ModelStore.add_trained` describes.

    Args:
        trained: what the recipe returned.
        trainer: whose recipe it was.
        spec: what was asked for.
        facts: on what, how long and where it was trained.
    """
    extra = {name: str(value) for name, value in trained.extra.items()}
    scale = extra.pop("scale", "")
    parameters = {name: _without_path(value) for name, value in spec.parameters.items()}
    return ModelCard(
        id=unique_id(spec.title, lambda _: False),
        title=spec.title,
        task=trainer.task,
        architecture=trained.architecture,
        format="safetensors",
        scale=int(scale) if scale.isdecimal() and int(scale) else None,
        source="file:trained",
        files=(_UNKNOWN,),
        licence=LICENCE,
        origin=f"trained here with {trainer.id}",
        summary=trained.summary,
        limits=trained.limits,
        metrics=dict(trained.metrics),
        trained={
            **facts,
            "parameters": json.dumps(parameters, sort_keys=True),
            RUN: _fingerprint(spec),
        },
        extra=extra,
    )


def made_before(spec: RunSpec, store: ModelStore) -> ModelCard | None:
    """The model that a run became, if it ended before it could say so."""
    mark = _fingerprint(spec)
    return next((card for card in store.cards() if card.trained.get(RUN) == mark), None)


def _fingerprint(spec: RunSpec) -> str:
    """Tells a run from all others, those of the same trainer on the same pictures included."""
    return hashlib.sha256(spec.model_dump_json().encode()).hexdigest()[:32]


def _without_path(value: Any) -> Any:
    """A parameter as a card tells it to others: of a file its name and what is in it."""
    if isinstance(value, list):
        return [_without_path(each) for each in value]
    if not isinstance(value, str):
        return value
    path = Path(value)
    try:
        if path.is_file():
            return {"file": path.name, "sha256": digest(path)}
    except OSError:  # as of a text that is too long for a name, or a file that cannot be read
        pass
    return path.name if path.is_absolute() else value


def hardware(device: torch.device) -> str:
    """What it was trained on, in words."""
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.processor() or platform.machine()})"
