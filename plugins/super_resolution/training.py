"""What can be set when an upscaler is trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, number, text
from studio_plugins.super_resolution.parameters import TASK


class UpscalerRecipe(Parameters):
    """Sizes and schedule; the defaults made the bundled network for 4 times the size."""

    scale: int = integer(
        4, minimum=2, maximum=4, unit="×", help="How many times as wide and as high"
    )
    steps: int = integer(20_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text(
        "", title="Start from", help="Model or file of this network to take the trunk from"
    )
    channels: int = integer(
        64, minimum=8, maximum=256, step=8, help="Width of the trunk", advanced=True
    )
    blocks: int = integer(
        8, minimum=1, maximum=32, help="Residual blocks in the trunk", advanced=True
    )
    batch: int = integer(16, minimum=1, maximum=128, help="Patches in a step", advanced=True)
    patch: int = integer(
        48,
        minimum=8,
        maximum=128,
        unit="px",
        help="Side of a patch before enlarging",
        advanced=True,
    )
    rate: float = number(
        5e-4, minimum=0, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    validation: float = number(
        0.02, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="super-resolution",
    title="Upscaler for your kind of picture",
    help="A network that enlarges pictures like yours without inventing anything.",
    parameters=UpscalerRecipe,
    function=".train:train",
    folders=(
        Folder("Pictures", "Sharp pictures without noise, as large as they are", smallest=192),
    ),
    task=TASK,
    operation="super-resolution.upscale",
)
