"""What can be set when a network that fills holes is trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, choice, integer, number, text


class InpaintingRecipe(Parameters):
    """Sizes, losses and schedule."""

    size: int = integer(
        128, minimum=32, maximum=512, step=32, unit="px", help="Parts of this size are learned"
    )
    steps: int = integer(40_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    borders: float = number(
        0.25, minimum=0, maximum=1, step=0.05, title="Missing borders",
        help="How often the border is missing instead of something within",
    )  # fmt: skip
    exemplars: int = integer(
        8192, minimum=0, maximum=1_000_000,
        help="Holes filled with patches from elsewhere that it learns from; none: it learns to do "
        "without, and fills more smoothly",
    )  # fmt: skip
    features: str = text("", help="Model or file of a VGG feature network that judges likeness")
    distance: float = number(
        1.0, minimum=0, maximum=100, step=0.1, title="Weight of the distance",
        help="Of the difference of pixels in the hole", advanced=True,
    )  # fmt: skip
    perceptual: float = number(
        3.0, minimum=0, maximum=100, step=0.1, title="Weight of features",
        help="Of the difference in the features of a network, if one is given", advanced=True,
    )  # fmt: skip
    texture: float = number(
        0.5, minimum=0, maximum=100, step=0.1, title="Weight of texture",
        help="Of how often features come together in the hole, wherever they are", advanced=True,
    )  # fmt: skip
    adversarial: float = number(
        0.05, minimum=0, maximum=10, step=0.01, title="Weight of the discriminator",
        help="Higher: more texture, true or not", advanced=True,
    )  # fmt: skip
    width: int = integer(
        48, minimum=6, maximum=192, step=6, help="Channels at half the size", advanced=True
    )
    blocks: int = integer(8, minimum=1, maximum=32, help="Blocks of the trunk", advanced=True)
    batch: int = integer(8, minimum=1, maximum=128, help="Pictures in a step", advanced=True)
    rate: float = number(
        4e-4, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    validation: float = number(
        0.03, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)


TRAINER = Trainer(
    id="inpainting",
    title="Network that fills holes",
    help="A network that fills what is masked or missing at the border, for your kind of picture.",
    parameters=InpaintingRecipe,
    function=".train:train",
    folders=(Folder("Pictures", "What whole pictures look like", minimum=20, smallest=64),),
    task="inpainting",
    operation="inpainting.fill",
)
