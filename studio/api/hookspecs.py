"""The hooks a plugin may implement. There are few, and each has one job.

A plugin is a module with functions marked ``@hookimpl`` and an attribute ``api_version``.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from studio.api.galleries import Gallery
from studio.api.models import CheckpointLoader, ModelCard
from studio.api.operation import Operation
from studio.api.trainer import Trainer

PROJECT = "impasto"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def operations() -> Iterable[Operation]:  # type: ignore[empty-body]  # a specification has no body
    """The operations this plugin offers."""


@hookspec
def model_cards() -> Iterable[ModelCard]:  # type: ignore[empty-body]  # a specification has no body
    """The models this plugin can run; usually ``read_cards(Path(__file__).parent / "models.toml")``."""


@hookspec
def checkpoint_loaders() -> Iterable[CheckpointLoader]:  # type: ignore[empty-body]  # a specification has no body
    """How to recognise checkpoints that users bring, so that they become models of a task."""


@hookspec
def trainers() -> Iterable[Trainer]:  # type: ignore[empty-body]  # a specification has no body
    """How users make models of their own from folders of pictures."""


@hookspec
def galleries() -> Iterable[Gallery]:  # type: ignore[empty-body]  # a specification has no body
    """Pictures that come with this plugin, for parameters that take reference pictures."""
