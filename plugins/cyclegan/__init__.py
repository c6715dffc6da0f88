"""CycleGAN: turns pictures of one kind into another, learned without pairs (Zhu et al. 2017)."""

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
from studio_plugins.cyclegan.parameters import TASK, TranslateParameters
from studio_plugins.cyclegan.training import TRAINER

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            id="cyclegan.translate",
            title="CycleGAN",
            menu="Restyle",
            help="Turns a photograph into a painting, or one kind of picture into another.",
            parameters=TranslateParameters,
            function=".engine:translate",
            provenance="composite",
            # The network judges a place by the statistics of the whole picture, and reduces that.
            preview=False,
            presets=(
                Preset("Painting", {}),
                Preset("Painting, broad strokes", {"size": 256, "detail": 0.0}),
                Preset("Painting, fine strokes", {"size": 1024}),
                Preset("Painting, colors of the photo", {"preserve_colors": True}),
                Preset("Photo from a painting", {"model": "cyclegan-painting2photo"}),
                Preset("Old photograph", {"model": "vintagify", "size": 768, "detail": 1.0}),
            ),
            keywords=("cyclegan", "painting", "translate", "vintage", "sketch", "monet", "style"),
        )
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks, and one to fetch."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Generators that people bring along."""
    return [
        CheckpointLoader(
            id="cyclegan",
            title="CycleGAN generators",
            task=TASK,
            suffixes=(".pth", ".pt", ".ckpt", ".tar", ".safetensors"),
            function=".loading:recognise",
        )
    ]


@hookimpl
def trainers() -> list[Trainer]:
    """A network for each direction between two folders."""
    return [TRAINER]
