"""What can be set when a picture is enlarged."""

from __future__ import annotations

from studio.api import Parameters, model, number

TASK = "super-resolution"


class UpscaleParameters(Parameters):
    """What can be set."""

    scale: float = number(
        2.0, minimum=1, maximum=8, step=0.5, unit="×", help="How many times as wide and as high."
    )
    model: str | None = model(
        TASK, help="The network; left open, a bundled one that keeps to what the picture shows."
    )
    strength: float = number(
        1.0,
        minimum=0,
        maximum=1,
        step=0.05,
        help="1: the network's result; 0: a plain bicubic enlargement; between: a blend.",
    )


def output_size(parameters: UpscaleParameters, width: int, height: int) -> tuple[int, int]:
    """Width and height of the result, at least 1 x 1."""
    return max(1, round(width * parameters.scale)), max(1, round(height * parameters.scale))
