"""Matching what a person types against titles, tolerant of gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
_WORD_START, _RUN, _START, _GAP = 8.0, 5.0, 6.0, 0.2


def score(query: str, text: str) -> float | None:
    """How well ``query`` fits ``text``; None if its letters do not occur in this order.

    Letters at the start of words and in one piece count most. Every word of the query has to fit.
    """
    total = 0.0
    lowered = text.lower()
    for word in query.lower().split():
        best = max(
            (s for s in (_from(word, lowered, i) for i in _starts(word, lowered)) if s is not None),
            default=None,
        )
        if best is None:
            return None
        total += best
    return total - 0.01 * len(text)


def _starts(word: str, text: str) -> Iterable[int]:
    return (i for i, letter in enumerate(text) if letter == word[0])


def _from(word: str, text: str, start: int) -> float | None:
    points, at = 0.0, start - 1
    for letter in word:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        if found == 0:
            points += _START
        if found == 0 or not text[found - 1].isalnum():
            points += _WORD_START
        elif found == at + 1 and found > start:
            points += _RUN
        else:
            points -= _GAP * min(found - at, 20)
        at = found
    return points


def ranked(query: str, items: Iterable[T], text: Callable[[T], str]) -> list[T]:
    """The items that fit, best first; without a query all of them in their order."""
    items = list(items)
    if not query.strip():
        return items
    scored = [(score(query, text(item)), item) for item in items]
    fitting = [(s, item) for s, item in scored if s is not None]
    return [item for _, item in sorted(fitting, key=lambda pair: -pair[0])]
