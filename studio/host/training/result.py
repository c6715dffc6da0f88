"""The model card of a network that was trained here."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from studio.api.models import ModelCard, ModelFile
from studio.api.trainer import Trainer
from studio.host.models.imports import unique_id
from studio.host.training.records import RunSpec

if TYPE_CHECKING:
    import torch

    from studio.nn.training import Trained

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
    parameters = json.dumps(spec.parameters, sort_keys=True)
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
        trained={**facts, "parameters": parameters},
        extra=extra,
    )


def hardware(device: torch.device) -> str:
    """What it was trained on, in words."""
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.processor() or platform.machine()})"
