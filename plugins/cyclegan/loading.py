"""From a checkpoint to a generator: one-way files, and those that hold both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.api import ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.translators import Translator, UnknownTranslatorError, translator_from
from studio_plugins.cyclegan.parameters import TASK, Direction

Part = tuple[str, str]

PAIRS: tuple[Part, ...] = (
    ("a_to_b.", "b_to_a."),  # ours
    ("netG_A.", "netG_B."),
    ("G_A2B.", "G_B2A."),
    ("netG_A2B.", "netG_B2A."),
    ("G_AB.", "G_BA."),
    ("genA2B.", "genB2A."),
    ("G_A.", "G_B."),
)
"""How files name their two generators: from A to B, and back."""


class Generator(nn.Module):
    """A generator, and what an operation must know to run it.

    Its last convolution is reached as ``last``: in half precision its rounding would show.

    Args:
        translator: the network itself.
        two_way: whether the file holds another one for the way back.
    """

    def __init__(self, translator: Translator, *, two_way: bool) -> None:
        super().__init__()
        self.translator = translator
        self.two_way = two_way
        self.last = [m for m in translator.modules() if isinstance(m, nn.Conv2d)][-1]

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W in [0, 1], of any size, to the same."""
        return self.translator.padded(image)


def load_generator(card: ModelCard, paths: Sequence[Path], direction: Direction) -> Generator:
    """Build a model's generator for a direction, in float32 on the CPU.

    Args:
        card: the model.
        paths: its file.
        direction: of a file with two generators; a file with one has no other.

    Raises:
        UserError: naming what was found, if the file holds no such generator.
    """
    try:
        generator = read_generator(paths[0], direction)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
    if generator.translator.whole:
        raise UserError(
            f"{card.title} is a {generator.translator.architecture}, which sees pictures of one size.",
            "Use it in the Pix2Pix operation.",
        )
    return generator


def read_generator(path: Path, direction: Direction = "forward") -> Generator:
    """Build the generator of a checkpoint for a direction.

    Raises:
        CheckpointError: if it cannot be read safely or is of another kind.
    """
    state = read_state_dict(path)
    both = _both(state)
    if both is None:
        return Generator(translator_from(state, path.name), two_way=False)
    chosen = both[1 if direction == "backward" else 0]
    return Generator(translator_from(chosen, path.name), two_way=True)


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What a checkpoint is; None if it is no generator that takes pictures of any size.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        generator = read_generator(paths[0])
    except UnknownTranslatorError:
        return None
    translator = generator.translator
    if translator.whole or not _works(generator):
        return None
    ways = ", both directions" if generator.two_way else ""
    return Recognised(
        architecture=translator.architecture,
        summary=f"{translator.describe()}{ways}.",
        likely=generator.two_way or translator.task == TASK,
    )


def _both(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]] | None:
    """The state dicts of two generators in one file, from A to B and back."""
    for there, back in PAIRS:
        found = tuple(
            {k.removeprefix(name): v for k, v in state.items() if k.startswith(name)}
            for name in (there, back)
        )
        if all(found):
            return found[0], found[1]
    return None


def _works(generator: Generator) -> bool:
    """Run it once, small: other networks can bear the same names."""
    with torch.no_grad():
        out = generator.eval()(torch.full((1, 3, 32, 32), 0.5))
    return tuple(out.shape) == (1, 3, 32, 32)
