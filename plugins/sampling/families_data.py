"""A folder of pictures in memory: squares of one size, with alpha if there is any, and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from studio.nn.pictures import list_pictures, originals_of, split
from studio.nn.planes import GRAY, RGB, RGBA, pack
from studio.nn.training import TrainingError

_FEWEST = 8


@dataclass(frozen=True)
class Album:
    """Pictures of one size.

    Attributes:
        planes: uint8, N x C x size x size; `batch` gives them as networks see them.
        labels: numbers of their classes, N.
    """

    planes: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.planes)

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Some of them, N x C x size x size in [-1, 1], and their classes."""
        return self.planes[index].float() / 127.5 - 1, self.labels[index]

    def drawn(
        self, count: int, random: np.random.Generator, *, mirror: bool
    ) -> tuple[Tensor, Tensor]:
        """Random ones, half of them mirrored if that is wanted."""
        planes, labels = self.batch(torch.from_numpy(random.integers(len(self), size=count)))
        if mirror:
            turned = torch.from_numpy(random.integers(2, size=count)).bool()
            planes = torch.where(turned[:, None, None, None], planes.flip(3), planes)
        return planes, labels


@dataclass(frozen=True)
class Albums:
    """What is learned from and what is checked on.

    Attributes:
        training: to learn from.
        held: to check on.
        classes: names of the folders in the folder; empty if there are not two.
    """

    training: Album
    held: Album
    classes: tuple[str, ...]

    @property
    def channels(self) -> int:
        """1 if all is gray, 3 for opaque colors, 4 where anything is transparent."""
        return self.training.planes.shape[1]


def read_albums(folder: Path, size: int, share: float) -> Albums:
    """Read a folder of pictures.

    Opaque pictures lose what is outside of their middle square; transparent ones get a margin.

    Args:
        folder: searched recursively; with folders in it, the first ones are classes.
        size: of the squares in pixels.
        share: that is held out; pictures of the same file name are held out together.

    Raises:
        TrainingError: if there are too few.
    """
    files = list_pictures(folder)
    if len(files) < _FEWEST:
        raise TrainingError(
            f"{folder.name} holds too few pictures: {len(files)}.",
            "Put at least 20 into the folder.",
        )
    squares = torch.from_numpy(np.stack([_square(file, size) for file in files]))
    planes = _planes(squares.permute(0, 3, 1, 2))
    tops = [file.relative_to(folder).parts[:-1][:1] for file in files]
    classes = tuple(sorted({top[0] for top in tops if top}))
    if len(classes) < 2:
        classes = ()
    labels = torch.tensor([classes.index(top[0]) if classes and top else 0 for top in tops])
    held = torch.tensor(split(files, share, originals_of([folder])))
    if not bool(held.any()) or int((~held).sum()) < 2:
        raise TrainingError(
            f"{folder.name} holds too few different pictures.", "Give them names of their own."
        )
    return Albums(Album(planes[~held], labels[~held]), Album(planes[held], labels[held]), classes)


def _square(file: Path, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture as size x size x 4, straight RGBA."""
    with Image.open(file) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGBA")
    clear = image.getchannel("A").getextrema()[0] != 255
    target = (size, size)
    if clear:
        square = ImageOps.pad(image, target, Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    else:
        square = ImageOps.fit(image, target, Image.Resampling.LANCZOS)
    return np.asarray(square)


def _planes(squares: Tensor, chunk: int = 512) -> Tensor:
    """Straight RGBA, N x 4 x H x W, to planes of as many channels as they need; all uint8."""
    color = squares[:, :3]
    if int(squares[:, 3].min()) < 255:
        channels = RGBA
    elif bool((color == color[:, :1]).all()):
        channels = GRAY
    else:
        channels = RGB
    parts: Sequence[Tensor] = [
        pack(part[:, :3].float() / 255, part[:, 3:].float() / 255, channels)
        for part in torch.split(squares, chunk)
    ]
    return torch.cat([((part + 1) * 127.5).round().byte() for part in parts])
