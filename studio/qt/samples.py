"""The samples of the welcome page."""

from __future__ import annotations


def load_samples() -> list[tuple[str, str]]:
    """Titles and paths of the samples that are here. May take a moment: call it on a thread."""
    return []
