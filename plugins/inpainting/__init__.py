"""Inpainting: fills what is selected with what might be behind it."""

from __future__ import annotations

from studio.api import Trainer, hookimpl
from studio_plugins.inpainting.training import TRAINER

api_version = 1


@hookimpl
def trainers() -> list[Trainer]:
    """Networks for the user's own kind of picture."""
    return [TRAINER]
