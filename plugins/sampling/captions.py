"""What pictures show, in words: from captions.jsonl, side-car texts or file names; and words for it.

A captioned set is a folder of folders, one for each style, and a ``captions.jsonl`` beside them whose
lines name what the files of one name show: ``{"codepoint": "1F436", "name": "dog face", "keywords":
["puppy"], "group": "animals"}``; ``file`` may stand for ``codepoint``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TEMPLATES = (
    "a {}",
    "{} icon",
    "a picture of a {}",
    "a drawing of a {}",
    "an emoji of a {}",
    "{} emoji",
    "a small {}",
    "a sticker with a {}",
    "one {}",
    "the {}",
)
_NUMBERS = re.compile(r"^\d+$")


@dataclass(frozen=True)
class Concept:
    """What some pictures show.

    Attributes:
        key: the name of their files, without suffix.
        name: what it is called.
        keywords: further words for it.
        group: what it belongs to; may be empty.
        others: sentences that mean the same, of any source.
    """

    key: str
    name: str
    keywords: tuple[str, ...] = ()
    group: str = ""
    others: tuple[str, ...] = field(default=(), compare=False)

    @property
    def spoken(self) -> str:
        """The name as one would say it: ``flag: Japan`` is "flag of Japan"."""
        first, colon, second = self.name.partition(": ")
        return f"{first} of {second}" if colon and first == "flag" else self.name.replace(":", "")

    def summary(self, most: int = 6) -> str:
        """The name and the first keywords."""
        return ", ".join([self.spoken, *self.keywords[:most]])

    def caption(self, random: np.random.Generator) -> str:
        """One of the many ways to ask for it."""
        kind = random.random()
        if self.others and kind < 0.3:
            return self.others[int(random.integers(len(self.others)))]
        kind = random.random()
        if kind < 0.35 or not self.keywords:
            return self.spoken
        some = self._some(random)
        if kind < 0.5:
            return some[0]
        if kind < 0.65:
            return " ".join(some)
        if kind < 0.8:
            return ", ".join([self.spoken, *some])
        if kind < 0.85 and self.group:
            return f"{some[0]} {self.group.replace('-', ' ')}"
        template = TEMPLATES[int(random.integers(len(TEMPLATES)))]
        return template.format(self.spoken if random.integers(2) else some[0])

    def _some(self, random: np.random.Generator) -> list[str]:
        count = min(int(random.integers(1, 4)), len(self.keywords))
        return [self.keywords[i] for i in random.permutation(len(self.keywords))[:count]]


def is_held_out(key: str, share: float) -> bool:
    """Whether a concept is one of those that are never learned, by a hash of its key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return number / 2**64 < share


def read_captions(folder: Path) -> dict[str, Concept]:
    """The concepts of the ``captions.jsonl`` in or above a folder; empty if there is none."""
    for file in (folder / "captions.jsonl", folder.parent / "captions.jsonl"):
        if file.is_file():
            lines = file.read_text(encoding="utf-8").splitlines()
            found = (_concept(entry) for entry in _entries(lines))
            return {concept.key: concept for concept in found if concept is not None}
    return {}


def concept_of(picture: Path, known: Mapping[str, Concept]) -> Concept:
    """What a picture shows: as known, as the text file beside it says, or as it is called."""
    if picture.stem in known:
        return known[picture.stem]
    beside = picture.with_suffix(".txt")
    if beside.is_file():
        lines = beside.read_text(encoding="utf-8", errors="replace").splitlines()
        texts = [line.strip() for line in lines if line.strip()]
        if texts:
            return Concept(picture.stem, texts[0], tuple(texts[1:]))
    words = [part for part in re.split(r"[-_\s.]+", picture.stem) if part]
    named = [part for part in words if not _NUMBERS.match(part)]
    return Concept(picture.stem, " ".join(named or words))


def keywords_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Words for a thing, each once, without signs such as ``:D``."""
    clean = (text.strip() for text in texts)
    return tuple(dict.fromkeys(text for text in clean if text[:1].isalnum()))


def _concept(entry: Mapping[str, Any]) -> Concept | None:
    key, name = entry.get("codepoint") or entry.get("file"), entry.get("name")
    if not key or not name:
        return None
    name = str(name).lower()
    words = [word.lower() for word in entry.get("keywords", ()) if isinstance(word, str)]
    keywords = tuple(word for word in keywords_of(words) if word != name)
    return Concept(Path(str(key)).stem, name, keywords, str(entry.get("group", "")))


def _entries(lines: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found
