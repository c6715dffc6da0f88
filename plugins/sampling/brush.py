"""A painter at work: from a wish and a seed to a picture, with previews on the way."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from studio.api import Context, ModelCard, UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.diffusion import Predict, guided
from studio_plugins.sampling.drawings import CHANNELS, over_white, straight
from studio_plugins.sampling.painter import Painter, build
from studio_plugins.sampling.solvers import Drawing, Sampler


class Settings(Protocol):
    """What all of the operations let people choose."""

    @property
    def guidance(self) -> float:
        """Of classifier-free guidance."""

    @property
    def steps(self) -> int:
        """Of the sampler."""

    @property
    def sampler(self) -> Sampler:
        """The solver."""

    @property
    def rescale(self) -> float:
        """How far strong guidance is tamed."""

    @property
    def style(self) -> str:
        """Name of a style, or empty."""


@dataclass
class Brush:
    """A painter with its settings, which keeps what it has painted for the previews."""

    painter: Painter
    settings: Settings
    context: Context
    shown: list[Tensor] = field(default_factory=list)

    @classmethod
    def of(cls, model: str | None, task: str, settings: Settings, context: Context) -> Brush:
        """The painter of a model, from the store.

        Raises:
            UserError: if there is no such model, or its file holds something else.
        """
        context.progress(0.0, "Preparing")
        card = context.card(model, task)
        files = context.files(card.id)
        key = f"{task}/{card.files[-1].sha256}"
        painter = context.network(key, lambda: load_painter(card, files))
        if not isinstance(painter, Painter):
            raise TypeError(f"the cache holds a {type(painter).__name__}")
        return cls(painter, settings, context)

    @property
    def size(self) -> int:
        """Side of its pictures in pixels."""
        return self.painter.design.size

    @property
    def style(self) -> int:
        """Number of the chosen style; -1 for any.

        Raises:
            UserError: if the model has none of this name.
        """
        return number_of(self.settings.style, self.painter.design.styles, "style")

    def noise(self, seed: int) -> Tensor:
        """Noise of a picture, the same on every device."""
        generator = torch.Generator().manual_seed(seed % 2**63)
        shape = self.painter.design.shape
        return torch.randn((1, *shape), generator=generator).to(self.context.device)

    def predict(self, wish: str | int, other: str | int) -> Predict:
        """The painter's velocities for one picture, away from ``other`` as guidance asks."""
        painter, settings = self.painter, self.settings
        wanted = painter.condition([wish])
        style = torch.tensor([self.style], device=self.context.device)
        if settings.guidance == 1:
            return lambda noisy, time: painter(noisy, time, style, wanted).float()
        both = wanted.joined(painter.condition([other]))

        def velocity(noisy: Tensor, time: Tensor) -> Tensor:
            twice = painter(noisy.repeat(2, 1, 1, 1), time.repeat(2), style.repeat(2), both)
            conditional, unwanted = twice.float().chunk(2)
            return guided(conditional, unwanted, settings.guidance, settings.rescale)

        return velocity

    def paint(
        self,
        predict: Predict,
        noise: Tensor,
        part: tuple[int, int],
        begin: Tensor | None = None,
        strength: float = 1.0,
    ) -> Tensor:
        """One picture, premultiplied, 1 x 4 x size x size in about [-1, 1].

        Args:
            predict: what is wanted.
            noise: decides which of all such pictures it is.
            part: number of this picture and how many there will be.
            begin: a picture to start from, with a ``strength`` below 1.
            strength: how little is left of that.
        """
        settings, (number, count) = self.settings, part
        drawing = Drawing(self.painter.design.schedule, settings.sampler, settings.steps, strength)
        context = self.context.part(number / count, (number + 1) / count)
        # What is drawn anew has the picture behind it.
        behind = clear if begin is None else over_white

        def watch(step: int, clean: Tensor) -> None:
            words = f"Step {step} of {drawing.made}"
            words = words if count == 1 else f"Picture {number + 1} of {count}, {words.lower()}"
            made = behind(self.painter.finished(clean).float())
            seen = grid([*self.shown, made], count)
            context.progress(step / drawing.made, words, seen)

        if begin is not None:
            begin = self.painter.begun(begin)
        made = self.painter.finished(drawing.draw(predict, noise, begin, watch)).float()
        self.shown.append(behind(made))
        return made


def load_painter(card: ModelCard, files: Sequence[Path]) -> Painter:
    """The network of a model, in float32 on the CPU.

    Raises:
        UserError: if its file holds another one.
    """
    hint = "Import the file again, or choose another model."
    try:
        painter = build(card.extra)
        state = {key: value.float() for key, value in read_state_dict(files[0]).items()}
        painter.load_state_dict(state)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
    except (ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"{card.title} holds another network: {reason}.", hint) from error
    return painter.to(memory_format=torch.channels_last)


def number_of(name: str, names: Sequence[str], kind: str) -> int:
    """The place of a name among those that a model knows; -1 if it is empty.

    Raises:
        UserError: if there is none of this name, with those that come close.
    """
    wanted = name.strip().lower().replace(" ", "_")
    if not wanted:
        return -1
    known = [each.lower().replace(" ", "_") for each in names]
    if wanted in known:
        return known.index(wanted)
    if not names:
        raise UserError(f"This model has no {kind} to choose.", f"Leave the {kind} empty.")
    close = difflib.get_close_matches(wanted, known, 3, 0.4)
    offered = ", ".join([names[known.index(each)] for each in close] or names)
    raise UserError(f"This model has no {kind} {name}.", f"Choose from: {offered}.")


def clear(made: Tensor) -> Tensor:
    """What was painted, as straight RGBA in [0, 1]."""
    return torch.cat(straight(made), 1)


def grid(pictures: Sequence[Tensor], count: int) -> Tensor:
    """Pictures of one size in about a square of ``count`` places; empty ones are clear, or white."""
    columns = next(n for n in range(1, count + 1) if n * n >= count)
    rows = -(-count // columns)
    blank = torch.full_like(pictures[0], 1.0 if pictures[0].shape[1] < CHANNELS else 0.0)
    cells = [*pictures, *([blank] * (rows * columns - len(pictures)))]
    lines = [torch.cat(cells[i * columns : (i + 1) * columns], dim=3) for i in range(rows)]
    return torch.cat(lines, dim=2)
