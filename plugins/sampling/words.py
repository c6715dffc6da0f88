"""From text to numbers: words, each as the hashes of its letters, so that none is unknown.

A word is the sum of vectors of its n-grams (Bojanowski et al. 2017, "fastText"), and these share a
table by their hashes (Weinberger et al. 2009): a word that was never seen is near those that look
like it.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

BUCKETS = 16384
LENGTH = 20  # words; further ones are left out
PARTS = 16  # n-grams and hashes of a word
_WHOLE = 2  # of those, hashes of the whole word: two collide together far more seldom than one
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]+")
_SILENT = frozenset(",.;:()[]\"'“”‘’-–—_/")


def words_of(text: str) -> list[str]:
    """Lower-case words without accents; punctuation is dropped, other signs are words."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = _WORD.findall(plain)
    return [word.replace("’", "'") for word in found if not set(word) <= _SILENT]


@lru_cache(maxsize=200_000)
def parts_of(word: str) -> tuple[int, ...]:
    """Rows of the table whose vectors a word is made of, 1 to ``BUCKETS`` - 1."""
    grams = [f"{number}={word}" for number in range(_WHOLE)]
    marked = f"<{word}>"
    for length in (3, 4, 5):
        grams.extend(marked[i : i + length] for i in range(len(marked) - length + 1))
    return tuple(1 + zlib.crc32(gram.encode()) % (BUCKETS - 1) for gram in grams[:PARTS])


def encode(texts: Sequence[str]) -> Tensor:
    """Texts as a batch.

    Returns:
        N x L x ``PARTS``, int64, L the length of the longest text, at least 1; 0 where there is no
        word, or it has no more parts.
    """
    split = [words_of(text)[:LENGTH] for text in texts]
    longest = max((len(words) for words in split), default=0)
    ids = np.zeros((len(split), max(longest, 1), PARTS), np.int64)
    for row, words in zip(ids, split, strict=True):
        for place, word in zip(row, words, strict=False):
            parts = parts_of(word)
            place[: len(parts)] = parts
    return torch.from_numpy(ids)
