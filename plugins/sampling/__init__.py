"""Sampling: pictures made from words, from classes and from latents."""

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
from studio_plugins.sampling import community_operations, families_operations, painting_operations

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """From words, by class, from latents; completing; and by models of others."""
    return [
        *painting_operations.OPERATIONS,
        *families_operations.OPERATIONS,
        *community_operations.OPERATIONS,
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Networks that people bring along."""
    return [*families_operations.LOADERS, *community_operations.LOADERS]


@hookimpl
def trainers() -> list[Trainer]:
    """The recipes."""
    return [*painting_operations.TRAINERS, *families_operations.TRAINERS]


@hookimpl
def galleries() -> list[Gallery]:
    """Where people keep what they place in a latent space, and what a ControlNet goes by."""
    return [*families_operations.GALLERIES, *community_operations.GALLERIES]
