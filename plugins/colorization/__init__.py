"""Colorization: gives gray pictures colors that they may have had."""

from __future__ import annotations

from pathlib import Path

from studio.api import (
    CheckpointLoader,
    ModelCard,
    Operation,
    Preset,
    Trainer,
    hookimpl,
    read_cards,
)
from studio_plugins.colorization.parameters import TASK, ColorizeParameters
from studio_plugins.colorization.training import TRAINER

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            id="colorization.colorize",
            title="Colorize",
            menu="Restore",
            help="Gives a gray picture colors; click on it to say what color something has.",
            parameters=ColorizeParameters,
            function=".engine:colorize",
            provenance="composite",
            hints="colors",
            live=True,
            # The network judges by the whole picture, and reduces that.
            preview=False,
            presets=(
                Preset("Restrained", {"saturation": 0.7, "vividness": 0.4}),
                Preset("Vivid", {"saturation": 1.25, "vividness": 0.75}),
                Preset("Old, faded print", {"print": "faded", "denoise": 0.3, "contrast": 0.8}),
                Preset("Four to choose from", {"variations": 4}),
            ),
            keywords=("color", "gray", "black and white", "sepia", "old photo", "tint", "hints"),
        )
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled network."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Networks that people bring along."""
    return [
        CheckpointLoader(
            id="colorization",
            title="Networks that color pictures",
            task=TASK,
            suffixes=(".pth", ".pt", ".ckpt", ".tar", ".safetensors"),
            function=".loading:recognise",
        )
    ]


@hookimpl
def trainers() -> list[Trainer]:
    """Networks for the user's own kind of picture."""
    return [TRAINER]
