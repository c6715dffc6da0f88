"""What can be set when an artist trains a translation from pairs of pictures."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, boolean, choice, integer, number, text


class PairParameters(Parameters):
    """Sizes, losses and schedule of a training on pairs."""

    architecture: Literal["unet", "resnet"] = choice(
        "unet",
        {"unet": "U-Net: sees the whole picture", "resnet": "ResNet: for any size"},
        title="Network",
        help="The U-Net decides from the whole picture, the ResNet from its surroundings",
    )
    size: int = integer(
        128, minimum=32, maximum=512, step=32, unit="px", help="Pictures are learned at this size"
    )
    steps: int = integer(20_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    vary_lines: bool = boolean(
        False, title="Vary lines", help="Learn from thicker and thinner lines, too: for line art"
    )
    prepares: Literal["none", "lines", "labels", "edges", "gray"] = choice(
        "none",
        title="Input is",
        help="What the inputs show: pictures are prepared in the same way when the model is used",
    )
    width: int = integer(
        32, minimum=4, maximum=128, help="Channels of the outer level", advanced=True
    )
    widest: int = integer(
        128, minimum=8, maximum=1024, help="Channels of the inner levels", advanced=True
    )
    blocks: int = integer(6, minimum=1, maximum=16, help="Blocks of the ResNet", advanced=True)
    batch: int = integer(8, minimum=1, maximum=64, help="Pairs in a step", advanced=True)
    rate: float = number(
        2e-4, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    distance: float = number(
        100.0,
        minimum=0,
        maximum=1000,
        title="Weight of the distance",
        help="Of the difference to the target against the discriminator's opinion",
        advanced=True,
    )
    perceptual: float = number(
        0.0,
        minimum=0,
        maximum=1000,
        title="Weight of features",
        help="Of the difference in the features of a network, if one is given",
        advanced=True,
    )
    features: str = text("", help="Model or file of a VGG feature network", advanced=True)
    validation: float = number(
        0.05, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="pix2pix",
    title="Translation from pairs",
    help="A network that turns one kind of picture into another, learned from examples of both.",
    parameters=PairParameters,
    function=".train:train",
    folders=(
        Folder(
            "Pairs",
            "Input and target side by side in each picture, or two folders with the same file names",
            kind="pairs",
            minimum=20,
        ),
    ),
    task="pix2pix",
    operation="pix2pix.translate",
)
