"""Inpainting: fills what is selected with what might be behind it."""

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
from studio_plugins.inpainting.parameters import TASK, DustParameters, FillParameters
from studio_plugins.inpainting.training import TRAINER

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """Filling what is selected, and repairing what is found."""
    return [
        Operation(
            id="inpainting.fill",
            title="Fill",
            menu="Restore",
            help="Replaces what is selected with what might be behind it.",
            parameters=FillParameters,
            function=".engine:fill",
            provenance="composite",
            input="visible",
            selection="required",
            brush=True,
            preview=False,
            stoppable=True,
            presets=(
                Preset("Remove an object", {"engine": "network", "variations": 1}),
                Preset("Several to choose from", {"engine": "network", "variations": 4}),
                Preset("Texture: grass, walls, sky", {"engine": "patchmatch", "variations": 2}),
            ),
            keywords=("inpaint", "remove", "erase", "object", "heal", "content-aware", "LaMa"),
        ),
        Operation(
            id="inpainting.dust",
            title="Dust and Scratches",
            menu="Restore",
            help="Finds dust and scratches of an old photo and fills them.",
            parameters=DustParameters,
            function=".dust:repair",
            provenance="enhanced",
            selection="optional",
            live=True,
            context_pixels=64,
            presets=(
                Preset("A scanned print", {"kind": "bright", "largest": 9}),
                Preset("A scanned slide", {"kind": "dark", "largest": 9}),
                Preset("Hairs and deep scratches", {"sensitivity": 0.7, "largest": 21}),
            ),
            keywords=("dust", "scratch", "speck", "hair", "scan", "old photo", "repair"),
        ),
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
            id="inpainting",
            title="Networks that fill holes",
            task=TASK,
            suffixes=(".pth", ".pt", ".ckpt", ".safetensors"),
            function=".loading:recognise",
        )
    ]


@hookimpl
def trainers() -> list[Trainer]:
    """Networks for the user's own kind of picture."""
    return [TRAINER]
