"""Matching what a person types against titles, tolerant of gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
_WORD_START, _RUN, _START, _GAP = 8.0, 5.0, 6.0, 0.2


def score(query: str, title: str, more: str = "") -> float | None:
    """How well ``query`` fits; None if it does not.

    Every word of the query has to fit: its letters occur in this order in the title, where those
    at the start of words and in one piece count most, or the word occurs as it is in ``more``.
    """
    total = 0.0
    lowered = title.lower()
    for word in query.lower().split():
        best = max(
            (s for s in (_from(word, lowered, i) for i in _starts(word, lowered)) if s is not None),
            default=None,
        )
        if best is None:
            if word not in more.lower():
                return None
            best = 0.0
        total += best
    return total - 0.01 * len(title)


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


def ranked(
    query: str,
    items: Iterable[T],
    title: Callable[[T], str],
    more: Callable[[T], str] = lambda _: "",
) -> list[T]:
    """The items that fit, best first; without a query all of them in their order."""
    items = list(items)
    if not query.strip():
        return items
    scored = [(score(query, title(item), more(item)), item) for item in items]
    fitting = [(s, item) for s, item in scored if s is not None]
    return [item for _, item in sorted(fitting, key=lambda pair: -pair[0])]
