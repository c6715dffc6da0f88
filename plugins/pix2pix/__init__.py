"""Pix2Pix: a network turns one kind of picture into another, such as a doodle into a drawing."""

from __future__ import annotations

from pathlib import Path

from studio.api import (
    CheckpointLoader,
    ModelCard,
    Operation,
    Trainer,
    hookimpl,
    read_cards,
)
from studio_plugins.pix2pix.parameters import TASK, TranslateParameters
from studio_plugins.pix2pix.training import TRAINER

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            id="pix2pix.translate",
            title="Pix2Pix",
            menu="Restyle",
            help="Turns a drawing into a colored one, or a picture into what a network learned.",
            parameters=TranslateParameters,
            function=".engine:translate",
            provenance="composite",
            output="layers",
            preview=False,
            live=True,
            follows_drawing=True,
            keywords=("doodle", "line art", "color", "sketch", "edges", "translate", "draw"),
        )
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Generators that people bring along."""
    return [
        CheckpointLoader(
            id="pix2pix",
            title="Pix2Pix generators",
            task=TASK,
            suffixes=(".pth", ".pt", ".safetensors", ".tar", ".ckpt"),
            function=".loading:recognise",
        )
    ]


@hookimpl
def trainers() -> list[Trainer]:
    """The one trainer."""
    return [TRAINER]
