"""What can be set when a network that colors gray pictures is trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, number, text


class ColorizationRecipe(Parameters):
    """Sizes, losses and schedule."""

    size: int = integer(
        128, minimum=32, maximum=512, step=32, unit="px", help="Parts of this size are learned"
    )
    steps: int = integer(40_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    hinted: float = number(
        0.5, minimum=0, maximum=1, step=0.05, title="With hints",
        help="How often some colors are given",
    )  # fmt: skip
    teacher: str = text(
        "", help="Model or file of an EfficientNet-Lite0 that tells what pictures show"
    )
    rebalance: float = number(
        0.2, minimum=0, maximum=0.99, step=0.01,
        help="How much more rare colors count; more makes livelier colors", advanced=True,
    )  # fmt: skip
    distance: float = number(
        6.0, minimum=0, maximum=100, step=0.1, title="Weight of the distance",
        help="Of the difference between the mean color and the true one", advanced=True,
    )  # fmt: skip
    taught: float = number(
        1.0, minimum=0, maximum=100, step=0.1, title="Weight of the teacher", advanced=True
    )  # fmt: skip
    looks: float = number(
        4.0, minimum=0, maximum=100, step=0.1, title="Weight of looks",
        help="Of how differently the teacher sees the colored picture and the true one",
        advanced=True,
    )  # fmt: skip
    width: int = integer(32, minimum=4, maximum=128, help="Channels at half size", advanced=True)
    batch: int = integer(16, minimum=2, maximum=128, help="Pictures in a step", advanced=True)
    rate: float = number(
        1e-3, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    validation: float = number(
        0.04, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="colorization",
    title="Network that colors gray pictures",
    help="A network that knows the colors of your kind of picture, with and without hints.",
    parameters=ColorizationRecipe,
    function=".train:train",
    folders=(Folder("Pictures", "Pictures in color", minimum=20, smallest=64),),
    task="colorization",
    operation="colorization.colorize",
)
