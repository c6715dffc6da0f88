"""How good filling, extending and coloring are on photographs that no training saw.

    python tests/benchmarks/report_restoration.py inpainting --data PHOTOS --judge EFFICIENTNET ...
    python tests/benchmarks/report_restoration.py uncropping --data PHOTOS --judge EFFICIENTNET ...
    python tests/benchmarks/report_restoration.py colorization --data PHOTOS --judge EFFICIENTNET ...

One picture of each photograph counts, where an index tells what it was cut from. Operations run as
the program runs them, with their default settings. Each also takes --features FILE
(a VGG that studio.nn.features reads) as a second judge, --size, --pictures, --engines and
--sheet FILE, for 24 of the pictures to look at. Judged are differences in features between what
was made and the original, relative to the original's own; smaller is better. The sheet for the
networks holds, from left to right, what is given, the best simple method, ours and the original.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from reporting import new_runner, operated, pixels_of, side_by_side, squares, write_sheet
from torch import Tensor

from studio.host.hints import Dab
from studio.nn.efficientnet import EfficientNetLite0, embedding_distance, load_efficientnet
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.lab import lab_in_gamut, lab_to_srgb, srgb_to_lab
from studio.nn.losses import feature_distance
from studio.nn.metrics import colorfulness
from studio.nn.pictures import list_pictures, originals_of, to_tensor
from studio_plugins.inpainting.masks import thick

SHOWN = 24
HINTS = 3
RADIUS = 4  # of a hint, in pixels
AREA = 32  # pixels over which a person sees that a color is wrong
Made = dict[str, Tensor]


@dataclass(frozen=True)
class Judges:
    """Networks that tell how far a picture is from the original."""

    embedding: EfficientNetLite0
    features: FeatureNetwork | None

    @torch.inference_mode()
    def distances(self, image: Tensor, target: Tensor) -> dict[str, float]:
        """One value for each judge."""
        found = {"EfficientNet": float(embedding_distance(self.embedding, image, target))}
        if self.features is not None:
            found["VGG"] = float(feature_distance(self.features, image, target))
        return found


def inpainting(image: Tensor, number: int, given: argparse.Namespace) -> tuple[Made, Tensor]:
    """The picture with a thick hole, filled by each engine and by OpenCV; and the hole."""
    random = np.random.default_rng(number)
    hole = thick(image.shape[2], random, (0.1, 0.3))
    mask = torch.from_numpy(hole)[None, None].float()
    damaged = torch.where(mask > 0, torch.full_like(image, 0.5), image)
    made = {"given": damaged}
    for name, method in (("Telea", cv2.INPAINT_TELEA), ("Navier-Stokes", cv2.INPAINT_NS)):
        filled = cv2.inpaint(pixels_of(damaged), pixels_of(mask), 5, method)
        made[name] = to_tensor(filled)
    for engine in given.engines or ("patchmatch", "network"):
        wish = {"engine": engine}
        made[engine] = operated(given.runner, "inpainting.fill", wish, damaged, mask)
    return made, mask


def uncropping(image: Tensor, _number: int, given: argparse.Namespace) -> tuple[Made, Tensor]:
    """The middle two thirds, extended by 25 % of their size on each side; and what is new."""
    size = image.shape[2]
    side = round(size / 1.5)
    start = (size - side) // 2
    middle = image[..., start : start + side, start : start + side]
    wide = (start, start, size - side - start, size - side - start)
    left, top, right, bottom = wide
    known = F.pad(torch.ones_like(middle[:, :1]), (left, right, top, bottom))
    made = {"given": F.pad(middle, (left, right, top, bottom), value=0.5)}
    margins = dict(zip(("left", "top", "right", "bottom"), wide, strict=True))
    for fill in given.engines or ("mirror", "stretch", "smear", "network"):
        made[fill] = operated(given.runner, "uncropping.extend", {**margins, "fill": fill}, middle)
    return made, 1 - known


def colorization(image: Tensor, number: int, given: argparse.Namespace) -> tuple[Made, Tensor]:
    """The picture in gray, in the mean color, and colored without hints and with three.

    Those are where the colors are furthest off, as a person would place them, or anywhere.
    """
    lab = srgb_to_lab(image)
    gray = lab_to_srgb(torch.cat([lab[:, :1], torch.zeros_like(lab[:, 1:])], 1)).clamp(0, 1)
    chroma = torch.tensor(given.chroma)[None, :, None, None].expand_as(lab[:, 1:])
    mean = lab_to_srgb(lab_in_gamut(torch.cat([lab[:, :1], chroma], 1))).clamp(0, 1)
    made = {"given": gray, "mean chroma": mean}
    run = given.runner
    made["network"] = operated(run, "colorization.colorize", {}, gray)
    hints: tuple[Dab, ...] = ()
    for _ in range(HINTS):  # one after the other, as a person would who looks at the result
        seen = made["network"] if not hints else made[f"{HINTS} hints"]
        hints = (*hints, dab(image, *worst(seen, image)))
        made[f"{HINTS} hints"] = operated(run, "colorization.colorize", {}, gray, hints=hints)
    random = np.random.default_rng(number)
    places = random.integers(RADIUS, image.shape[2] - RADIUS, (HINTS, 2)).tolist()
    anywhere = tuple(dab(image, y, x) for y, x in places)
    made["anywhere"] = operated(run, "colorization.colorize", {}, gray, hints=anywhere)
    return made, torch.ones_like(image[:, :1])


def dab(image: Tensor, y: int, x: int) -> Dab:
    """A hint that tells the mean color around a place."""
    spot = image[0, :, y - RADIUS : y + RADIUS + 1, x - RADIUS : x + RADIUS + 1].mean((1, 2))
    color = "#" + "".join(f"{round(float(value) * 255):02x}" for value in spot)
    return Dab(x + 0.5, y + 0.5, RADIUS, color)


def worst(image: Tensor, target: Tensor) -> tuple[int, int]:
    """The middle of the area whose colors are furthest off: row and column."""
    apart = (srgb_to_lab(image) - srgb_to_lab(target))[:, 1:].norm(dim=1, keepdim=True)
    side = AREA | 1
    mean = F.avg_pool2d(apart, side, 1, side // 2, count_include_pad=False)[0, 0]
    inside = mean[RADIUS : -RADIUS - 1, RADIUS : -RADIUS - 1]
    row, column = divmod(int(inside.argmax()), inside.shape[1])
    return row + RADIUS, column + RADIUS


def errors(image: Tensor, target: Tensor, where: Tensor, kind: str) -> dict[str, float]:
    """Plain measures beside the judges: decibels in the hole, or differences of color."""
    if kind == "colorization":
        apart = (srgb_to_lab(image) - srgb_to_lab(target))[:, 1:].norm(dim=1).mean()
        return {"ab error": float(apart), "colorful": float(colorfulness(image))}
    error = ((image - target).square() * where).sum() / (3 * where.sum())
    return {"PSNR, dB": float(-10 * torch.log10(error.clamp(min=1e-10)))}


def mean_chroma(files: list[Path], size: int) -> list[float]:
    """Mean a and b over some photographs of the training."""
    ab = srgb_to_lab(squares(files, size))[:, 1:]
    return [float(value) for value in ab.mean((0, 2, 3))]


def photographs(folder: Path) -> list[Path]:
    """One picture of each photograph: several parts of one would count it several times."""
    originals = originals_of([folder])
    each = {originals.get(file.name, file.name): file for file in reversed(list_pictures(folder))}
    return sorted(each.values())


def spread(files: list[Path], count: int) -> list[Path]:
    """At most so many of them, from beginning to end."""
    count = min(count, len(files))
    return [files[number * len(files) // count] for number in range(count)]


def table(values: Mapping[str, Mapping[str, list[float]]]) -> str:
    """A line for each method, a column for each measure."""
    columns = next(iter(values.values())).keys()
    lines = [" " * 16 + "".join(f"{name:>14}" for name in columns)]
    for method, found in values.items():
        means = (sum(column) / len(column) for column in found.values())
        lines.append(f"{method:16}" + "".join(f"{mean:14.3f}" for mean in means))
    return "\n".join(lines)


KINDS: dict[str, Callable[[Tensor, int, argparse.Namespace], tuple[Made, Tensor]]] = {
    "inpainting": inpainting,
    "uncropping": uncropping,
    "colorization": colorization,
}


def main() -> None:
    """Measure, print a table, and write a sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("--data", type=Path, required=True, help="photographs, none trained on")
    parser.add_argument("--trained", type=Path, help="for coloring: photographs trained on")
    parser.add_argument("--judge", type=Path, required=True, help="an EfficientNet-Lite0")
    parser.add_argument("--features", type=Path, help="a VGG, as a second judge")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--engines", nargs="+", help="instead of the usual ones")
    parser.add_argument("--sheet", type=Path, help="where to put the pictures to look at")
    given = parser.parse_args()
    given.runner = new_runner()
    if given.kind == "colorization":
        given.chroma = mean_chroma(list_pictures(given.trained or given.data)[:300], 64)
    features = load_features(given.features) if given.features else None
    judges = Judges(load_efficientnet(given.judge), features)
    files = spread(photographs(given.data), given.pictures)
    shown = set(spread(files, SHOWN))
    values: dict[str, dict[str, list[float]]] = {}
    rows = []
    for number, file in enumerate(files):
        image = squares([file], given.size)
        made, where = KINDS[given.kind](image, number, given)
        for method, result in {**made, "original": image}.items():
            found = {**errors(result, image, where, given.kind), **judges.distances(result, image)}
            for name, value in found.items():
                values.setdefault(method, {}).setdefault(name, []).append(value)
        if file in shown:
            rows.append([each[0] for each in (*made.values(), image)])
    sys.stdout.write(f"{len(files)} photographs at {given.size} px\n\n{table(values)}\n")
    if given.sheet:
        write_sheet(given.sheet, side_by_side(rows, 2))


if __name__ == "__main__":
    main()
