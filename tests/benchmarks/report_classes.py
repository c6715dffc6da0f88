"""Whether pictures that were asked for by class are of it, by a classifier that learned from real ones.

    python tests/benchmarks/report_classes.py sampling.class:MODEL sampling.latent:MODEL ... \
        --data FOLDERS [--size 32] [--count 1000] [--epochs 6] [--sheet FILE]

FOLDERS holds a folder of pictures for each class, as prepare_families.py lays digits out; what the
trainers hold out is held out here as well, and says how well the classifier knows real pictures. Models
are asked for as many of each class, through the host.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from reporting import new_runner, write_sheet
from torch import Tensor, nn

from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio.nn.planes import over, pack
from studio_plugins.sampling.families_data import Album, read_albums

AT_ONCE = 50
BATCH = 128
_HELD = 0.05  # as the trainers have it
_COLUMNS = 12


class Classifier(nn.Sequential):
    """Three stages of convolutions."""

    def __init__(self, channels: int, classes: int, width: int = 32) -> None:
        layers: list[nn.Module] = []
        for before, after in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [
                nn.Conv2d(before, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3)]
        super().__init__(*layers, nn.Linear(16 * width, classes))


def learned(album: Album, classes: int, epochs: int) -> Classifier:
    """A classifier of the pictures of an album, which are shifted by up to two pixels."""
    torch.manual_seed(0)
    network = Classifier(album.planes.shape[1], classes)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.01)
    steps = epochs * (len(album) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    random = np.random.default_rng(0)
    for _ in range(steps):
        planes, labels = album.drawn(BATCH, random, mirror=False)
        shift = tuple(int(s) for s in random.integers(-2, 3, 2))
        loss = F.cross_entropy(network(planes.roll(shift, (2, 3))), labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def requests(operation: str, model: str, label: str, count: int) -> Iterator[RunRequest]:
    """Runs that make ``count`` pictures of a class."""
    given = {"model": model, "label": label}
    if operation == "sampling.latent":
        given["mode"] = "sample"
    for seed in range(0, count, AT_ONCE):
        number = min(AT_ONCE, count - seed)
        yield RunRequest(operation, {**given, "count": number}, seed=1000 + seed)


def painted(
    runner: Runner, operation: str, model: str, label: str, count: int, channels: int
) -> Tensor:
    """Pictures of a class as planes, N x C x H x W in [-1, 1]."""
    planes = []
    for request in requests(operation, model, label, count):
        for images in runner.execute(request).variants:
            pixels = torch.from_numpy(images[0].pixels[None] / 255).permute(0, 3, 1, 2).float()
            planes.append(pack(pixels[:, :3], pixels[:, 3:], channels))
    return torch.cat(planes)


@torch.inference_mode()
def share_right(network: Classifier, planes: Tensor, labels: Tensor) -> float:
    """Share of pictures that are taken for what they are."""
    found = torch.cat([network(part).argmax(1) for part in planes.split(256)])
    return float((found == labels).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="OPERATION:MODEL")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    albums, runner = read_albums(given.data, given.size, _HELD), new_runner()
    network = learned(albums.training, len(albums.classes), given.epochs)
    planes, labels = albums.held.batch(slice(None))
    print(f"real pictures, held out: {share_right(network, planes, labels):.3f} of {len(labels)}")
    each, rows = given.count // len(albums.classes), []
    for named in given.models:
        operation, _, model = named.partition(":")
        right, begin = {}, time.perf_counter()
        for number, label in enumerate(albums.classes):
            made = painted(runner, operation, model, label, each, albums.training.planes.shape[1])
            right[label] = share_right(network, made, torch.full((len(made),), number))
            rows.append(list(over(made[:_COLUMNS], 0.85)))
        seconds = (time.perf_counter() - begin) / (each * len(albums.classes))
        mean = sum(right.values()) / len(right)
        worst = min(right, key=right.__getitem__)
        print(f"{model}: {mean:.3f}, worst {worst} with {right[worst]:.3f}; {seconds:.3f} s each")
    if given.sheet:
        write_sheet(given.sheet, rows)


if __name__ == "__main__":
    main()
