"""From a checkpoint to a generator, and what its card says of how to use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.api import ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError
from studio.nn.translators import Statistics, Translator, UnknownTranslatorError, read_translator
from studio_plugins.pix2pix.parameters import TASK


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What a generator is; None if the checkpoint is of another kind.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        translator = read_translator(paths[0])
    except UnknownTranslatorError:
        return None
    extra = {"size": str(translator.size)}
    if translator.norm == "batch":
        extra["statistics"] = _statistics(translator, paths[0])
    return Recognised(
        translator.architecture,
        summary=f"{translator.describe()}.",
        extra=extra,
        likely=translator.task == TASK,
    )


def _statistics(translator: Translator, path: Path) -> Statistics:
    """Those that a batch norm was tested with by whoever saved it.

    junyanz's pix2pix normalizes with the picture's own, in training (one picture at a time) and in
    tests; the averages that it saves along were never used and are too coarse for its U-Net. What
    is trained here, saved as safetensors, is checked with averages over batches.
    """
    published = translator.whole and path.suffix.lower() != ".safetensors"
    return "picture" if published else "trained"


def load_network(card: ModelCard, paths: Sequence[Path], statistics: Statistics) -> Translator:
    """Build a model's generator, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if the file holds no such network.
    """
    try:
        return read_translator(paths[0], statistics)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
