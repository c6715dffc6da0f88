"""Pictures to try things on: photographs of scikit-image's wheel, and drawings made by a script.

Nothing is downloaded, and Impasto ships no picture file of others.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio_resources.samples import drawings

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """One picture.

    Attributes:
        id: stable name.
        title: shown to people.
        credit: who made it, and its licence.
        kind: ``photo`` or ``drawing``.
        load: reads or draws it: height x width x 4, RGBA.
    """

    id: str
    title: str
    credit: str
    kind: str
    load: Callable[[], Pixels]


_PHOTOS = (
    ("astronaut", "Astronaut", "astronaut.png", "NASA, public domain"),
    ("cat", "Cat", "chelsea.png", "Stéfan van der Walt, CC0"),
    ("coffee", "Coffee", "coffee.png", "Rachel Michetti, CC0"),
    ("rocket", "Rocket", "rocket.jpg", "SpaceX, public domain"),
)
_DRAWINGS = (
    ("house", "House, line drawing", drawings.line_drawing),
    ("poster", "Poster", drawings.poster),
    ("dusk", "Dusk", drawings.landscape),
    ("sticker", "Sticker, transparent", drawings.sticker),
)


def samples() -> tuple[Sample, ...]:
    """The pictures that are there: photographs first. A photograph that is missing is left out."""
    folder = _photo_folder()
    photos = [
        Sample(name, title, f"{credit}; carried by scikit-image", "photo", partial(_read, path))
        for name, title, file, credit in _PHOTOS
        if folder is not None and (path := folder / file).is_file()
    ]
    credit = "drawn by Impasto, Apache-2.0"
    drawn = [
        Sample(name, title, credit, "drawing", partial(_array, draw))
        for name, title, draw in _DRAWINGS
    ]
    return (*photos, *drawn)


def _photo_folder() -> Path | None:
    """Where scikit-image keeps its pictures, found without importing it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(path: Path) -> Pixels:
    with Image.open(path) as opened:
        return np.array(opened.convert("RGBA"))


def _array(draw: Callable[[], Image.Image]) -> Pixels:
    return np.array(draw().convert("RGBA"))
