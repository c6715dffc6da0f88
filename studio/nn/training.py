"""What every training recipe needs: a context to report to, a schedule, resumable checkpoints."""

from __future__ import annotations

import ctypes
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


def best_device() -> torch.device:
    """CUDA when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class TrainingPaused(Exception):
    """Raised in a recipe when it is to stop for now; `studio.nn.loops.fit` saves its state first."""


class TrainingError(ValueError):
    """A training cannot begin, or cannot go on.

    Args:
        message: what happened.
        hint: what to do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Trained:
    """What a recipe returns: a file and what its model card says.

    Attributes:
        path: the finished safetensors file.
        architecture: name of the network, as the plugin's engine knows it.
        steps: optimiser steps that were made.
        metrics: measured quality on held-out pictures, name with unit to value.
        extra: what the engine needs to build the network, as text. An entry ``scale``, a whole
            number, becomes the card's enlargement factor.
        summary: a sentence for choosing it.
        limits: known failures.
    """

    path: Path
    architecture: str
    steps: int
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    limits: str = ""


class TrainingContext(Protocol):
    """Where a recipe reports and keeps its state. The training bench and the console provide one.

    Attributes:
        folder: where checkpoints are kept; an interrupted training resumes from there.
        device: where to compute.
        seed: of everything random: the initialisation, and a `studio.nn.loops.Schedule`.
        finishing: whether to stop at once and keep the best so far.
    """

    folder: Path
    device: torch.device
    seed: int

    @property
    def finishing(self) -> bool:
        """Whether the user asked to stop now and keep the best so far."""

    def files(self, model: str) -> tuple[Path, ...]:
        """The verified files of a model, such as a feature network; or the file at this path."""

    def progress(self, fraction: float, message: str) -> None:
        """Report ``fraction`` in [0, 1]; raises `TrainingPaused` when asked to stop for now."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record scalars (losses, metrics) of a step."""

    def sample(self, name: str, sheet: Tensor) -> None:
        """Show a sheet of samples, 3 x H x W in [0, 1]."""


@dataclass
class ConsoleContext:
    """Reports on the terminal and writes ``log.jsonl`` and sample sheets into ``folder``."""

    folder: Path
    device: torch.device = field(default_factory=best_device)
    finishing: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def files(self, model: str) -> tuple[Path, ...]:
        """The file at this path."""
        return (Path(model),)

    def progress(self, fraction: float, message: str) -> None:
        """Print a line."""
        sys.stdout.write(f"{fraction:6.1%}  {message}\n")
        sys.stdout.flush()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line to ``log.jsonl``."""
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step, **values}) + "\n")

    def sample(self, name: str, sheet: Tensor) -> None:
        """Write a PNG named after the sheet."""
        pixels = (sheet.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        Image.fromarray(np.ascontiguousarray(pixels)).save(self.folder / f"{name}.png")


def keep_malloc_pages() -> None:
    """Tell glibc to keep freed pages: a training step then does not fault them in again.

    Must run before torch's first large allocation. Does nothing outside glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-8, 1)  # M_ARENA_MAX
        mallopt(-4, 0)  # M_MMAP_MAX
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def mixed(device: torch.device, precision: str) -> torch.autocast:
    """The context in which a training step computes: bfloat16 where ``precision`` is ``mixed``."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "mixed")


def sheet_of(rows: Sequence[Sequence[Tensor]], gap: int = 2) -> Tensor:
    """Pictures of one size, 3 x H x W in [0, 1] each, side by side in rows on white."""
    lines = []
    for row in rows:
        cells = [
            F.pad(cell.detach().float().cpu().clamp(0, 1), (gap,) * 4, value=1.0) for cell in row
        ]
        lines.append(torch.cat(cells, dim=2))
    return torch.cat(lines, dim=1)


def two_in_a_row(rows: Sequence[Sequence[Tensor]]) -> list[list[Tensor]]:
    """Half as many rows of twice the length; of an odd number the last is left out."""
    if len(rows) < 2:
        return [list(row) for row in rows]
    return [[*a, *b] for a, b in zip(rows[::2], rows[1::2], strict=False)]


def cosine_rate(fraction: float, peak: float, floor: float = 1e-6, warmup: float = 0.01) -> float:
    """Learning rate after ``fraction`` of a run: linear warm-up, then half a cosine to ``floor``."""
    if fraction < warmup:
        return peak * max(fraction, 1e-4) / warmup
    phase = min((fraction - warmup) / (1 - warmup), 1.0)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * phase))


class Budget:
    """How much of a training is done: the larger of the share of steps and of minutes.

    With ``minutes`` a run ends on time on any machine and its schedule still reaches the end;
    without, the number of steps alone decides, and a seeded run can be repeated.
    """

    def __init__(self, steps: int, minutes: float | None = None, spent: float = 0.0) -> None:
        self.steps = steps
        self.minutes = minutes
        self._start = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds of training so far, earlier runs of the same training included."""
        return time.monotonic() - self._start

    def fraction(self, step: int) -> float:
        """Done share in [0, 1] after ``step`` steps."""
        by_time = self.spent / (60 * self.minutes) if self.minutes else 0.0
        return min(max(step / self.steps, by_time), 1.0)


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a resumable state (tensors, numbers, strings) so that a kill never leaves half a file."""
    partial = path.with_suffix(path.suffix + ".part")
    torch.save(dict(state), partial)
    partial.replace(path)


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    """The state written by `save_checkpoint`, or None if there is none yet."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state
