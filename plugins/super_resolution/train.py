"""The recipe of the bundled upscalers: faithful enlargement of photographs.

Trains `CompactEDSR` from random initialisation with a Charbonnier loss on pairs made by MATLAB's
antialiased bicubic. The x2 network starts from the trunk of the x4 one, as EDSR (Lim et al. 2017,
section 3.2) does in the other direction. Every picture stays on one side of the split: tiles of
one photograph are all in training or all in validation.

    python -m studio_plugins.super_resolution.train --data PHOTOS --folder RUN --scale 4 -o OUT
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.nn.ema import ExponentialMovingAverage
from studio.nn.losses import charbonnier
from studio.nn.metrics import psnr_y
from studio.nn.resample import bicubic_downscale, bicubic_resize
from studio.nn.training import (
    Budget,
    ConsoleContext,
    TrainingContext,
    cosine_rate,
    keep_malloc_pages,
    load_checkpoint,
    save_checkpoint,
)
from studio_plugins.super_resolution.networks import CompactEDSR

Picture = NDArray[np.uint8]
Pair = tuple[Picture, Picture]


@dataclass(frozen=True)
class Parameters:
    """What can be set; the defaults made the bundled networks.

    Attributes:
        scale: enlargement factor.
        channels: width of the trunk.
        blocks: residual blocks in the trunk.
        steps: optimiser steps.
        minutes: end of the schedule in minutes if that comes first.
        batch: pairs in a step.
        patch: side of a low-resolution patch in pixels.
        rate: peak learning rate of Adam.
        validation: share of the original pictures held out for choosing the checkpoint.
        start: safetensors file to take the trunk from.
        seed: of the initialisation and of the patches.
    """

    scale: int = 4
    channels: int = 64
    blocks: int = 8
    steps: int = 20_000
    minutes: float | None = None
    batch: int = 16
    patch: int = 48
    rate: float = 5e-4
    validation: float = 0.02
    start: str | None = None
    seed: int = 0


def train(data: Sequence[Path], parameters: Parameters, context: TrainingContext) -> Path:
    """Train a network and return the float16 safetensors file of the best averaged weights.

    Args:
        data: folders of pictures, searched recursively. An ``index.jsonl`` beside or above a
            picture names its original, so that its tiles stay together.
        parameters: sizes and schedule.
        context: where to report and to keep checkpoints; an interrupted run resumes from there.

    Raises:
        ValueError: if fewer than 20 pictures are large enough for a patch.
    """
    torch.manual_seed(parameters.seed)
    context.progress(0.0, "reading pictures")
    training, validation = load_pairs(data, parameters)
    network = CompactEDSR(parameters.scale, parameters.channels, parameters.blocks)
    if parameters.start:
        _take_trunk(network, Path(parameters.start))
    network.to(context.device).to(memory_format=torch.channels_last)
    average = ExponentialMovingAverage(network)
    optimiser = torch.optim.Adam(network.parameters(), lr=parameters.rate, fused=True)
    step, best, spent = 0, 0.0, 0.0
    checkpoint = context.folder / "checkpoint.pt"
    state = load_checkpoint(checkpoint, context.device)
    if state:
        network.load_state_dict(state["network"])
        average.shadow.load_state_dict(state["average"])
        average.updates = state["step"]
        optimiser.load_state_dict(state["optimiser"])
        step, best, spent = state["step"], state["best"], state["spent"]
    budget = Budget(parameters.steps, parameters.minutes, spent)
    random = np.random.default_rng((parameters.seed, step))
    output = context.folder / f"compact_x{parameters.scale}.safetensors"
    while budget.fraction(step) < 1:
        rate = cosine_rate(budget.fraction(step), parameters.rate)
        for group in optimiser.param_groups:
            group["lr"] = rate
        low, high = sample_batch(training, parameters, random)
        loss = _step(network, optimiser, low.to(context.device), high.to(context.device))
        average.update(network)
        step += 1
        if step % 100 == 0:
            context.log(step, {"loss": loss, "rate": rate})
            context.progress(budget.fraction(step), f"step {step}: loss {loss:.4f}")
        if step % 500 == 0 or budget.fraction(step) >= 1:
            quality = validate(average.shadow, validation, parameters.scale, context)
            context.log(step, {"validation_psnr_y": quality})
            context.progress(budget.fraction(step), f"step {step}: validation {quality:.3f} dB")
            if quality > best:
                best = quality
                weights = average.shadow.state_dict()
                save_file({k: v.half().contiguous().cpu() for k, v in weights.items()}, output)
            save_checkpoint(
                checkpoint,
                {
                    "network": network.state_dict(),
                    "average": average.shadow.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step,
                    "best": best,
                    "spent": budget.spent,
                },
            )
    return output


def load_pairs(data: Sequence[Path], parameters: Parameters) -> tuple[list[Pair], list[Pair]]:
    """(low, high) uint8 HWC pairs of every picture under ``data``: training and validation."""
    originals = _originals(data)
    training: list[Pair] = []
    validation: list[Pair] = []
    suffixes = {".webp", ".png", ".jpg", ".jpeg"}
    files = sorted(f for folder in data for f in folder.rglob("*") if f.suffix.lower() in suffixes)
    shares = {file: _hash(originals.get(file.name, file.name)) for file in files}
    # Of a small set, too, one original is held out.
    limit = max(parameters.validation, min(shares.values(), default=0.0))
    for file in files:
        with Image.open(file) as opened:
            high = np.asarray(opened.convert("RGB"))
        unit = parameters.scale
        height, width = (side - side % unit for side in high.shape[:2])
        if min(height, width) < parameters.patch * unit:
            continue
        high = np.ascontiguousarray(high[:height, :width])
        low = _to_uint8(bicubic_downscale(_to_float(high), unit))
        (validation if shares[file] <= limit else training).append((low, high))
    if len(training) < 20 or not validation:
        found = f"{len(training)} to learn from and {len(validation)} to check on"
        raise ValueError(
            f"too few pictures are large enough: {found}; at least 20 and 1 are needed"
        )
    return training, validation


def sample_batch(
    pairs: Sequence[Pair], parameters: Parameters, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Random aligned patches with one of the eight flips and turns; float, in [0, 1]."""
    lows: list[Picture] = []
    highs: list[Picture] = []
    side, scale = parameters.patch, parameters.scale
    for index in random.integers(len(pairs), size=parameters.batch):
        low, high = pairs[index]
        top = int(random.integers(low.shape[0] - side + 1))
        left = int(random.integers(low.shape[1] - side + 1))
        turn, flip = int(random.integers(4)), bool(random.integers(2))
        patches = (
            low[top : top + side, left : left + side],
            high[top * scale : (top + side) * scale, left * scale : (left + side) * scale],
        )
        for patch, batch in zip(patches, (lows, highs), strict=True):
            turned = np.rot90(patch, turn)
            batch.append(np.ascontiguousarray(turned[:, ::-1] if flip else turned))
    return _batch(lows), _batch(highs)


@torch.no_grad()
def validate(
    network: torch.nn.Module, pairs: Sequence[Pair], scale: int, context: TrainingContext
) -> float:
    """Mean PSNR-Y in dB over validation pictures; also shows input, output and truth of four."""
    total, rows = 0.0, []
    for index, (low, high) in enumerate(pairs):
        small, truth = _to_float(low), _to_float(high)
        output = network(small.to(context.device)).float().cpu().clamp(0, 1)
        total += psnr_y(output, truth, scale)
        if index < 4:
            plain = bicubic_resize(small, truth.shape[-2], truth.shape[-1]).clamp(0, 1)
            row = torch.cat([plain, output, truth], dim=3)[0, :, :240]
            rows.append(F.pad(row, (0, 1296 - row.shape[2]))[..., :1296])
    context.sample("samples", torch.cat(rows, dim=1))
    return total / len(pairs)


def _step(
    network: torch.nn.Module, optimiser: torch.optim.Optimizer, low: Tensor, high: Tensor
) -> float:
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(low.device.type, torch.bfloat16):
        output = network(low.contiguous(memory_format=torch.channels_last))
    loss = charbonnier(output.float(), high)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


def _take_trunk(network: CompactEDSR, start: Path) -> None:
    """Copy every tensor but the tail's from a finished network of another scale."""
    trunk = {k: v.float() for k, v in load_file(start).items() if not k.startswith("tail.")}
    missing = network.load_state_dict(trunk, strict=False)
    if missing.unexpected_keys:
        raise ValueError(f"{start.name} is another network: {missing.unexpected_keys[:3]}")


def _originals(data: Sequence[Path]) -> Mapping[str, str]:
    """File name to the name of the photograph it was cut from, out of index.jsonl files."""
    names: dict[str, str] = {}
    for folder in data:
        for index in (folder / "index.jsonl", folder.parent / "index.jsonl"):
            if index.is_file():
                for line in index.read_text(encoding="utf-8").splitlines():
                    entry = json.loads(line)
                    original = str(entry.get("name", entry["file"])).split("#")[0]
                    names[Path(entry["file"]).name] = f"{entry.get('source', '')}/{original}"
    return names


def _hash(name: str) -> float:
    """A stable number in [0, 1) for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def _to_float(pixels: Picture) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def _to_uint8(image: Tensor) -> Picture:
    pixels: Picture = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return pixels


def _batch(patches: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float() / 255


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="checkpoints and samples")
    parser.add_argument("-o", "--output", type=Path, help="where to put the finished file")
    parser.add_argument("--start", help="finished network of another scale")
    for name in ("scale", "channels", "blocks", "steps", "batch", "patch"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("rate", "minutes"):
        parser.add_argument(f"--{name}", type=float)
    given = vars(parser.parse_args())
    data, folder, output = given.pop("data"), given.pop("folder"), given.pop("output")
    keep_malloc_pages()
    torch.set_float32_matmul_precision("medium")
    chosen = {name: value for name, value in given.items() if value is not None}
    finished = train(data, Parameters(**chosen), ConsoleContext(folder))
    if output:
        output.write_bytes(finished.read_bytes())


if __name__ == "__main__":
    main()
