"""Sampling: pictures made from words, from classes and from latents."""

from __future__ import annotations

from pathlib import Path

from studio.api import ModelCard, hookimpl, read_cards

api_version = 1


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks."""
    return read_cards(Path(__file__).parent / "models.toml")
