"""What can be set when an artist trains a translation between two collections."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, number, text


class CycleParameters(Parameters):
    """Sizes, losses and schedule of a training without pairs."""

    size: int = integer(
        128, minimum=32, maximum=512, step=32, unit="px", help="Parts of this size are learned"
    )
    steps: int = integer(40_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="File of both such networks to go on from")
    judge: Literal["patches", "features"] = choice(
        "patches",
        {
            "patches": "Patches of pixels, as published",
            "features": "Features: learns in fewer steps",
        },
        title="Discriminator",
        help="What tells made pictures from real ones; features need a feature network",
        advanced=True,
    )
    width: int = integer(
        32,
        minimum=4,
        maximum=128,
        help="Channels of the outer level; 64 as published",
        advanced=True,
    )
    blocks: int = integer(6, minimum=1, maximum=16, help="Residual blocks; 6 or 9", advanced=True)
    batch: int = integer(
        1, minimum=1, maximum=16, help="Pictures of each kind in a step", advanced=True
    )
    rate: float = number(
        2e-4, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    cycle: float = number(
        10.0, minimum=0, maximum=100, title="Weight of the cycle",
        help="How closely a picture must come back", advanced=True,
    )  # fmt: skip
    identity: float = number(
        5.0, minimum=0, maximum=100, title="Weight of the identity",
        help="How much a picture of the other kind must stay as it is", advanced=True,
    )  # fmt: skip
    features: str = text(
        "",
        help="Model or file of a VGG feature network; also chooses the best weights",
        advanced=True,
    )
    validation: float = number(
        0.05, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="cyclegan",
    title="Translation between two collections",
    help="A network for each direction between two kinds of pictures, learned without pairs.",
    parameters=CycleParameters,
    function=".train:train",
    folders=(
        Folder("From", "Pictures of the first kind, such as photographs", minimum=20, smallest=64),
        Folder("To", "Pictures of the second kind, such as paintings", minimum=20, smallest=64),
    ),
    task="cyclegan",
    operation="cyclegan.translate",
)
