"""Which pictures end the processes that work on them."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Counts how often work on a picture began and did not come back. One for all workers.

    The process that works on a picture may be killed by it: a library crashes, memory is too small.
    Ray then gives it to another worker, without end. Whoever begins hears how often that went wrong.
    """

    def __init__(self) -> None:
        self._lost: Counter[str] = Counter()

    def begin(self, output: str) -> int:
        """Work begins; returns how often it began before and did not come back."""
        self._lost[output] += 1
        return self._lost[output] - 1

    def end(self, output: str) -> None:
        """It came back."""
        self._lost[output] -= 1
