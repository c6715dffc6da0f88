"""A folder of pictures in memory: small, transparent, each with what it shows and in which style."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from studio.nn.pictures import list_pictures
from studio.nn.training import TrainingError
from studio_plugins.sampling.captions import Concept, concept_of, is_held_out, read_captions

CHANNELS = 4


@dataclass(frozen=True)
class Drawings:
    """Pictures with captions.

    Attributes:
        pixels: N x size x size x 4, RGB premultiplied by alpha.
        concepts: what each shows, N of them.
        styles: number of each one's style, N.
        names: of the styles; empty if there is but one.
        held_out: N, True for concepts that are never learned.
    """

    pixels: NDArray[np.uint8]
    concepts: tuple[Concept, ...]
    styles: NDArray[np.int64]
    names: tuple[str, ...]
    held_out: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def learned(self) -> NDArray[np.int64]:
        """Numbers of the pictures to learn from."""
        return np.flatnonzero(~self.held_out)

    @property
    def checked(self) -> NDArray[np.int64]:
        """Numbers of the pictures to check on."""
        return np.flatnonzero(self.held_out)

    def values(self, numbers: Sequence[int] | NDArray[np.int64]) -> Tensor:
        """Pictures as a network sees them: N x 4 x size x size in [-1, 1], premultiplied."""
        chosen = torch.from_numpy(self.pixels[np.asarray(numbers)])
        return chosen.permute(0, 3, 1, 2).float() / 127.5 - 1

    def shares(self) -> NDArray[np.float64]:
        """How often each of `learned` is drawn: large groups count less than by their number.

        A group counts as the root of its size, and within it all pictures alike: hundreds of flags
        would otherwise teach flags above all.
        """
        groups = [self.concepts[i].group for i in self.learned]
        sizes = Counter(groups)
        weights = np.array([sizes[group] ** -0.5 for group in groups])
        shares: NDArray[np.float64] = weights / weights.sum()
        return shares

    def with_others(self, others: dict[str, tuple[str, ...]]) -> Drawings:
        """The same, with further sentences for some names."""
        found = (replace(c, others=others.get(c.spoken, ())) for c in self.concepts)
        return replace(self, concepts=tuple(found))


def read_drawings(folder: Path, size: int, share: float, styles: Sequence[str] = ()) -> Drawings:
    """The pictures of a folder, reduced to squares.

    The folders in it are styles, if there is more than one. Where a ``captions.jsonl`` says what
    files show, those that it does not name are left out.

    Args:
        folder: searched recursively.
        size: side in pixels.
        share: of the concepts that are held out; at least one is.
        styles: names of the folders to use; all if none is named.

    Raises:
        TrainingError: if there are not two concepts to learn and one to check on.
    """
    known = read_captions(folder)
    files = [f for f in list_pictures(folder) if not known or f.stem in known]
    files = [f for f in files if not styles or _style(f, folder) in styles]
    concepts = [concept_of(file, known) for file in files]
    held = _held_out([concept.key for concept in concepts], share)
    if held.all() or len({c.key for c, out in zip(concepts, held, strict=True) if not out}) < 2:
        raise TrainingError(
            f"{folder.name} shows too few different things: {len(set(concepts))}.",
            "Put at least 20 pictures into the folder.",
        )
    names = sorted({_style(file, folder) for file in files})
    numbers = np.array([names.index(_style(file, folder)) for file in files], np.int64)
    pixels = np.stack([read_drawing(file, size) for file in files])
    return Drawings(pixels, tuple(concepts), numbers, tuple(names) if names[1:] else (), held)


def read_drawing(file: Path, size: int) -> NDArray[np.uint8]:
    """A picture as a square, size x size x 4, premultiplied; what is not square has clear margins."""
    with Image.open(file) as opened:
        opened.load()
        image = ImageOps.exif_transpose(opened).convert("RGBA")
    side = max(image.size)
    if image.width != image.height:
        square = Image.new("RGBA", (side, side))
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        image = square
    # Averages of premultiplied values are right at the edges; whole factors are exact means.
    kernel = Image.Resampling.BOX if side % size == 0 else Image.Resampling.HAMMING
    return np.asarray(image.convert("RGBa").resize((size, size), kernel))


def straight(values: Tensor) -> tuple[Tensor, Tensor]:
    """Color and alpha of what a network painted.

    Args:
        values: N x 4 x H x W, premultiplied, about [-1, 1].

    Returns:
        N x 3 x H x W and N x 1 x H x W in [0, 1].
    """
    unit = (values.float() / 2 + 0.5).clamp(0, 1)
    color, alpha = unit[:, :3], unit[:, 3:]
    # A trace of alpha would be a dirty veil, and a lack of a trace a hole in what is opaque.
    alpha = ((alpha - 0.02) / 0.96).clamp(0, 1)
    return (color / alpha.clamp(min=1e-3)).clamp(0, 1), alpha


def premultiplied(color: Tensor, alpha: Tensor | None) -> Tensor:
    """The opposite: N x 4 x H x W in [-1, 1]."""
    alpha = torch.ones_like(color[:, :1]) if alpha is None else alpha
    return torch.cat([color * alpha, alpha], dim=1) * 2 - 1


def over_white(values: Tensor) -> Tensor:
    """What a network painted, on paper: N x 3 x H x W in [0, 1]."""
    unit = (values.float() / 2 + 0.5).clamp(0, 1)
    return (unit[:, :3] + 1 - unit[:, 3:]).clamp(0, 1)


def _style(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else ""


def _held_out(keys: Sequence[str], share: float) -> NDArray[np.bool_]:
    held = np.array([is_held_out(key, share) for key in keys], bool)
    if keys and not held.any():
        held = np.array([key == min(keys) for key in keys])
    return held
