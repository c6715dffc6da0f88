"""What can be set when a picture is translated."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, boolean, choice, integer, model, number

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
    flat_colors: bool = boolean(
        True, title="Flat colors", help="One color in each closed area of a drawing."
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
