"""What can be set when a model that paints from words, or by class, is trained."""

from __future__ import annotations

from typing import Literal

from studio.api import Folder, Parameters, Trainer, boolean, choice, integer, number, text

TEXT_TASK = "text-to-picture"
CLASS_TASK = "class-to-picture"


class DiffusionRecipe(Parameters):
    """Sizes and schedule that both kinds share."""

    size: int = integer(
        64, minimum=16, maximum=256, step=8, unit="px", help="Pictures are learned at this size"
    )
    steps: int = integer(100_000, minimum=1, maximum=10_000_000, help="Training steps")
    minutes: float = number(
        0.0, minimum=0, maximum=10_000, step=10, unit="min", help="End after this time; 0: no limit"
    )
    start: str = text("", title="Start from", help="Model or file of such a network to go on from")
    styles: str = text(
        "", help="Names of the folders to learn from, with commas; all of them if left empty"
    )
    widths: str = text(
        "48 96 224",
        help="Channels of the U-Net at half the size, a quarter and so on",
        advanced=True,
    )
    blocks: str = text("1 2 1", help="Residual blocks of each of them", advanced=True)
    batch: int = integer(64, minimum=2, maximum=1024, help="Pictures in a step", advanced=True)
    rate: float = number(
        6e-4, minimum=1e-6, maximum=1e-2, step=1e-5, help="Peak learning rate", advanced=True
    )
    shift: float = number(
        1.0, minimum=0.25, maximum=8, step=0.25, title="Shift of the noise",
        help="Above 1: more of the training is spent on much noise", advanced=True,
    )  # fmt: skip
    average: float = number(
        0.9995, minimum=0.9, maximum=0.99999, step=0.0001,
        help="Decay of the average of weights that is kept", advanced=True,
    )  # fmt: skip
    validation: float = number(
        0.04, minimum=0, maximum=0.5, step=0.01, help="Share held out for checking", advanced=True
    )
    precision: Literal["mixed", "float32"] = choice("mixed", advanced=True)
    codec: str = text(
        "", title="Codec",
        help="Channels of a codec's levels, as 32 64 96: it learns first, and the network paints in "
        "its latents, at an eighth of the size; empty: in pixels", advanced=True,
    )  # fmt: skip
    latent: int = integer(
        8, minimum=1, maximum=64, title="Latent channels", help="Of the codec", advanced=True
    )
    codec_steps: int = integer(
        6000, minimum=0, maximum=1_000_000, title="Steps of the codec", advanced=True
    )
    features: str = text(
        "", help="Model or file of a VGG feature network that judges likeness for the codec",
        advanced=True,
    )  # fmt: skip


class TextDiffusionRecipe(DiffusionRecipe):
    """The same, and how words are learned."""

    taught: str = text(
        "", title="Taught sentences",
        help="File of sentences as a teacher sees them; without, words mean only what captions show",
    )  # fmt: skip
    teacher: str = text(
        "", title="Teacher of words",
        help="all-minilm-l6-v2 (fetched once, 84 MB) says what your captions mean, so that other "
        "words for the same are understood; not needed with a file of taught sentences",
    )  # fmt: skip
    text_steps: int = integer(
        6000, minimum=0, maximum=1_000_000, title="Steps of the text encoder",
        help="On the sentences alone, before any picture", advanced=True,
    )  # fmt: skip
    words: int = integer(160, minimum=8, maximum=1024, help="Size of a word", advanced=True)
    depth: int = integer(3, minimum=1, maximum=12, help="Layers of the text encoder", advanced=True)
    letters: int = integer(72, minimum=4, maximum=512, help="Size of an n-gram", advanced=True)
    prompts: str = text("", help="What samples show, with semicolons", advanced=True)


class ClassDiffusionRecipe(DiffusionRecipe):
    """The same, and what the classes are."""

    grouped: bool = boolean(
        False,
        title="Groups of captions.jsonl",
        help="On: its groups are the classes and folders are styles. Off: folders are the classes",
    )
    words: int = integer(96, minimum=8, maximum=1024, help="Size of a class", advanced=True)


_DRAWINGS = Folder(
    "Pictures",
    "Each with a text file beside it, named in captions.jsonl, or named for what it shows",
    smallest=16,
)

TEXT_TRAINER = Trainer(
    id="text-diffusion",
    title="Pictures from words",
    help="A model that paints what is written, in the manner of your captioned pictures.",
    parameters=TextDiffusionRecipe,
    function=".train:train_text",
    folders=(_DRAWINGS,),
    task=TEXT_TASK,
    operation="sampling.text",
)

CLASS_TRAINER = Trainer(
    id="class-diffusion",
    title="Pictures by class",
    help="A model that paints more of each kind of your pictures.",
    parameters=ClassDiffusionRecipe,
    function=".train:train_class",
    folders=(Folder("Pictures", "In folders named for what they show", smallest=16),),
    task=CLASS_TASK,
    operation="sampling.class",
)
