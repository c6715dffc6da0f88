"""What can be set when a picture is colorized."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, boolean, choice, integer, model, number

TASK = "colorization"
Print = Literal["auto", "faded", "good"]


class ColorizeParameters(Parameters):
    """What can be set."""

    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the colors as found; 0: the picture itself."
    )
    saturation: float = number(
        1.0, minimum=0, maximum=2, step=0.05, help="How strong the colors are; hints stay as given."
    )
    warmth: float = number(
        0.0, minimum=-1, maximum=1, step=0.05, help="Above 0: warmer light; below: cooler."
    )
    variations: int = integer(
        1, minimum=1, maximum=4, help="How many plausible colorings to choose from."
    )
    model: str | None = model(TASK, help="The network; left open, the bundled one.")
    denoise: float = number(
        0.0,
        minimum=0,
        maximum=1,
        step=0.05,
        help="Remove grain first. Above 0 the lightness of the picture changes.",
    )
    contrast: float = number(
        0.0,
        minimum=0,
        maximum=1,
        step=0.05,
        help="Restore the contrast of a faded print first. Above 0 its lightness changes.",
    )
    print: Print = choice(
        "auto",
        {"auto": "Find out", "faded": "Faded or toned", "good": "As it is"},
        title="Print",
        help="Whether the network sees faded tones stretched; the result keeps its own.",
        advanced=True,
    )
    vividness: float = number(
        0.6,
        minimum=0,
        maximum=1,
        step=0.05,
        help="0: the average of all plausible colors; 1: the likeliest one, with patches.",
        advanced=True,
    )
    size: int = integer(
        256,
        minimum=128,
        maximum=512,
        step=16,
        unit="px",
        title="Working size",
        help="Size at which the network sees the picture.",
        advanced=True,
    )
    edges: bool = boolean(
        True, help="Let colors end where the lightness has an edge.", advanced=True
    )
