"""How well pictures from words show what was asked for: retrieval among what was learned.

    python tests/benchmarks/report_sampling.py WEIGHTS --data EMOJI --features EFFICIENTNET \
        [--styles noto,twemoji] [--guidance 4] [--steps 20] [--kept FILE] [--sheet FILE]
        [--compositions FILE]

WEIGHTS is a file of `text-diffusion`, finished or best so far. For each of the 200 prompts of
tests/plugins/sampling/prompts.json two pictures are painted, and the concept of the nearest training
picture is looked up in features of an EfficientNet-Lite0 that no part of the training has seen. Held
out concepts are not among them. What the features can do is told by real pictures: those of one style,
looked up among the other styles.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from reporting import write_sheet
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.nn.checkpoints import read_state_dict
from studio.nn.diffusion import guided
from studio.nn.efficientnet import EfficientNetLite0, load_efficientnet
from studio_plugins.sampling.drawings import Drawings, over_white, read_drawings, straight
from studio_plugins.sampling.painter import Design, Painter
from studio_plugins.sampling.solvers import Drawing

PROMPTS = Path(__file__).parents[1] / "plugins" / "sampling" / "prompts.json"
MODELS = Path(__file__).parents[2] / "plugins" / "sampling" / "models.toml"
LAYERS = (4, 10, 15)
BATCH = 16
COLUMNS = 10


def load(weights: Path, text: str) -> Painter:
    """The painter of a file, from the text of its design; of a bundled file without one."""
    bundled = tomllib.loads(MODELS.read_text(encoding="utf-8"))["model"]
    designs = {
        entry["files"][0]["name"]: entry.get("extra", {}).get("design", "") for entry in bundled
    }
    painter = Painter(Design.read(text or designs[weights.name]))
    painter.load_state_dict({k: v.float() for k, v in read_state_dict(weights).items()})
    return painter.eval().to(memory_format=torch.channels_last)


@torch.inference_mode()
def painted(
    painter: Painter, prompts: Sequence[str], styles: Tensor, seed: int, given: argparse.Namespace
) -> Tensor:
    """A picture for each prompt, as the operation paints it: N x 4 x size x size in [-1, 1]."""
    drawing = Drawing(painter.design.schedule, "dpm", given.steps)
    shape = painter.design.shape
    made = []
    for start in range(0, len(prompts), BATCH):
        some, style = list(prompts[start : start + BATCH]), styles[start : start + BATCH]
        both = painter.condition(some).joined(painter.condition([""] * len(some)))
        noise = torch.cat([
            torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed + start + i))
            for i in range(len(some))
        ])  # fmt: skip

        def predict(noisy: Tensor, time: Tensor, style: Tensor = style, both=both) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                twice = painter(noisy.repeat(2, 1, 1, 1), time.repeat(2), style.repeat(2), both)
            conditional, nothing = twice.float().chunk(2)
            return guided(conditional, nothing, given.guidance)

        made.append(painter.finished(drawing.draw(predict, noise)).clamp(-1, 1))
    return torch.cat(made)


@torch.inference_mode()
def features(judge: EfficientNetLite0, values: Tensor) -> Tensor:
    """N x K of length 1: what pictures look like on white and on gray, enlarged to 128 pixels."""
    found = []
    for some in values.split(64):
        color, alpha = straight(some)
        grounds = [over_white(some), color * alpha + 0.5 * (1 - alpha)]
        parts = []
        for ground in grounds:
            large = F.interpolate(ground, size=(128, 128), mode="bicubic").clamp(0, 1)
            for layer in judge(large, LAYERS):
                coarse = F.adaptive_avg_pool2d(layer, 2).flatten(1)
                parts.append(F.normalize(coarse - coarse.mean(1, keepdim=True), dim=1))
        found.append(torch.cat(parts, dim=1) / len(parts) ** 0.5)
    return torch.cat(found)


def described(
    judge: EfficientNetLite0, drawings: Drawings, numbers: np.ndarray, kept: Path | None
) -> Tensor:
    """Features of training pictures, from a file that an earlier report wrote if there is one."""
    if kept is not None and kept.is_file():
        rows = load_file(kept)["rows"]
        if len(rows) == len(numbers):
            return rows
    rows = torch.cat([
        features(judge, drawings.values(some)) for some in np.array_split(numbers, 100)
    ])  # fmt: skip
    if kept is not None:
        save_file({"rows": rows}, kept)
    return rows


class Gallery:
    """The training pictures, by concept."""

    def __init__(self, rows: Tensor, keys: Sequence[str]) -> None:
        self.mean = rows.mean(0)
        self.rows = F.normalize(rows - self.mean, dim=1)
        self.names = sorted(set(keys))
        place = {name: number for number, name in enumerate(self.names)}
        self.concepts = torch.tensor([place[key] for key in keys])

    def nearness(self, rows: Tensor) -> Tensor:
        """Cosine to the nearest picture of each concept, N x concepts."""
        cosines = F.normalize(rows - self.mean, dim=1) @ self.rows.T
        found = torch.full((len(rows), len(self.names)), -1.0)
        return found.scatter_reduce(1, self.concepts.expand(len(rows), -1), cosines, "amax")

    def rank(self, nearness: Tensor, right: Sequence[str]) -> int:
        """Place of the first right concept, from 1."""
        order = [self.names[i] for i in nearness.argsort(descending=True).tolist()]
        return min(order.index(key) for key in right if key in order) + 1


def real_ranks(rows: Tensor, drawings: Drawings, numbers: np.ndarray, style: int) -> list[int]:
    """Ranks of real pictures of one style among those of the others: what the features can do."""
    keys = [drawings.concepts[i].key for i in numbers]
    own = drawings.styles[numbers] == style
    others = Gallery(
        rows[torch.from_numpy(~own)], [k for k, o in zip(keys, own, strict=True) if not o]
    )
    asked = np.flatnonzero(own)[::10]
    nearness = others.nearness(rows[torch.from_numpy(asked)])
    pairs = zip(nearness, (keys[i] for i in asked), strict=True)
    return [others.rank(near, [key]) for near, key in pairs if key in others.names]


def share(ranks: Sequence[int], most: int) -> str:
    """Share of ranks up to ``most``, in percent."""
    return f"{100 * sum(rank <= most for rank in ranks) / max(len(ranks), 1):.0f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--styles", default="noto,twemoji,openmoji,fluent_flat,fluent_3d")
    parser.add_argument("--design", default="", help="as a card has it, of one that is not bundled")
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--kept", type=Path, help="file to keep the features of --data in")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--compositions", type=Path)
    given = parser.parse_args()
    styles = given.styles.split(",")
    asked = json.loads(PROMPTS.read_text(encoding="utf-8"))
    prompts = [entry["prompt"] for entry in asked["paraphrases"]]
    painter = load(given.weights, given.design)
    design = painter.design
    drawings = read_drawings(given.data, design.size, 0.04, styles)
    judge = load_efficientnet(given.features)
    numbers = drawings.learned
    rows = described(judge, drawings, numbers, given.kept)
    for style, name in enumerate(drawings.names):
        ranks = real_ranks(rows, drawings, numbers, style)
        print(f"real {name} among the others: {share(ranks, 1)}, within five {share(ranks, 5)}")
    gallery = Gallery(rows, [drawings.concepts[i].key for i in numbers])
    style = torch.arange(len(prompts)) % len(design.styles)
    made = [painted(painter, prompts, style, seed, given) for seed in (0, 10_000)]
    report(judge, gallery, made, asked["paraphrases"])
    if given.sheet:
        write_sheet(given.sheet, rows_of(over_white(made[0])))
    if given.compositions:
        words = asked["compositions"]
        style = torch.arange(len(words)) % len(design.styles)
        write_sheet(
            given.compositions, rows_of(over_white(painted(painter, words, style, 0, given)))
        )


def report(
    judge: EfficientNetLite0, gallery: Gallery, made: Sequence[Tensor], asked: Sequence[dict]
) -> None:
    """A row for each group, and one for all."""
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    found = [features(judge, values) for values in made]
    nearness = [gallery.nearness(rows) for rows in found]
    between = 1 - F.cosine_similarity(found[0] - gallery.mean, found[1] - gallery.mean, dim=1)
    for number, entry in enumerate(asked):
        for group in (entry["group"], "all"):
            row = groups[group]
            row["rank"] += [gallery.rank(near[number], entry["codepoints"]) for near in nearness]
            row["nearest"] += [1 - float(near[number].max()) for near in nearness]
            row["seeds"].append(float(between[number]))
    print("| group | prompts | first | within five | to the nearest picture | between seeds |")
    print("|---|---|---|---|---|---|")
    for group, row in groups.items():
        ranks = [int(rank) for rank in row["rank"]]
        nearest, seeds = np.mean(row["nearest"]), np.mean(row["seeds"])
        print(
            f"| {group} | {len(row['seeds'])} | {share(ranks, 1)} | {share(ranks, 5)} "
            f"| {nearest:.3f} | {seeds:.3f} |"
        )


def rows_of(pictures: Tensor) -> list[list[Tensor]]:
    """Pictures in rows, the last one filled up with white."""
    more = -len(pictures) % COLUMNS
    whole = torch.cat([pictures, torch.ones(more, *pictures.shape[1:])])
    return [list(line) for line in whole.split(COLUMNS)]


if __name__ == "__main__":
    main()
