"""The families of generative models side by side: likeness, variety, speed and size.

    python tests/benchmarks/report_families.py FAMILY=OPERATION:MODEL ... --data FACES --features VGG \
        [--held 0.1] [--count 512] [--threads 1] [--sheets FOLDER]

MODEL is the id of a model on this computer (trained ones have their file's name), OPERATION one of
sampling.latent, sampling.complete, sampling.class and sampling.text, which takes its prompts from
tests/plugins/sampling/prompts.json. DATA is the folder that was learned from, as prepare_families.py
lays it out; what the trainers held out of it (--held, their --validation) is held out here as well.
VGG should be a feature network that no training has seen. Everything is painted through the host, as
a window or a script would have it.

"Fréchet" compares made pictures with half of the learned ones; the row of real pictures says how near
the other half comes. "To the nearest" is the median distance to the nearest learned picture in parts of
that of held-out pictures: far below 1 means learning by heart.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reporting import new_runner, write_sheet
from torch import Tensor

from studio.document import Layer, Picture, Raster
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio.nn.checkpoints import read_state_dict
from studio.nn.features import load_features
from studio.nn.judging import compared, described
from studio.nn.planes import over, pack
from studio_plugins.sampling.families_data import read_albums

PROMPTS = Path(__file__).parents[1] / "plugins" / "sampling" / "prompts.json"
AT_ONCE = 16
ONE = 5  # runs of one picture each, of which the median counts
MOST = 4000  # learned pictures that are looked at
_COLUMNS, _ROWS = 12, 6


@dataclass
class Family:
    """A model, and the operation that paints with it."""

    name: str
    operation: str
    model: str

    @classmethod
    def parse(cls, text: str) -> Family:
        """From ``FAMILY=OPERATION:MODEL``."""
        name, _, rest = text.partition("=")
        operation, _, model = rest.partition(":")
        return cls(name, operation, model)

    def requests(self, count: int, side: int, start: int = 0) -> Iterator[RunRequest]:
        """Runs that make ``count`` pictures."""
        for seed in range(start, start + count, AT_ONCE):
            number = min(AT_ONCE, start + count - seed)
            for parameters in self._parameters(number, seed):
                picture = _blank(side) if self.operation == "sampling.complete" else None
                yield RunRequest(self.operation, parameters, picture, seed=seed)

    def _parameters(self, count: int, seed: int) -> Iterator[Mapping[str, Any]]:
        given = {"model": self.model, "count": count}
        if self.operation == "sampling.latent":
            yield {**given, "mode": "sample"}
        elif self.operation == "sampling.complete":
            yield {**given, "from_row": 0}
        elif self.operation == "sampling.text":
            asked = json.loads(PROMPTS.read_text(encoding="utf-8"))["paraphrases"]
            for number in range(count):
                yield {**given, "count": 1, "prompt": asked[(seed + number) % len(asked)]["prompt"]}
        else:
            yield given


def _blank(side: int) -> Picture:
    layer = Layer("nothing", Raster.from_array(np.zeros((side, side, 4), np.uint8)))
    return Picture(side, side, (layer,), layer.id)


def painted(runner: Runner, requests: Iterator[RunRequest], channels: int) -> tuple[Tensor, float]:
    """Planes of all pictures, N x C x H x W in [-1, 1], and the seconds that it took."""
    planes, seconds = [], 0.0
    for request in requests:
        begin = time.perf_counter()
        result = runner.execute(request)
        seconds += time.perf_counter() - begin
        for images in result.variants:
            pixels = torch.from_numpy(images[0].pixels[None] / 255).permute(0, 3, 1, 2).float()
            planes.append(pack(pixels[:, :3], pixels[:, 3:], channels))
    return torch.cat(planes), seconds


def one_picture(runner: Runner, family: Family, side: int) -> float:
    """Seconds for a single picture, the model being loaded."""
    taken = []
    for seed in range(ONE + 1):
        begin = time.perf_counter()
        runner.execute(next(family.requests(1, side, seed)))
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken[1:]))


def size_of(runner: Runner, model: str) -> tuple[int, int]:
    """Bytes of a model's files, and their numbers."""
    files = runner.store.locate(model) or ()
    weights = [w for f in files if f.suffix == ".safetensors" for w in read_state_dict(f).values()]
    return sum(f.stat().st_size for f in files), sum(weight.numel() for weight in weights)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("families", nargs="+", type=Family.parse)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--held", type=float, default=0.1)
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sheets", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    albums = read_albums(given.data, given.side, given.held)
    judge, runner = load_features(given.features), new_runner()
    learned = described(_some(albums.training.batch(slice(None))[0], MOST), judge)
    held = described(albums.held.batch(slice(None))[0], judge)
    # Pictures of one motif stand next to each other: every other one is in the other half.
    reference, other = (_some(learned[half::2], given.count) for half in (0, 1))
    usual = float(torch.cdist(held, learned).min(1).values.median())
    print(
        "| family | Fréchet | diversity | coverage | to the nearest | one, s | many, s each | MB "
        "| weights |\n|---|---|---|---|---|---|---|---|---|"
    )
    row("real pictures", compared(other, reference), 1.0, "| | | ")
    for family in given.families:
        made, seconds = painted(
            runner, family.requests(given.count, given.side), albums.training.planes.shape[1]
        )
        seen = described(made, judge)
        nearest = float(torch.cdist(seen, learned).min(1).values.median()) / usual
        size, weights = size_of(runner, family.model)
        one = one_picture(runner, family, given.side)
        times = f"{one:.3f} | {seconds / len(made):.3f} | {size / 1e6:.1f} | {weights / 1e6:.2f} M"
        row(family.name, compared(seen, reference), nearest, times)
        if given.sheets:
            given.sheets.mkdir(parents=True, exist_ok=True)
            shown = over(made[: _COLUMNS * _ROWS], 0.85).split(_COLUMNS)
            lines = [list(line) for line in shown if len(line) == _COLUMNS]
            write_sheet(given.sheets / f"{family.name}.png", lines)


def _some(rows: Tensor, count: int) -> Tensor:
    """Up to ``count`` rows, evenly from all of them."""
    count = min(count, len(rows))
    return rows[torch.arange(count) * len(rows) // count]


def row(name: str, found: Mapping[str, float], nearest: float, rest: str) -> None:
    """A line of the table."""
    figures = " | ".join(f"{value:.3f}" for value in found.values())
    print(f"| {name} | {figures} | {nearest:.2f} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
