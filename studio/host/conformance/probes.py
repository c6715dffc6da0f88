"""What listens between the host and an operation while the kit runs it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.api.errors import UserError
from studio.api.models import ModelCard
from studio.api.operation import Operation
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry

if TYPE_CHECKING:
    from torch import Tensor


class NotHere(UserError):
    """A model that would have to be fetched; the kit opens no network connection."""


class LocalStore(ModelStore):
    """The models that are on this computer."""

    def fetch(self, id: str, *_: Any) -> tuple[Path, ...]:
        """Refuse.

        Raises:
            NotHere: saying how to come by the model.
        """
        raise NotHere(f"The model {id} is not on this computer.", f"impasto models fetch {id}")

    def default(self, task: str) -> ModelCard:
        """The bundled model of a task.

        Raises:
            NotHere: if it has none.
        """
        try:
            return super().default(task)
        except UserError as error:
            raise NotHere(error.message, error.hint) from error


class Listener(Observer):
    """Keeps the progress, and asks to stop.

    Args:
        after: seconds after which it asks to stop; None never does.
        polls: how often it is asked first before it asks to stop, whatever the time.

    Attributes:
        fractions: the progress of the whole run, as it was heard.
        asked: when the run was to stop, on the monotonic clock; None if it never was.
        answered: whether the run was told to.
    """

    def __init__(self, after: float | None = None, polls: int | None = None) -> None:
        self.fractions: list[float] = []
        self.answered = False
        self._polls = polls
        self.asked = None if after is None else time.monotonic() + after

    def progress(self, fraction: float, message: str) -> None:  # noqa: ARG002 - the base's signature
        """Keep it."""
        self.fractions.append(fraction)

    def cancelled(self) -> bool:
        """Whether the time has come."""
        if self._polls is not None:
            self._polls -= 1
            if self._polls < 0 and self.asked is None:
                self.asked = time.monotonic()
        wanted = self.asked is not None and time.monotonic() >= self.asked
        self.answered = self.answered or wanted
        return wanted


class _Heard:
    """A context that passes everything on and keeps what no context may be told."""

    def __init__(self, context: Any, wild: list[float]) -> None:
        self._context, self._wild = context, wild

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def progress(self, fraction: float, message: str = "", preview: Tensor | None = None) -> None:
        if not (math.isfinite(fraction) and -1e-6 <= fraction <= 1 + 1e-6):
            self._wild.append(float(fraction))
        self._context.progress(fraction, message, preview)

    def part(self, start: float, end: float) -> _Heard:
        return _Heard(self._context.part(start, end), self._wild)


class ProbedRegistry(PluginRegistry):
    """Plugins, the functions of one of which are watched while they run.

    Args:
        registry: all plugins.
        name: of the one to watch.

    Attributes:
        written: what a function wrote into although it was only lent.
        wild: progress that was reported and is no fraction.
    """

    def __init__(self, registry: PluginRegistry, name: str) -> None:
        super().__init__(registry.plugins, registry.failures, registry.disabled)
        self._name = name
        self.written: set[str] = set()
        self.wild: list[float] = []

    def function(self, operation: Operation) -> Callable[..., Any]:
        """The operation's function, watched if it is the plugin's."""
        function = super().function(operation)
        if self.plugin_of(operation.id).name != self._name:
            return function

        def watched(*arguments: Any) -> Any:
            *tensors, parameters, context = arguments
            lent = dict(zip(("pixels", "mask"), tensors, strict=False))
            lent["context.alpha"] = context.alpha
            before = {name: t.clone() for name, t in lent.items() if t is not None}
            try:
                return function(*tensors, parameters, _Heard(context, self.wild))
            finally:
                self.written.update(
                    name for name, copy in before.items() if not _equal(copy, lent[name])
                )

        return watched


def _equal(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and bool((first == second).all())
