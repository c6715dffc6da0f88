"""How good translations are on pictures that no training saw: tables, and sheets to look at.

    python tests/benchmarks/report_translation.py cyclegan MODEL [BACK] --data PHOTOS PAINTINGS ...
    python tests/benchmarks/report_translation.py pix2pix MODEL [ID] --data LINES COLOR ...
    python tests/benchmarks/report_translation.py style OPERATION [MODEL] --data PHOTOS STYLES ...

With ID, a model that the program knows, also what `pix2pix.translate` makes of the drawings with it.
Each also takes --features FILE (a VGG that studio.nn.features reads), --share (of the originals that
are held out: that of the recipe), --size and --sheet FILE. Held out are the same pictures as in the
recipes (`studio.nn.pictures.split`); --all takes every picture of the folders instead, for folders
that were held out by hand. Distances in features compare only where features, number and size of the
pictures are the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from reporting import new_runner, operated, side_by_side, squares, write_sheet
from skimage.exposure import match_histograms
from skimage.measure import label
from torch import Tensor

from studio.nn.features import FeatureNetwork, load_features
from studio.nn.losses import feature_distance, moment_loss, moments
from studio.nn.metrics import frechet_distance
from studio.nn.pictures import (
    list_pairs,
    list_pictures,
    originals_of,
    read_pair,
    resized,
    split,
    to_tensor,
)
from studio.nn.translators import read_translator
from studio_plugins.cyclegan.loading import read_generator

STYLE_LAYERS = ("1_1", "2_1", "3_1", "4_1")
SET_LAYERS = ("2_1", "3_1", "4_1")
CONTENT_LAYERS = ("4_1",)
SHOWN = 8
BATCH = 8
Translate = Callable[[Tensor], Tensor]


def held_out(folder: Path, given: argparse.Namespace) -> list[Path]:
    """The pictures of a folder that the recipes leave out."""
    files = list_pictures(folder)
    if given.all:
        return files
    held = split(files, given.share, originals_of([folder]))
    return [file for file, out in zip(files, held, strict=True) if out]


@torch.inference_mode()
def batched(function: Translate, pictures: Tensor) -> Tensor:
    """``function`` of a few pictures at a time."""
    return torch.cat([function(part).float().clamp(0, 1) for part in pictures.split(BATCH)])


@torch.inference_mode()
def rows_of(features: FeatureNetwork, pictures: Tensor) -> Tensor:
    """A picture's mean features of some layers, divided by the layer's width: N x K."""
    found = []
    for part in pictures.split(BATCH):
        layers = features(part, SET_LAYERS)
        means = [layers[name].mean((2, 3)) for name in SET_LAYERS]
        found.append(torch.cat([m / m.shape[1] ** 0.5 for m in means], dim=1))
    return torch.cat(found)


def cyclegan(given: argparse.Namespace, features: FeatureNetwork) -> list[list[Tensor]]:
    """Cycle error and Fréchet distances of both directions; rows of a sheet."""
    there = read_generator(given.models[0], "forward").eval()
    back = read_generator(given.models[-1], "backward").eval()
    kinds = [squares(held_out(folder, given), given.size) for folder in given.data]
    counts = " and ".join(str(len(kind)) for kind in kinds)
    sys.stdout.write(f"{counts} held-out pictures at {given.size} px\n\n")
    titles = ("Fréchet", "untranslated", "of halves", "cycle L1", "change L1")
    sys.stdout.write(f"{'':12}" + "".join(f"{title:>14}" for title in titles) + "\n")
    rows = []
    for name, source, networks in (("forward", 0, (there, back)), ("backward", 1, (back, there))):
        start, target = kinds[source], kinds[1 - source]
        made = batched(networks[0], start)
        again = batched(networks[1], made)
        wanted = rows_of(features, target)
        values = (
            frechet_distance(rows_of(features, made), wanted),
            frechet_distance(rows_of(features, start), wanted),
            frechet_distance(wanted[::2], wanted[1::2]),  # what chance alone makes
            float(F.l1_loss(again, start)) * 255,
            float(F.l1_loss(made, start)) * 255,
        )
        sys.stdout.write(f"{name:12}" + "".join(f"{value:14.4f}" for value in values) + "\n")
        rows += [[a, b, c] for a, b, c in zip(start[:SHOWN], made, again, strict=False)]
    sys.stdout.write("\nL1 in levels of 255; “of halves”: the target set against itself.\n")
    return side_by_side(rows, 4)


def pix2pix(given: argparse.Namespace, features: FeatureNetwork) -> list[list[Tensor]]:
    """L1 and feature distance against a flat fill and the input itself; rows of a sheet."""
    pairs, _ = list_pairs(given.data)
    held = split([pair[0] for pair in pairs], given.share, originals_of(given.data))
    train = [pair for pair, out in zip(pairs, held, strict=True) if not out]
    test = pairs if given.all else [p for p, out in zip(pairs, held, strict=True) if out]
    inputs, targets = (
        torch.cat([to_tensor(resized(read_pair(pair)[side], given.size)) for pair in test])
        for side in (0, 1)
    )
    color = mean_fill(train, given.size)
    network = read_translator(given.models[0]).eval()
    results = {
        "network": batched(network, inputs),
        "flat fill": torch.cat([flat_fill(each, color) for each in inputs]),
        "input itself": inputs,
    }
    if len(given.models) > 1:
        runner, wish = new_runner(), {"model": str(given.models[1])}
        drawn = [operated(runner, "pix2pix.translate", wish, each[None]) for each in inputs]
        results["operation"] = torch.cat(drawn)
    shown = ", ".join(f"{value * 255:.0f}" for value in color.tolist())
    sys.stdout.write(f"{len(test)} held-out pairs at {given.size} px; fill ({shown})\n\n")
    sys.stdout.write(f"{'':14}{'L1':>10}{'features':>10}\n")
    for name, made in results.items():
        l1 = float(F.l1_loss(made, targets)) * 255
        with torch.inference_mode():
            parts = zip(made.split(BATCH), targets.split(BATCH), strict=True)
            apart = torch.cat([feature_distance(features, a, b) for a, b in parts])
        sys.stdout.write(f"{name:14}{l1:10.2f}{float(apart.mean()):10.3f}\n")
    sys.stdout.write("\nL1 in levels of 255; features: relative difference of VGG features.\n")
    made = results.get("operation", results["network"])
    columns = (inputs, results["flat fill"], made, targets)
    rows = [list(cells) for cells in zip(*(each[: 2 * SHOWN] for each in columns), strict=True)]
    return side_by_side(rows, 2)


def enclosed(lines: Tensor) -> Tensor:
    """Where a drawing can be filled: light regions that do not reach the border, H x W of bool.

    Args:
        lines: 3 x H x W in [0, 1], dark lines on white.
    """
    light = lines.mean(0).numpy() > 0.5
    regions = label(light, connectivity=1)
    rim = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    return torch.from_numpy(light & ~np.isin(regions, np.unique(rim)))


def mean_fill(pairs: Sequence[tuple[Path, Path | None]], size: int) -> Tensor:
    """Mean color of the targets in what their line art encloses, over the pictures trained on."""
    total, count = torch.zeros(3), 0
    for pair in pairs:
        lines, target = (to_tensor(resized(side, size))[0] for side in read_pair(pair))
        inside = enclosed(lines)
        total += target[:, inside].sum(1)
        count += int(inside.sum())
    return total / max(count, 1)


def flat_fill(lines: Tensor, color: Tensor) -> Tensor:
    """The drawing with every enclosed region in one color, 1 x 3 x H x W; lines stay above it."""
    inside = enclosed(lines)
    return torch.where(inside, lines * color[:, None, None], lines)[None]


def style(given: argparse.Namespace, features: FeatureNetwork) -> list[list[Tensor]]:
    """Style and content distance against the identity and matched histograms; rows of a sheet."""
    contents = held_out(given.data[0], given)[: given.pictures]
    styles = held_out(given.data[1], given)[: given.pictures]
    runner = new_runner()
    values: dict[str, list[tuple[float, float]]] = {}
    rows = []
    wish = {"model": str(given.models[1])} if len(given.models) > 1 else {}
    for number, file in enumerate(contents):
        content = squares([file], given.size)
        for wanted in (styles[number % len(styles)], styles[(number + 1) % len(styles)]):
            target = squares([wanted], given.size)
            matched = match_histograms(
                *(x[0].permute(1, 2, 0).numpy() for x in (content, target)), channel_axis=2
            )
            made = {
                "network": operated(
                    runner, str(given.models[0]), wish | {"style": str(wanted)}, content
                ),
                "histograms": torch.from_numpy(matched).permute(2, 0, 1)[None].float(),
                "identity": content,
            }
            for name, result in made.items():
                pair = (
                    style_distance(features, result, target),
                    float(feature_distance(features, result, content, CONTENT_LAYERS)),
                )
                values.setdefault(name, []).append(pair)
            rows.append([content[0], target[0], made["histograms"][0], made["network"][0]])
    sys.stdout.write(
        f"{len(contents)} photographs with 2 of {len(styles)} styles each, held out\n\n"
    )
    sys.stdout.write(f"{'':12}{'style':>10}{'content':>10}\n")
    for name, found in values.items():
        means = np.array(found).mean(0)
        sys.stdout.write(f"{name:12}{means[0]:10.3f}{means[1]:10.3f}\n")
    sys.stdout.write(
        "\nstyle: squared distance of feature means and deviations, relative to the style's own;\n"
        "content: relative difference of VGG features (4_1).\n"
    )
    return side_by_side(rows[: 4 * SHOWN], 2)


@torch.inference_mode()
def style_distance(features: FeatureNetwork, image: Tensor, target: Tensor) -> float:
    """Mean over layers of the moment loss, divided by that of no features at all."""
    found, wanted = features(image, STYLE_LAYERS), features(target, STYLE_LAYERS)
    parts = []
    for layer in STYLE_LAYERS:
        mean, deviation = moments(wanted[layer])
        size = (mean.square() + deviation.square()).mean()
        parts.append(float(moment_loss(found[layer], wanted[layer]) / size))
    return sum(parts) / len(parts)


def main() -> None:
    """Measure, print a table, and write a sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("cyclegan", "pix2pix", "style"))
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pictures", type=int, default=16, help="for style: photographs at most")
    parser.add_argument("--all", action="store_true", help="every picture of the folders")
    parser.add_argument("--sheet", type=Path, help="where to put the pictures to look at")
    given = parser.parse_args()
    measure = {"cyclegan": cyclegan, "pix2pix": pix2pix, "style": style}[given.kind]
    rows = measure(given, load_features(given.features))
    if given.sheet:
        write_sheet(given.sheet, rows)


if __name__ == "__main__":
    main()
