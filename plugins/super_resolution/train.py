"""The recipe of the bundled upscalers: faithful enlargement of photographs.

Trains `CompactEDSR` from random initialisation with a Charbonnier loss on pairs made by MATLAB's
antialiased bicubic. The x2 network started from the trunk of the x4 one, as EDSR (Lim et al. 2017,
section 3.2) does in the other direction. Every picture stays on one side of the split: tiles of
one photograph are all in training or all in validation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studio.nn.beginnings import begin_from
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import charbonnier
from studio.nn.metrics import psnr_y
from studio.nn.pictures import (
    Picture,
    list_pictures,
    originals_of,
    read_picture,
    split,
    to_tensor,
)
from studio.nn.resample import bicubic_downscale, bicubic_resize
from studio.nn.training import Trained, TrainingContext, TrainingError, mixed, sheet_of
from studio_plugins.super_resolution.networks import CompactEDSR

if TYPE_CHECKING:
    from studio_plugins.super_resolution.training import UpscalerRecipe

Pair = tuple[Picture, Picture]
"""A picture at low and at high resolution."""

_FEWEST = 20
_LARGEST = 768  # side of what is kept of a picture, in pixels
_MOST_BYTES = 4_000_000_000  # of all pictures together
_SHOWN = 4
_SHOWN_SIDE = 256


def train(data: Sequence[Path], parameters: UpscalerRecipe, context: TrainingContext) -> Trained:
    """Train a network; what is kept are the best averaged weights.

    Args:
        data: the folder of pictures, searched recursively. An ``index.jsonl`` in or above it names
            the originals of its pictures, so that the tiles of one stay together.
        parameters: sizes and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if fewer than 20 pictures are large enough for a patch, or it diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    torch.manual_seed(context.seed)
    context.progress(0.0, "Reading pictures")
    training, validation = load_pairs(data, parameters)
    learner = UpscaleLearner(training, validation, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    return Trained(
        fitted.path,
        "CompactEDSR",
        fitted.step,
        metrics=fitted.metrics,
        extra={"scale": str(parameters.scale)},
        summary=f"Enlarges {parameters.scale} times; learned from {len(training)} pictures.",
        limits="Made for pictures like those it learned from, sharp and without noise.",
    )


class UpscaleLearner:
    """The network, its average and the step; a `studio.nn.loops.Learner`."""

    def __init__(
        self,
        training: Sequence[Pair],
        validation: Sequence[Pair],
        parameters: UpscalerRecipe,
        context: TrainingContext,
    ) -> None:
        self.training, self.validation = training, validation
        self.parameters, self.device = parameters, context.device
        network = CompactEDSR(parameters.scale, parameters.channels, parameters.blocks)
        if parameters.start:
            start = context.files(parameters.start)[0]
            begin_from(network, start, renewed=lambda key: key.startswith("tail."))
        self.network = network.to(context.device).to(memory_format=torch.channels_last)
        self.average = ExponentialMovingAverage(self.network)
        self.optimiser = torch.optim.Adam(network.parameters(), lr=parameters.rate, fused=True)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """All that the next step depends on."""
        return {"network": self.network, "average": self.average, "optimiser": self.optimiser}

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step of Adam on a batch of patches."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        low, high = sample_batch(self.training, self.parameters, random)
        low = low.to(self.device).contiguous(memory_format=torch.channels_last)
        self.optimiser.zero_grad(set_to_none=True)
        with mixed(self.device, self.parameters.precision):
            output = self.network(low)
        loss = charbonnier(output.float(), high.to(self.device))
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.average.update(self.network)
        return {"loss": float(loss.detach())}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Mean PSNR-Y in dB; the sheet shows bicubic, the network and the truth."""
        total, rows = 0.0, []
        for index, (low, high) in enumerate(self.validation):
            small, truth = to_tensor(low), to_tensor(high)
            output = self.average.shadow(small.to(self.device)).float().cpu().clamp(0, 1)
            total += psnr_y(output, truth, self.parameters.scale)
            if index < _SHOWN:
                plain = bicubic_resize(small, truth.shape[-2], truth.shape[-1]).clamp(0, 1)
                rows.append([plain[0], output[0], truth[0]])
        side = min(_SHOWN_SIDE, *(min(row[0].shape[1:]) for row in rows))
        sheet = sheet_of([[cell[:, :side, :side] for cell in row] for row in rows])
        quality = total / len(self.validation)
        return Validation(quality, {"PSNR-Y, dB": quality}, sheet)

    def weights(self) -> Mapping[str, Tensor]:
        """Of the averaged network."""
        weights: dict[str, Tensor] = self.average.shadow.state_dict()
        return weights


def load_pairs(data: Sequence[Path], parameters: UpscalerRecipe) -> tuple[list[Pair], list[Pair]]:
    """Pairs of every picture under ``data``: those to learn from, and those to check on.

    Of large pictures the middle is kept, so that all of them fit into memory.

    Raises:
        TrainingError: if too few are large enough.
    """
    files = [file for folder in data for file in list_pictures(folder)]
    held_out = split(files, parameters.validation, originals_of(data))
    scale = parameters.scale
    smallest = parameters.patch * scale
    affordable = math.isqrt(_MOST_BYTES // (3 * max(len(files), 1)))
    most = max(smallest, min(_LARGEST, affordable) // scale * scale)
    training: list[Pair] = []
    validation: list[Pair] = []
    for file, is_held_out in zip(files, held_out, strict=True):
        high = read_picture(file)
        height, width = (min(side - side % scale, most) for side in high.shape[:2])
        if min(height, width) < smallest:
            continue
        top, left = (high.shape[0] - height) // 2, (high.shape[1] - width) // 2
        high = np.ascontiguousarray(high[top : top + height, left : left + width])
        low = _to_uint8(bicubic_downscale(to_tensor(high), scale))
        (validation if is_held_out else training).append((low, high))
    if len(training) < _FEWEST or not validation:
        raise TrainingError(
            f"Too few pictures are large enough: {len(training)} to learn from and "
            f"{len(validation)} to check on; at least {_FEWEST} and 1 are needed.",
            f"Add pictures of at least {smallest} pixels, or choose a smaller patch.",
        )
    return training, validation


def sample_batch(
    pairs: Sequence[Pair], parameters: UpscalerRecipe, random: np.random.Generator
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


def _to_uint8(image: Tensor) -> Picture:
    pixels: Picture = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return pixels


def _batch(patches: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float() / 255
