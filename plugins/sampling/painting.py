"""How a painter learns: a step on noisy pictures, and a look at pictures that it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from studio.nn.diffusion import guided, sketched, spread_times
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.loops import Stateful, Validation
from studio.nn.training import TrainingContext, mixed, sheet_of
from studio_plugins.sampling.codec_learning import latents_of
from studio_plugins.sampling.drawings import Drawings, over_white
from studio_plugins.sampling.painter import Painter, Wish
from studio_plugins.sampling.text_learning import Pupil, Taught, distance

_CHECKED = 128
_GUIDANCE = 3.0  # of the sheet of samples
_STEPS = 16
_SENTENCES = 64  # of the teacher, in a step


@dataclass(frozen=True)
class Plan:
    """How a painter is trained.

    Attributes:
        batch: pictures in a step.
        forget_wish, forget_style: how often neither is told, so that guidance can be learned.
        taught: weight of the teacher of the text encoder.
        average: decay of the moving average of weights.
        precision: ``mixed`` or ``float32``.
        sheet: what the sheet of samples shows, once in each style.
    """

    batch: int
    forget_wish: float
    forget_style: float
    taught: float
    average: float
    precision: str
    sheet: Wish


class Asker(Protocol):
    """How one asks for the pictures of a set."""

    nothing: str | int

    def ask(self, numbers: Sequence[int], random: np.random.Generator, /) -> list[str | int]:
        """A wish for each of these pictures."""


class TextAsker:
    """With words, each time others."""

    nothing: str | int = ""

    def __init__(self, drawings: Drawings) -> None:
        self._drawings = drawings

    def ask(self, numbers: Sequence[int], random: np.random.Generator) -> list[str | int]:
        """Captions."""
        return [self._drawings.concepts[i].caption(random) for i in numbers]


class LabelAsker:
    """With the number of a class."""

    nothing: str | int = -1

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self._labels = labels

    def ask(self, numbers: Sequence[int], _random: np.random.Generator) -> list[str | int]:
        """Labels."""
        return [int(self._labels[i]) for i in numbers]


class PaintLearner:
    """The painter, and its text encoder's teacher if there is one; see `studio.nn.loops.Learner`."""

    def __init__(
        self,
        painter: Painter,
        drawings: Drawings,
        asker: Asker,
        plan: Plan,
        context: TrainingContext,
        teaching: tuple[Pupil, Taught] | None = None,
    ) -> None:
        self._drawings, self._asker, self._plan = drawings, asker, plan
        self._device = context.device
        self.painter = painter.to(context.device).to(memory_format=torch.channels_last)
        self._schedule = painter.design.schedule
        self._teaching = teaching
        head = [] if teaching is None else [*teaching[0].head.parameters()]
        self._latents = None
        if self.painter.codec is not None:  # it has learned before, and stays as it is
            self.painter.codec.requires_grad_(False)
            self._latents = latents_of(self.painter.codec, drawings, context.device)
        painting = [each for each in self.painter.parameters() if each.requires_grad]
        self._learnable = [*painting, *head]
        self.average = ExponentialMovingAverage(self.painter, plan.average)
        self._optimiser = torch.optim.AdamW(
            self._learnable, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self._learned, self._shares = drawings.learned, drawings.shares()
        self._sums = np.cumsum(self._shares)
        random = np.random.default_rng(1)
        self._sets = {
            "held-out": random.permutation(drawings.checked)[:_CHECKED],
            "learned": random.permutation(self._learned)[:_CHECKED],
        }

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Painter, average, optimiser, and the pupil's last layer."""
        found: dict[str, Stateful] = {
            "painter": self.painter,
            "average": self.average,
            "optimiser": self._optimiser,
        }
        if self._teaching is not None:
            found["head"] = self._teaching[0].head
        return found

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on random pictures, and on random sentences of the teacher."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        places = np.searchsorted(self._sums, random.random(self._plan.batch) * self._sums[-1])
        numbers = self._learned[np.minimum(places, len(self._learned) - 1)]
        self.painter.train()
        losses = {"velocity": self._velocity_loss(numbers, random)}
        loss = losses["velocity"]
        if self._teaching is not None and self._plan.taught:
            losses["meaning"], angles = self._meaning_loss(*self._teaching, random)
            loss = loss + self._plan.taught * (losses["meaning"] + 10 * angles)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._learnable, 1.0)
        self._optimiser.step()
        self.average.update(self.painter)
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """The averaged painter's loss on things never learned and on learned ones, and samples.

        The score is the number of steps: the last average is kept. A loss at given noise says
        little of samples, which go on improving when that of unseen things no longer does.
        """
        painter = self.average.shadow.eval()
        metrics = {
            f"{name} velocity loss": self._checked_loss(painter, numbers)
            for name, numbers in self._sets.items()
        }
        return Validation(float(self.average.updates), metrics, self._sheet(painter))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged painter."""
        return self.average.shadow.state_dict()

    def _velocity_loss(self, numbers: NDArray[np.int64], random: np.random.Generator) -> Tensor:
        plan, count = self._plan, len(numbers)
        wish = self._asker.ask(numbers.tolist(), random)
        forgotten = random.random(count) < plan.forget_wish
        wish = [self._asker.nothing if f else w for f, w in zip(forgotten, wish, strict=True)]
        styles = self._drawings.styles[numbers].copy()
        styles[random.random(count) < plan.forget_style] = -1
        time = spread_times(count, len(self._schedule), torch.rand(count)).to(self._device)
        clean = self._clean(numbers)
        noise = torch.randn_like(clean)
        noisy = self._schedule.noisy(clean, noise, time)
        wanted = self._schedule.velocity(clean, noise, time)
        with mixed(self._device, plan.precision):
            condition = self.painter.condition(wish)
            style = torch.from_numpy(styles).to(self._device)
            found = self.painter(noisy, time, style, condition)
        errors = (found.float() - wanted).square().mean((1, 2, 3))
        loss: Tensor = (errors * self._schedule.weights(time)).mean()
        return loss

    def _meaning_loss(
        self, pupil: Pupil, taught: Taught, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        numbers = random.integers(len(taught.sentences), size=_SENTENCES)
        words, wanted = taught.some(numbers.tolist(), self._device)
        with mixed(self._device, self._plan.precision):
            found = pupil(words)
        return distance(found, wanted)

    def _checked_loss(self, painter: Painter, numbers: NDArray[np.int64]) -> float:
        """At the same noise and with the same words each time."""
        generator = torch.Generator().manual_seed(2)
        random = np.random.default_rng(2)
        losses = []
        for some in np.array_split(numbers, max(len(numbers) // 32, 1)):
            clean = self._clean(some)
            noise = self._placed(torch.randn(clean.shape, generator=generator))
            spread = torch.rand(len(some), generator=generator)
            time = spread_times(len(some), len(self._schedule), spread).to(self._device)
            condition = painter.condition(self._asker.ask(some.tolist(), random))
            style = torch.from_numpy(self._drawings.styles[some]).to(self._device)
            with mixed(self._device, self._plan.precision):
                noisy = self._schedule.noisy(clean, noise, time)
                found = painter(noisy, time, style, condition)
            errors = found.float() - self._schedule.velocity(clean, noise, time)
            losses.append((errors.square().mean((1, 2, 3)) * self._schedule.weights(time)).sum())
        return float(torch.stack(losses).sum()) / len(numbers)

    def _sheet(self, painter: Painter) -> Tensor:
        """A row for each wish, a column for each style; always from the same noise."""
        styles = max(len(painter.design.styles), 1)
        generator = torch.Generator().manual_seed(3)
        noise = torch.randn(len(self._plan.sheet), *painter.design.shape, generator=generator)
        noise = self._placed(noise.repeat_interleave(styles, dim=0))
        wishes = [wish for wish in self._plan.sheet for _ in range(styles)]
        nothing = painter.condition([self._asker.nothing] * len(wishes))
        both = painter.condition(wishes).joined(nothing)
        style = torch.arange(len(wishes), device=noise.device) % styles
        style = style if painter.design.styles else torch.full_like(style, -1)

        def predict(noisy: Tensor, time: Tensor) -> Tensor:
            with mixed(self._device, self._plan.precision):
                twice = painter(noisy.repeat(2, 1, 1, 1), time.repeat(2), style.repeat(2), both)
            conditional, unwanted = twice.float().chunk(2)
            return guided(conditional, unwanted, _GUIDANCE)

        made = over_white(painter.finished(sketched(predict, self._schedule, noise, _STEPS)))
        return sheet_of([list(row) for row in torch.split(made, styles)])

    def _clean(self, numbers: NDArray[np.int64]) -> Tensor:
        """What the painter should have painted: planes, or their latents."""
        if self._latents is None:
            return self._placed(self._drawings.values(numbers))
        return self._placed(self._latents[torch.from_numpy(numbers)])

    def _placed(self, values: Tensor) -> Tensor:
        return values.to(self._device).contiguous(memory_format=torch.channels_last)
