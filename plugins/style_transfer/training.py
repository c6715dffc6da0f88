"""What can be set when the network for any style is trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, number, text


class ArbitraryParameters(Parameters):
    """Sizes, losses and schedule."""

    features: str = text("", help="Model or file of a VGG feature network that judges likeness")
    size: int = integer(
        192, minimum=64, maximum=512, step=32, unit="px", help="Parts of this size are learned"
    )
    steps: int = integer(40_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    style: float = number(
        10.0, minimum=0, maximum=1000, title="Weight of the style",
        help="Higher: further from the photograph",
    )  # fmt: skip
    smoothness: float = number(
        0.5, minimum=0, maximum=100, title="Weight of smoothness",
        help="Against speckles: of the differences between neighbors", advanced=True,
    )  # fmt: skip
    width: int = integer(16, minimum=4, maximum=64, help="Channels at full size", advanced=True)
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
    id="style-transfer.arbitrary",
    title="Network for any style",
    help="A network that takes any picture as its style, learned from photographs and paintings.",
    parameters=ArbitraryParameters,
    function=".train:train",
    folders=(
        Folder("Photographs", "What will be restyled", minimum=20, smallest=64),
        Folder("Styles", "Paintings, drawings, patterns: the more different, the better", minimum=20,
               smallest=64),
    ),
    task="style-transfer",
    operation="style-transfer.arbitrary",
)  # fmt: skip
