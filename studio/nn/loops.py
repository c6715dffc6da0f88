"""The loop around a training step that all recipes share: schedule, checkpoints, validation."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.nn.training import (
    Budget,
    TrainingContext,
    TrainingError,
    TrainingPaused,
    cosine_rate,
    load_checkpoint,
    save_checkpoint,
)

_LOG_EVERY = 20


class Stateful(Protocol):
    """What can be kept in a checkpoint: networks, optimisers, averages."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that has to be kept, as tensors, numbers and strings."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Take over what `state_dict` returned."""


class Learner(Protocol):
    """The part of a recipe that differs from the others."""

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """All that a checkpoint must hold for the next step to come out the same."""

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """Make one step at this learning rate; the losses, for the curves."""

    def validate(self) -> Validation:
        """Measure on held-out pictures."""

    def weights(self) -> Mapping[str, Tensor]:
        """The weights to ship, usually of the averaged network."""


@dataclass(frozen=True)
class Validation:
    """What a look at held-out pictures gave.

    Attributes:
        score: larger is better; decides which weights are kept.
        metrics: what it is made of, for the curves and the model card.
        sheet: pictures to look at, 3 x H x W in [0, 1].
    """

    score: float
    metrics: Mapping[str, float]
    sheet: Tensor


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how fast.

    Attributes:
        steps: optimiser steps.
        minutes: end of the schedule in minutes of training, if that comes first.
        rate: peak learning rate.
        seed: of everything random. Each step draws from generators seeded with (seed, step), so a
            training that was interrupted goes on exactly as it would have.
        check_every: steps between two validations.
        save_seconds: seconds between two checkpoints.
    """

    steps: int
    minutes: float | None
    rate: float
    seed: int = 0
    check_every: int = 250
    save_seconds: float = 60.0


class Planned(Protocol):
    """Of a trainer's parameters: how long to train, and how fast."""

    @property
    def steps(self) -> int:
        """Optimiser steps."""

    @property
    def minutes(self) -> float:
        """End in minutes of training, if that comes first; 0 for no limit."""

    @property
    def rate(self) -> float:
        """Peak learning rate."""


def planned(parameters: Planned, context: TrainingContext, check_every: int = 500) -> Schedule:
    """The schedule that parameters ask for, with at least four validations."""
    return Schedule(
        parameters.steps,
        parameters.minutes or None,
        parameters.rate,
        context.seed,
        check_every=max(min(check_every, parameters.steps // 4), 1),
    )


@dataclass(frozen=True)
class Fitted:
    """The best that came out of a loop: its weights, when, and how good they are."""

    path: Path
    step: int
    steps: int
    metrics: Mapping[str, float]


def fit(learner: Learner, schedule: Schedule, context: TrainingContext) -> Fitted:
    """Train until the schedule ends or the user stops it; resumes from the folder's checkpoint.

    Checkpoints are written every minute, after each validation, and when a pause is asked for. The
    weights with the best validation are kept as float16 in ``best.safetensors``.

    Raises:
        TrainingPaused: when asked to stop for now, after the state was saved.
        TrainingError: if the losses are no longer finite, or the user ends it before the first step.
    """
    loop = _Loop(learner, schedule, context)
    try:
        loop.run()
    except TrainingPaused:
        loop.save()
        raise
    return Fitted(loop.output, loop.best_step, loop.step, loop.metrics)


class _Loop:
    def __init__(self, learner: Learner, schedule: Schedule, context: TrainingContext) -> None:
        self.learner, self.schedule, self.context = learner, schedule, context
        self.output = context.folder / "best.safetensors"
        self.step = self.best_step = 0
        self.checked = -1
        self.score = -math.inf
        self.metrics: Mapping[str, float] = {}
        self._checkpoint = context.folder / "checkpoint.pt"
        spent = self._resume()
        self._budget = Budget(schedule.steps, schedule.minutes, spent)
        self._saved = time.monotonic()

    def run(self) -> None:
        if self.step and self.step % self.schedule.check_every == 0 and self.checked != self.step:
            self._check()  # a pause came between this step and its validation
        while (done := self._budget.fraction(self.step)) < 1 and not self.context.finishing:
            self._one_step(done)
            if self.step % self.schedule.check_every == 0:
                self._check()
            late = time.monotonic() - self._saved > self.schedule.save_seconds
            if late or self.checked == self.step:
                self.save()
        if not self.step:
            raise TrainingError(
                "The training was ended before anything was learned that could be kept.",
                "Start it again, and let it go on for longer.",
            )
        if self.checked != self.step:
            self._check()
        self.save()

    def save(self) -> None:
        state: dict[str, Any] = {
            name: part.state_dict() for name, part in self.learner.parts.items()
        }
        state["loop"] = {
            "step": self.step,
            "spent": self._budget.spent,
            "score": self.score,
            "best_step": self.best_step,
            "checked": self.checked,
            "metrics": dict(self.metrics),
        }
        save_checkpoint(self._checkpoint, state)
        self._saved = time.monotonic()

    def _resume(self) -> float:
        state = load_checkpoint(self._checkpoint, self.context.device)
        if state is None:
            return 0.0
        loop = state.pop("loop")
        for name, part in self.learner.parts.items():
            part.load_state_dict(state[name])
        self.step, self.score = loop["step"], loop["score"]
        self.best_step, self.metrics = loop["best_step"], loop["metrics"]
        self.checked = loop["checked"]
        return float(loop["spent"])

    def _one_step(self, done: float) -> None:
        seed = self.schedule.seed
        torch.manual_seed((seed * 1_000_003 + self.step) % 2**63)
        random = np.random.default_rng((seed, self.step))
        losses = self.learner.step(cosine_rate(done, self.schedule.rate), random)
        self.step += 1
        if self.step % _LOG_EVERY and self.step > 1:
            self.context.progress(done, f"Step {self.step}")
            return
        if not all(math.isfinite(value) for value in losses.values()):
            raise TrainingError(
                f"The training diverged at step {self.step}: a loss is no longer a number.",
                "Start it again with a lower rate; what was best so far is kept.",
            )
        self.context.log(self.step, losses)
        words = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        self.context.progress(done, f"Step {self.step}: {words}")

    def _check(self) -> None:
        found = self.learner.validate()
        self.context.log(self.step, found.metrics)
        self.context.sample("samples", found.sheet)
        self.checked = self.step
        if not found.score >= self.score:  # nor what is no number
            return
        self.score, self.best_step, self.metrics = found.score, self.step, dict(found.metrics)
        partial = self.output.with_suffix(".part")
        halves = {k: _half(v) for k, v in self.learner.weights().items()}
        save_file(halves, partial)
        partial.replace(self.output)


def _half(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu()
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
