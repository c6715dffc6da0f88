"""Pix2Pix: a network turns one kind of picture into another, such as a doodle into a drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from studio.api import (
    CheckpointLoader,
    ModelCard,
    Operation,
    Parameters,
    Trainer,
    boolean,
    choice,
    hookimpl,
    integer,
    model,
    number,
    read_cards,
)
from studio_plugins.pix2pix.training import TRAINER

api_version = 1
TASK = "pix2pix"

Preparation = Literal["auto", "none", "lines", "edges", "labels", "gray"]
Fit = Literal["auto", "drawing", "whole", "stretch"]


class TranslateParameters(Parameters):
    """What can be set."""

    model: str | None = model(TASK, help="The network; left open, it colors line art.")
    preparation: Preparation = choice(
        "auto",
        {
            "auto": "As the model wants it",
            "none": "The picture as it is",
            "lines": "Black lines on white, from a drawing",
            "edges": "Edges of a photo, as lines",
            "labels": "The colors of the model's labels",
            "gray": "Gray",
        },
        title="Input",
        help="What is made of the picture before the network sees it.",
    )
    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the network's result; 0: what it was given."
    )
    keep_lines: bool = boolean(
        True,
        title="Keep my lines",
        help="Lays a drawing's own lines, as sharp as they are, on top.",
    )
    transparent_background: bool = boolean(
        False, title="Transparent background", help="Leaves out what lies around a drawing."
    )
    fit: Fit = choice(
        "auto",
        {
            "auto": "Automatic",
            "drawing": "The drawing fills the frame",
            "whole": "The whole picture, with a margin",
            "stretch": "The whole picture, stretched",
        },
        title="Frame",
        help="What the network sees of the picture, in its square.",
        advanced=True,
    )
    size: int = integer(
        0,
        minimum=0,
        maximum=2048,
        step=32,
        unit="px",
        title="Working size",
        help="Side of the square in which the network works; 0: the one that it was trained with.",
        advanced=True,
    )
    statistics: Literal["auto", "picture", "trained"] = choice(
        "auto",
        {"auto": "Automatic", "picture": "Of this picture", "trained": "Of the training"},
        title="Batch norm uses statistics",
        help="Of networks with batch normalization alone: try the other if the colors look wrong.",
        advanced=True,
    )


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
            output="layers",
            preview=False,
            live=True,
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
