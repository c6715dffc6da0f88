"""Colorization: gives gray pictures colors that they may have had."""

from __future__ import annotations

from studio.api import Trainer, hookimpl
from studio_plugins.colorization.training import TRAINER

api_version = 1


@hookimpl
def trainers() -> list[Trainer]:
    """Networks for the user's own kind of picture."""
    return [TRAINER]
