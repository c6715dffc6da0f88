"""Style transfer: redraws a picture in the style of another."""

from __future__ import annotations

from pathlib import Path

from studio.api import (
    CheckpointLoader,
    Gallery,
    ModelCard,
    Operation,
    Trainer,
    hookimpl,
    read_cards,
)
from studio_plugins.style_transfer import (
    arbitrary,
    fast,
    fast_training,
    optimizing,
    presets,
    training,
)

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """Every way to restyle a picture."""
    return [arbitrary.OPERATION, presets.OPERATION, optimizing.OPERATION, fast.OPERATION]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks, and Magenta's to fetch."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Networks that people bring along."""
    return [fast.LOADER, optimizing.LOADER]


@hookimpl
def galleries() -> list[Gallery]:
    """Styles to choose from."""
    return [Gallery(arbitrary.GALLERY, "Styles", "bundled:styles")]


@hookimpl
def trainers() -> list[Trainer]:
    """How the networks are made."""
    return [training.TRAINER, fast_training.TRAINER]
