"""Folders of training pictures: finding, pairing, splitting and reading them.

Torch is imported only by what makes tensors, so that folders can be checked without it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from torch import Tensor

Picture = NDArray[np.uint8]
"""H x W x 3, RGB."""
Pair = tuple[Path, Path | None]
"""Files of an input and its target; None when both are in one file, the input on the left."""

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def list_pictures(folder: Path) -> list[Path]:
    """Pictures in a folder and below it, sorted; hidden files and folders are passed over."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def list_pairs(folders: Sequence[Path]) -> tuple[list[Pair], list[Path]]:
    """Pairs of one folder of side-by-side pictures, or of two with the same file names.

    Args:
        folders: one folder, or the inputs' and the targets'. Suffixes may differ.

    Returns:
        The pairs in order, and the files that have no partner.
    """
    if len(folders) == 1:
        return [(file, None) for file in list_pictures(folders[0])], []
    inputs, targets = (
        {file.relative_to(folder).with_suffix(""): file for file in list_pictures(folder)}
        for folder in folders[:2]
    )
    common = sorted(inputs.keys() & targets.keys())
    alone = [side[key] for side in (inputs, targets) for key in side if key not in common]
    return [(inputs[key], targets[key]) for key in common], sorted(alone)


def read_picture(path: Path, background: tuple[int, int, int] = (255, 255, 255)) -> Picture:
    """RGB pixels, upright; what is transparent lies on ``background``.

    Raises:
        OSError: if the file is not a whole picture.
    """
    with Image.open(path) as opened:
        opened.load()
        image = ImageOps.exif_transpose(opened)
        if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
        return np.asarray(image.convert("RGB")).copy()


def read_pair(
    pair: Pair, background: tuple[int, int, int] = (255, 255, 255)
) -> tuple[Picture, Picture]:
    """Input and target of one size.

    Raises:
        OSError: if a file is not a whole picture.
        ValueError: if the two differ in size.
    """
    first = read_picture(pair[0], background)
    if pair[1] is None:
        half = first.shape[1] // 2
        return first[:, :half], first[:, half : 2 * half]
    second = read_picture(pair[1], background)
    if first.shape != second.shape:
        sizes = " and ".join(f"{p.shape[1]} × {p.shape[0]}" for p in (first, second))
        raise ValueError(f"{pair[0].name} and its partner differ in size: {sizes}")
    return first, second


def resized(picture: Picture, short: int) -> Picture:
    """The picture with its shorter side at ``short`` pixels, antialiased."""
    height, width = picture.shape[:2]
    scale = short / min(height, width)
    size = (max(round(width * scale), short), max(round(height * scale), short))
    if size == (width, height):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def split(files: Sequence[Path], share: float, originals: Mapping[str, str]) -> list[bool]:
    """Which files are held out, decided by a hash of the picture they come from.

    At least one original is held out, so that a small set can be checked, too.

    Args:
        files: the pictures.
        share: of the originals that are held out, in [0, 1].
        originals: file name to name of the original, from `originals_of`; others are their own.
    """
    hashes = [_hash(originals.get(file.name, file.name)) for file in files]
    limit = max(share, min(hashes, default=0.0))
    return [value <= limit for value in hashes]


def originals_of(folders: Iterable[Path]) -> dict[str, str]:
    """File name to the photograph it was cut from, out of ``index.jsonl`` in or above the folders.

    Lines say ``{"file": "a_1.png", "name": "a.png#1", "source": "holidays"}``; ``name`` and ``source``
    may be missing. An index of another kind, as other programs may have put there, says nothing.
    """
    names: dict[str, str] = {}
    for folder in folders:
        for index in (folder / "index.jsonl", folder.parent / "index.jsonl"):
            for entry in _entries(index):
                file = entry["file"]
                original = str(entry.get("name", file)).split("#")[0]
                names[Path(file).name] = f"{entry.get('source', '')}/{original}"
    return names


def _entries(index: Path) -> Iterator[dict[str, Any]]:
    """The lines of an index that name a file."""
    try:
        lines = index.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("file"), str):
            yield entry


def random_crop(picture: Picture, side: int, random: np.random.Generator) -> Picture:
    """A square of ``side`` pixels, mirrored half of the time; the picture must be as large."""
    top = int(random.integers(picture.shape[0] - side + 1))
    left = int(random.integers(picture.shape[1] - side + 1))
    crop = picture[top : top + side, left : left + side]
    return crop[:, ::-1] if random.integers(2) else crop


def center_crop(picture: Picture, side: int) -> Picture:
    """The square of ``side`` pixels in the middle."""
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def to_tensor(picture: Picture) -> Tensor:
    """A picture as a tensor, 1 x 3 x H x W in [0, 1]."""
    import torch

    return torch.tensor(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255


def _hash(name: str) -> float:
    """A stable number in [0, 1) for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
