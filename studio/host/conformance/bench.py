"""Running one operation, and what came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.api.errors import Cancelled, PluginError, UserError
from studio.api.margins import Margins
from studio.api.operation import Operation
from studio.api.parameters import ParameterSpec, describe
from studio.document import Picture
from studio.host.conformance import pictures
from studio.host.conformance.clock import waited
from studio.host.conformance.probes import Listener, NotHere, ProbedRegistry
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner

SEED = 7
PATIENCE = 30.0
"""Seconds that a run on a small picture may take before the kit makes do with less."""
_SHORT = 2.0  # seconds of a small run that may have gone into anything but pixels
_STEP = 4  # how much larger each side is of a picture that tells
_ACCELERATOR = re.compile(r"\b(cuda|nvidia|hip|rocm|mps|xpu)\b", re.IGNORECASE)
_WORDS = "a small house by a lake"


@dataclass
class Outcome:
    """What came of one run.

    Attributes:
        result: of a run that was done.
        error: what was raised instead.
        seconds: how long it took.
        waited: how many of these the thread stood in line for a processor.
        ended: when it ended, on the monotonic clock.
        listener: who listened.
    """

    result: RunResult | None
    error: BaseException | None
    seconds: float
    waited: float
    ended: float
    listener: Listener

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was asked to."""
        return isinstance(self.error, Cancelled)

    @property
    def refused(self) -> bool:
        """Whether it said that it cannot work on this, and what to do."""
        return isinstance(self.error, UserError) and not isinstance(self.error, PluginError)

    @property
    def fault(self) -> str:
        """What went wrong in the plugin; empty if nothing did."""
        if self.error is None or self.cancelled or self.refused:
            return ""
        if isinstance(self.error, PluginError):
            return one_line(self.error.message)
        return one_line(f"{type(self.error).__name__}: {self.error}")

    @property
    def reason(self) -> str:
        """Why there is no result."""
        if isinstance(self.error, UserError):
            return one_line(f"{self.error.message} {self.error.hint}")
        return one_line(str(self.error))

    @property
    def wants_accelerator(self) -> bool:
        """Whether what went wrong is that there is no accelerator."""
        return bool(_ACCELERATOR.search(self.fault))


def one_line(text: str) -> str:
    """``text`` without line breaks, and not longer than one reads."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 300 else f"{flat[:297]}..."


@dataclass
class Bench:
    """One operation, with values with which it runs.

    Attributes:
        runner: with a `ProbedRegistry`.
        operation: the operation.
        reference: path of a picture to choose where it asks for one.
        values: of its parameters; those left out keep their defaults.
        note: what was done so that it runs; empty if it runs by itself.
    """

    runner: Runner
    operation: Operation
    reference: str
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    _pace: tuple[float, float] | None = None

    @property
    def registry(self) -> ProbedRegistry:
        """Who watches the functions."""
        registry = self.runner.registry
        assert isinstance(registry, ProbedRegistry)  # noqa: S101 - made so in `running`
        return registry

    @property
    def sees(self) -> bool:
        """Whether it works on a picture."""
        return self.operation.input != "none"

    @property
    def masked(self) -> bool:
        """Whether a selection is its mask."""
        return self.operation.selection != "ignored" and self.operation.output != "canvas"

    def run(
        self,
        picture: Picture | None,
        listener: Listener | None = None,
        *,
        seed: int = SEED,
        values: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Run it; a selection is made if it requires one."""
        listener = listener or Listener(after=4 * PATIENCE)
        if not self.sees:
            picture = None
        elif picture is not None and self.operation.selection == "required":
            picture = picture if picture.selection else pictures.selected(picture)
        given = self.values if values is None else values
        request = RunRequest(self.operation.id, given, picture, seed=seed, device="cpu")
        result, error, started, delay = None, None, time.monotonic(), waited()
        try:
            result = self.runner.execute(request, listener)
        except KeyboardInterrupt:
            raise
        except BaseException as caught:  # noqa: BLE001 - a plugin may raise anything, also SystemExit
            error = caught
        ended = time.monotonic()
        return Outcome(result, error, ended - started, waited() - delay, ended, listener)

    def settle(self) -> Outcome:
        """Find values with which it runs on a plain picture; returns the run that did, or the last.

        The defaults; where they are refused, what it may ask for, or a preset; where it takes too
        long, the smallest numbers.
        """
        outcome = telling = self._try()
        for number, (values, note) in enumerate(self._fillings()):
            if not outcome.refused or isinstance(outcome.error, NotHere):
                break
            self.values, self.note = values, note
            outcome = self._try()
            telling = outcome if number == 0 else telling
        if outcome.refused and not isinstance(outcome.error, NotHere):
            self.values, self.note = {}, ""
            return telling
        if outcome.cancelled and (smallest := self._smallest()):
            self.values, self.note = {**self.values, **smallest}, "with the smallest numbers"
            outcome = self._try()
        return outcome

    def pace(self, first: Outcome) -> tuple[float, float]:
        """Seconds that a run takes whatever the picture, and those for each ``PIXELS`` of it."""
        if self._pace is None:
            again = self.run(pictures.plain())
            # The first run also loaded what it needs.
            small = min(first.seconds, again.seconds) if again.result else first.seconds
            each = small
            if self.sees and small < _SHORT:
                larger = self.run(pictures.plain(_STEP * pictures.WIDTH, _STEP * pictures.HEIGHT))
                if larger.result:
                    each = min((larger.seconds - small) / (_STEP**2 - 1), small)
            each = max(each, 1e-5)
            self._pace = max(small - each, 0.0), each
        return self._pace

    def _try(self) -> Outcome:
        return self.run(pictures.plain(), Listener(after=PATIENCE))

    def _fillings(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Values that stand in for what a user brings, and what was done."""
        operation = self.operation
        if operation.margin_values is not None:
            yield operation.margin_values(Margins(24, 16, 24, 16)), "with margins"
        specs = describe(operation.parameters)
        chosen = {spec.name: value for spec in specs if (value := self._chosen(spec)) is not None}
        written = {spec.name: _WORDS for spec in specs if spec.kind == "text" and not spec.default}
        for values in (chosen, {**chosen, **written}):
            if values:
                yield values, f"with {', '.join(values)} filled in"
        for preset in operation.presets:
            yield {**chosen, **preset.values}, f"with the preset {preset.title}"

    def _chosen(self, spec: ParameterSpec) -> Any:
        """A picture where one is asked for."""
        if spec.kind == "picture":
            return self.reference
        return [[self.reference, 1.0]] if spec.kind == "pictures" else None

    def _smallest(self) -> Mapping[str, Any]:
        specs = describe(self.operation.parameters)
        return {spec.name: spec.minimum for spec in specs if spec.kind == "integer"}
