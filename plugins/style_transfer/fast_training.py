"""What can be set when a network learns one painting's style."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, model, number, picture
from studio_plugins.style_transfer.arbitrary import GALLERY
from studio_plugins.style_transfer.fast import FAST
from studio_plugins.style_transfer.optimizing import FEATURES


class FastTraining(Parameters):
    """Style, losses, size of the network and schedule."""

    style: str | None = picture(gallery=GALLERY, help="The painting whose style is learned.")
    features: str | None = model(
        FEATURES, default="hed-vgg16", title="Feature network",
        help="Judges style and content; fetched if it is not here.",
    )  # fmt: skip
    size: int = integer(
        256, minimum=64, maximum=1024, step=32, unit="px", help="Parts of this size are learned"
    )
    steps: int = integer(10_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    style_weight: float = number(
        10.0, minimum=0, maximum=10_000, title="Weight of the style",
        help="Higher: further from the photograph",
    )  # fmt: skip
    style_scale: float = number(
        1.0, minimum=0.25, maximum=4, step=0.25, unit="×", help="Size of the strokes"
    )
    content_weight: float = number(
        1.0, minimum=0, maximum=1000, title="Weight of the content", advanced=True
    )
    smoothness: float = number(
        0.5, minimum=0, maximum=100, title="Weight of smoothness", advanced=True,
        help="Against speckles: of the differences between neighbors",
    )  # fmt: skip
    width: int = integer(32, minimum=4, maximum=128, help="Channels at full size", advanced=True)
    blocks: int = integer(5, minimum=1, maximum=16, help="Residual blocks", advanced=True)
    batch: int = integer(4, minimum=1, maximum=64, help="Pictures in a step", advanced=True)
    rate: float = number(
        1e-3, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    validation: float = number(
        0.03, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="style-transfer.fast",
    title="Style from a painting",
    help="A network that restyles at once, learned from one painting and a folder of photographs.",
    parameters=FastTraining,
    function=".train_fast:train",
    folders=(Folder("Photographs", "What will be restyled", minimum=20, smallest=64),),
    task=FAST,
    operation="style-transfer.fast",
)
