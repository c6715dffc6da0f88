"""Deblock: takes the blocks and the ringing of JPEG out of pictures."""

from __future__ import annotations

from pathlib import Path

from studio.api import (
    Folder,
    ModelCard,
    Operation,
    Parameters,
    Preset,
    Trainer,
    hookimpl,
    integer,
    model,
    number,
    read_cards,
)

api_version = "1.0"


class DeblockParameters(Parameters):
    """What the user can choose."""

    strength: float = number(100.0, minimum=0, maximum=100, unit="%", help="0 changes nothing")
    model: str | None = model("deblocking", help="The network; left open, the bundled one")


class DeblockRecipe(Parameters):
    """Size and schedule; the defaults made the bundled network."""

    steps: int = integer(4000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(0.0, minimum=0, maximum=10_000, unit="min", help="0: no limit")
    rate: float = number(1e-3, minimum=0, maximum=0.1, help="Peak learning rate", advanced=True)
    width: int = integer(32, minimum=4, maximum=256, help="Channels", advanced=True)
    depth: int = integer(4, minimum=1, maximum=32, help="Layers between the ends", advanced=True)


@hookimpl
def operations() -> list[Operation]:
    """What this plugin offers."""
    return [
        Operation(
            id="deblock.apply",
            title="Remove JPEG Artifacts",
            menu="Enhance",
            help="Takes out the blocks and the ringing of strong compression.",
            parameters=DeblockParameters,
            function=".engine:deblock",
            provenance="enhanced",
            context_pixels=32,
            presets=(Preset("Gently", {"strength": 60.0}),),
            keywords=("jpeg", "compression", "blocks", "restore"),
        )
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The network that lies beside this file."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def trainers() -> list[Trainer]:
    """Networks for the user's own kind of picture."""
    return [
        Trainer(
            id="deblock",
            title="JPEG restorer for your kind of picture",
            help="A network that takes JPEG artifacts out of pictures like yours.",
            parameters=DeblockRecipe,
            function=".train:train",
            folders=(Folder("Pictures", "Not compressed, or hardly", minimum=8, smallest=192),),
            task="deblocking",
            operation="deblock.apply",
        )
    ]
