"""Holes filled with patches from elsewhere, made once, for a network to learn from.

PatchMatch takes as long for a picture as a step of the training, so that each filling is used again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.nn.pictures import Picture
from studio.nn.samples import random_parts
from studio.nn.training import TrainingContext
from studio.nn.transparency import filled
from studio_plugins.inpainting.masks import random_mask
from studio_plugins.inpainting.patches import matched

if TYPE_CHECKING:
    from studio_plugins.inpainting.training import InpaintingRecipe

Bytes = npt.NDArray[np.uint8]
FOLDER = "exemplars"
_TOLD = 16  # fillings between two reports


@dataclass(frozen=True)
class Pool:
    """Pictures, N x 3 x size x size, their holes, N x 1 x size x size, and these filled."""

    images: Bytes
    holes: Bytes
    exemplars: Bytes

    def keep(self, done: Path, count: int) -> None:
        """Note how many are made, once they are on the disk; the note is there whole or not at all."""
        for values in (self.images, self.holes, self.exemplars):
            if isinstance(values, np.memmap):
                values.flush()
        new = done.with_suffix(".new")
        new.write_text(str(count))
        new.replace(done)

    def drawn(self, count: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Random ones, half of them mirrored: pictures and exemplars in [0, 1], holes of 0 and 1."""
        chosen = random.integers(len(self.images), size=count)
        mirrored = random.random(count) < 0.5
        found = []
        for values, largest in ((self.images, 255), (self.holes, 1), (self.exemplars, 255)):
            batch = np.array(values[chosen])
            batch[mirrored] = batch[mirrored, ..., ::-1]
            found.append(torch.from_numpy(batch).float() / largest)
        return found[0], found[1], found[2]


def exemplars(
    pictures: list[Picture], parameters: InpaintingRecipe, context: TrainingContext
) -> Pool:
    """Make the pool, or go on making it, in files of the training's folder.

    Raises:
        TrainingPaused: when it is asked to stop for now; what was made is kept.
    """
    folder, count, size = context.folder / FOLDER, parameters.exemplars, parameters.size
    folder.mkdir(exist_ok=True)
    done = folder / "done.txt"
    pool = Pool(
        *(
            _array(folder / f"{name}.npy", (count, channels, size, size), done)
            for name, channels in (("images", 3), ("holes", 1), ("exemplars", 3))
        )
    )
    first = int(done.read_text()) if done.exists() else 0
    for number in range(first, count):
        if context.finishing:
            break
        if number % _TOLD == 0:
            pool.keep(done, number)
            context.progress(0.0, f"Filling hole {number + 1} of {count} with patches")
        random = np.random.default_rng((context.seed, number))
        image = random_parts(pictures, size, 1, random)
        mask = random_mask(size, random, borders=parameters.borders)
        hole = torch.from_numpy(mask)[None, None].float()
        made = matched(image, hole, number)
        exemplar = filled(image, 1 - hole) if made is None else made
        pool.images[number] = _bytes(image)
        pool.holes[number] = mask
        pool.exemplars[number] = _bytes(exemplar)
    else:
        pool.keep(done, count)
    return pool


def forget_exemplars(context: TrainingContext) -> None:
    """Delete the pool of a training that is over: it takes about a gigabyte."""
    shutil.rmtree(context.folder / FOLDER, ignore_errors=True)


def _array(path: Path, shape: tuple[int, ...], done: Path) -> Bytes:
    """An array in a file, kept if it is there in this shape; else nothing is done yet."""
    if done.exists():  # or else a file may be there by half
        kept: Bytes = np.lib.format.open_memmap(path, mode="r+")
        if kept.shape == shape:
            return kept
    done.unlink(missing_ok=True)
    made: Bytes = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    return made


def _bytes(image: Tensor) -> Bytes:
    pixels: Bytes = (image[0] * 255).round().byte().numpy()
    return pixels
