"""What can be set when the small families of generative models are trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, boolean, choice, integer, number, text
from studio_plugins.sampling.families_parameters import COMPLETE_TASK, LATENT_TASK

_PICTURES = Folder(
    "Pictures",
    "Pictures of one kind; folders in it are classes. Transparent ones stay transparent",
    minimum=20,
    smallest=16,
)


class FamilyParameters(Parameters):
    """What all of them have."""

    size: Literal["32", "64", "128"] = choice(
        "64", help="Side of the pictures in pixels; each doubling takes about four times as long"
    )
    steps: int = integer(20_000, minimum=1, maximum=1_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    mirror: bool = boolean(
        True, help="Learn from mirrored pictures as well; not for letters and digits"
    )
    features: str = text("", help="Model or file of a VGG feature network that judges likeness")
    batch: int = integer(32, minimum=2, maximum=256, help="Pictures in a step", advanced=True)
    rate: float = number(
        1e-3, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    validation: float = number(
        0.05, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)

    @property
    def side(self) -> int:
        """The size as a number."""
        return int(self.size)


class AutoencoderParameters(FamilyParameters):
    """Of an autoencoder."""

    kind: Literal["variational", "plain"] = choice(
        "variational",
        {
            "variational": "Variational: smooth, made for new pictures",
            "plain": "Plain: keeps more of a picture",
        },
        title="Network",
        help="What is asked of the numbers that stand for a picture",
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    width: int = integer(16, minimum=4, maximum=128, step=4, help="Channels at full size")
    latent: int = integer(64, minimum=2, maximum=512, help="Numbers that stand for a picture")
    prior: float = number(
        1.0, minimum=0, maximum=100, step=0.1, title="Weight of the prior",
        help="Variational: higher makes better new pictures and blurs what was given",
        advanced=True,
    )  # fmt: skip
    warmup: int = integer(
        2000, minimum=0, maximum=1_000_000,
        help="Variational: steps over which the weight of the prior rises", advanced=True,
    )  # fmt: skip
    perceptual: float = number(
        0.3, minimum=0, maximum=100, step=0.1, title="Weight of features",
        help="Of the difference in the features of a network, if one is given", advanced=True,
    )  # fmt: skip


class GanParameters(FamilyParameters):
    """Of a generator and its discriminator."""

    kind: Literal["dcgan", "style"] = choice(
        "dcgan",
        {"dcgan": "DCGAN: small and fast", "style": "Style-based: slower, better, can be mixed"},
        title="Network",
        help="The generator",
    )
    classes: bool = boolean(
        True, title="Use classes", help="Folders within the folder are classes to choose from"
    )
    start: str = text(
        "", title="Start from", help="Model or file of such a generator to go on from"
    )
    width: int = integer(16, minimum=2, maximum=128, help="Channels at the largest size")
    widest: int = integer(
        96, minimum=8, maximum=512, help="Style-based: channels at the smallest size", advanced=True
    )
    judge: int = integer(
        24, minimum=4, maximum=128, title="Width of the judge",
        help="Channels of the discriminator's first layer", advanced=True,
    )  # fmt: skip
    latent: int = integer(64, minimum=2, maximum=512, help="Numbers that stand for a picture")
    penalty: float = number(
        1.0, minimum=0, maximum=1000, step=0.1, title="Gradient penalty",
        help="R1: higher is steadier, and learns more slowly", advanced=True,
    )  # fmt: skip
    variety: float = number(
        2.0, minimum=0, maximum=100, step=0.1, title="Weight of variety",
        help="Of how much less two new pictures of a class differ than real ones do", advanced=True,
    )  # fmt: skip
    augment: bool = boolean(
        True, help="Vary what the discriminator sees: for fewer than about 50,000 pictures",
        advanced=True,
    )  # fmt: skip


class AutoregressiveParameters(FamilyParameters):
    """Of a tokenizer and a transformer."""

    classes: bool = boolean(
        True, title="Use classes", help="Folders within the folder are classes to choose from"
    )
    patch: Literal["4", "8"] = choice(
        "4", title="Pixels of a token", help="8 is much faster, and coarser", advanced=True
    )
    width: int = integer(16, minimum=4, maximum=64, help="Channels of the tokenizer", advanced=True)
    codes: int = integer(512, minimum=16, maximum=8192, help="Different tokens", advanced=True)
    channels: int = integer(
        128, minimum=32, maximum=1024, step=32, help="Channels of the transformer", advanced=True
    )
    depth: int = integer(5, minimum=1, maximum=24, help="Layers of the transformer", advanced=True)
    dropout: float = number(
        0.1, minimum=0, maximum=0.6, step=0.05, help="Against learning by heart", advanced=True
    )
    tokens_first: float = number(
        0.35, minimum=0.05, maximum=0.8, step=0.05,
        help="Share of the training in which tokens are learned, before the transformer is",
        advanced=True,
    )  # fmt: skip
    perceptual: float = number(
        0.3, minimum=0, maximum=100, step=0.1, title="Weight of features",
        help="Of the difference in the features of a network, if one is given", advanced=True,
    )  # fmt: skip


TRAINERS = [
    Trainer(
        id="sampling.autoencoder",
        title="Autoencoder",
        help="Pictures as a few numbers and back: for walks between pictures and new ones.",
        parameters=AutoencoderParameters,
        function=".families_autoencoder:train",
        folders=(_PICTURES,),
        task=LATENT_TASK,
        operation="sampling.latent",
    ),
    Trainer(
        id="sampling.gan",
        title="GAN",
        help="A generator that draws new pictures of your kind, by class if there are any.",
        parameters=GanParameters,
        function=".families_gan:train",
        folders=(_PICTURES,),
        task=LATENT_TASK,
        operation="sampling.latent",
    ),
    Trainer(
        id="sampling.autoregressive",
        title="Completing transformer",
        help="Completes a picture of your kind below a line, square by square.",
        parameters=AutoregressiveParameters,
        function=".families_autoregressive:train",
        folders=(_PICTURES,),
        task=COMPLETE_TASK,
        operation="sampling.complete",
    ),
]
