"""What can be set when a picture is translated."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, boolean, choice, integer, model, number

TASK = "cyclegan"
Direction = Literal["forward", "backward"]


class TranslateParameters(Parameters):
    """What can be set."""

    model: str | None = model(
        TASK, help="The network; left open, the bundled one that paints photographs."
    )
    size: int = integer(
        512,
        minimum=0,
        maximum=8192,
        step=64,
        unit="px",
        title="Working size",
        help="Shorter side of what the network sees. Smaller: larger strokes. 0: the full picture.",
    )
    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the network's result; 0: the picture itself."
    )
    detail: float = number(
        0.5,
        minimum=0,
        maximum=1,
        step=0.05,
        help="Fine structure of the picture that comes back where the network kept to it.",
    )
    preserve_colors: bool = boolean(
        False, help="Keep the picture's colors and repaint its lightness alone."
    )
    direction: Direction = choice(
        "forward",
        {"forward": "From the first folder to the second", "backward": "Back"},
        help="For models trained in both directions, such as your own.",
        advanced=True,
    )
