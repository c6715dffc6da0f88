"""Beginning a training from weights that are there already: fine-tuning, or going on later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import nn

from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.training import TrainingError


def begin_from(
    network: nn.Module, file: Path, renewed: Callable[[str], bool] = lambda _: False
) -> None:
    """Copy every tensor of a finished network of the same shape into ``network``.

    Args:
        network: takes the weights, as float32.
        file: weights as a recipe or `torch.save` wrote them.
        renewed: whether a parameter of this name keeps its own initialisation, and may be missing
            from the file; such as the last layer for a new task.

    Raises:
        TrainingError: if the file is no weights, or those of another network, width or depth.
    """
    try:
        state = read_state_dict(file)
    except CheckpointError as error:
        raise TrainingError(error.message, error.hint) from error
    try:
        found = network.load_state_dict(
            {key: value.float() for key, value in state.items() if not renewed(key)}, strict=False
        )
        odd = [*found.unexpected_keys, *(key for key in found.missing_keys if not renewed(key))]
    except RuntimeError as error:
        odd = [str(error).splitlines()[-1].strip()]
    if odd:
        raise TrainingError(
            f"The training cannot start from {file.name}, which is another network: {odd[0]}.",
            "Choose weights of the same network, width and depth, or start without any.",
        )
