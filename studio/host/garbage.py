"""Freeing what only cycles of references hold, on the thread that is right for it."""

from __future__ import annotations

import gc
from collections.abc import Callable

Collect = Callable[[], object]

_collect: Collect = gc.collect


def collect() -> None:
    """Free it now; on this thread, unless `collected_by` has said otherwise."""
    _collect()


def collected_by(function: Collect | None) -> None:
    """Have ``function`` called in place of Python's ``gc.collect``; None: that one again.

    A window needs this: a cycle may hold widgets, which only its own thread may destroy.
    """
    global _collect  # noqa: PLW0603 - Python's collector is one for the whole process, too
    _collect = function or gc.collect
