"""Reference pictures: galleries to choose them from, and several of them with weights."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

GALLERY_SCHEME = "gallery:"
BUNDLED_SCHEME = "bundled:"
_WEIGHT = re.compile(r"\*\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)\s*$", re.IGNORECASE)


class WeightedPicture(NamedTuple):
    """One of several reference pictures.

    Attributes:
        source: path of a file, or ``gallery:NAME``; give it to `Context.picture`.
        weight: its share against the weights of the others, above 0.
    """

    source: str
    weight: float = 1.0


@dataclass(frozen=True)
class Gallery:
    """Pictures to choose from that come with a plugin; users add their own.

    A picture's name is its file's name without suffix: lower case with dashes, as recipes and
    scripts name it. What is shown is made of it: ``ink-wash.png`` is "Ink wash".

    Attributes:
        id: what parameters name it by; lower case with dashes. Stable, as users' own pictures are
            kept under it.
        title: what the window calls it ("Styles").
        folder: with the pictures: a path in the plugin (``Path(__file__).parent / "styles"``), or
            ``bundled:FOLDER``, a folder of the package `studio_resources`; empty: there are only those
            that users add.
    """

    id: str
    title: str
    folder: Path | str = ""


def picture_title(name: str) -> str:
    """The words for a picture's name: ``ink-wash`` is "Ink wash"."""
    words = " ".join(re.split(r"[-_\s]+", name)).strip()
    return words[:1].upper() + words[1:]


def parse_picture(text: str) -> WeightedPicture:
    """One picture as typed behind a flag: ``FILE`` or ``FILE*0.5``."""
    found = _WEIGHT.search(text)
    if found is None or not text[: found.start()].strip():
        return WeightedPicture(text.strip())
    return WeightedPicture(text[: found.start()].strip(), float(found[1]))


def parse_pictures(text: str) -> tuple[WeightedPicture, ...]:
    """Pictures as typed behind a flag: ``a.png*0.5;gallery:woodcut``."""
    return tuple(parse_picture(part) for part in text.split(";") if part.strip())


def pictures_from(value: Any) -> Any:
    """Pictures from text, or from a list of text, of pairs or of objects; the rest as it is."""
    if isinstance(value, str):
        return parse_pictures(value)
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        return value
    return tuple(_one_from(item) for item in value)


def _one_from(item: Any) -> Any:
    if isinstance(item, str):
        return parse_picture(item)
    if isinstance(item, Mapping) and "source" in item and set(item) <= {"source", "weight"}:
        return (item["source"], item.get("weight", 1.0))
    return item


def check_pictures(pictures: Iterable[WeightedPicture]) -> None:
    """Refuse pictures without a source, and weights that are no shares.

    Raises:
        ValueError: saying what is wrong.
    """
    for picture in pictures:
        if not picture.source.strip():
            raise ValueError("a picture needs a file or gallery:NAME")
        if not (math.isfinite(picture.weight) and picture.weight > 0):
            raise ValueError(f"the weight of {picture.source} must be above 0")


def pictures_text(pictures: Iterable[tuple[str, float]]) -> str:
    """Pictures as they are typed behind a flag."""
    return ";".join(
        source if weight == 1 else f"{source}*{weight:g}" for source, weight in pictures
    )
