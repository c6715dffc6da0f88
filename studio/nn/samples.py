"""What trainings on single pictures draw from: a folder in memory, and random parts of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.pictures import (
    Picture,
    list_pictures,
    originals_of,
    random_crop,
    read_picture,
    split,
    to_tensor,
)
from studio.nn.training import TrainingError

Samples = tuple[list[Picture], list[Picture]]
"""Pictures to learn from, and pictures to check on."""


def read_samples(
    folder: Path, share: float, prepared: Callable[[Picture], Picture | None]
) -> Samples:
    """The pictures of a folder, some of them held out.

    Args:
        folder: searched recursively.
        share: that is held out, as `studio.nn.pictures.split` does it.
        prepared: from a picture to what is kept of it; None leaves it out, as too small.

    Raises:
        TrainingError: if there are not two to learn from and one to check on.
    """
    files = list_pictures(folder)
    held = split(files, share, originals_of([folder]))
    samples: Samples = ([], [])
    for file, out in zip(files, held, strict=True):
        picture = prepared(read_picture(file))
        if picture is not None:
            samples[out].append(picture)
    if len(samples[0]) < 2 or not samples[1]:
        raise TrainingError(
            f"{folder.name} holds too few pictures that are large enough: "
            f"{len(samples[0]) + len(samples[1])}.",
            "Put at least 20 into the folder, or train at a smaller size.",
        )
    return samples


def random_parts(
    pictures: Sequence[Picture], size: int, count: int, random: np.random.Generator
) -> Tensor:
    """Squares of random pictures, from ``size`` pixels to all of the shorter side, reduced to ``size``.

    Args:
        pictures: none smaller than ``size``.
        size: side in pixels.
        count: how many.
        random: decides which, where, and whether mirrored.

    Returns:
        ``count`` x 3 x ``size`` x ``size`` in [0, 1].
    """
    parts = []
    for index in random.integers(len(pictures), size=count):
        picture = pictures[index]
        side = int(random.integers(size, min(picture.shape[:2]) + 1))
        part = to_tensor(random_crop(picture, side, random))
        parts.append(F.interpolate(part, size=(size, size), mode="bilinear", antialias=True))
    return torch.cat(parts)
