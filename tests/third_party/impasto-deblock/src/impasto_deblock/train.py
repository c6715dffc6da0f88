"""The recipe: patches of good pictures are compressed, and the network learns the way back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from impasto_deblock.networks import Deblocker
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.metrics import psnr
from studio.nn.pictures import Picture, center_crop, random_crop, to_tensor
from studio.nn.samples import Samples, read_samples
from studio.nn.training import Trained, TrainingContext, sheet_of

if TYPE_CHECKING:
    from impasto_deblock import DeblockRecipe

PATCH, BATCH, SIDE = 64, 8, 192
CHECKED = (10, 20, 40)  # qualities that are measured


def compressed(picture: Picture, quality: int) -> Picture:
    """The picture after JPEG; H x W x 3, uint8."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


class Learner:
    """The network, its average and the step; a `studio.nn.loops.Learner`."""

    def __init__(
        self, samples: Samples, parameters: DeblockRecipe, context: TrainingContext
    ) -> None:
        self.pictures, self.held_out = samples
        self.device = context.device
        self.network = Deblocker(parameters.width, parameters.depth).to(self.device)
        self.average = ExponentialMovingAverage(self.network)
        self.optimizer = torch.optim.Adam(self.network.parameters())

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """All that the next step depends on."""
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer}

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on patches, each with a quality and a place in JPEG's grid of its own."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        given, wanted = [], []
        for index in random.integers(len(self.pictures), size=BATCH):
            patch = np.ascontiguousarray(random_crop(self.pictures[index], PATCH + 8, random))
            left, top = random.integers(8, size=2)
            place = np.s_[top : top + PATCH, left : left + PATCH]
            given.append(to_tensor(compressed(patch, int(random.integers(6, 60)))[place]))
            wanted.append(to_tensor(patch[place]))
        output = self.network(torch.cat(given).to(self.device))
        loss = F.mse_loss(output, torch.cat(wanted).to(self.device))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.optimizer.step()
        self.average.update(self.network)
        return {"loss": float(loss.detach())}

    @torch.no_grad()
    def validate(self) -> Validation:
        """PSNR of held-out pictures and of the JPEG itself; the sheet shows JPEG, network, truth."""
        metrics, rows = {}, []
        for quality in CHECKED:
            before = after = 0.0
            for picture in self.held_out:
                part = np.ascontiguousarray(center_crop(picture, SIDE))
                given, truth = to_tensor(compressed(part, quality)), to_tensor(part)
                output = self.average.shadow(given.to(self.device)).cpu().clamp(0, 1)
                before += psnr(given, truth) / len(self.held_out)
                after += psnr(output, truth) / len(self.held_out)
                rows.append([given[0], output[0], truth[0]])
            metrics[f"held-out pictures at quality {quality}: PSNR, dB"] = after
            metrics[f"held-out pictures at quality {quality}: PSNR of the JPEG, dB"] = before
        score = sum(value for name, value in metrics.items() if "JPEG" not in name)
        return Validation(score / len(CHECKED), metrics, sheet_of(rows[: len(self.held_out)]))

    def weights(self) -> Mapping[str, Tensor]:
        """Of the averaged network."""
        weights: dict[str, Tensor] = self.average.shadow.state_dict()
        return weights


def train(data: Sequence[Path], parameters: DeblockRecipe, context: TrainingContext) -> Trained:
    """Train a network on the pictures of a folder, of which a fifth is held out."""
    torch.manual_seed(context.seed)
    context.progress(0.0, "Reading pictures")
    large = read_samples(data[0], 0.2, lambda p: p if min(p.shape[:2]) >= SIDE else None)
    learner = Learner(large, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    return Trained(
        fitted.path,
        "Deblocker",
        fitted.step,
        metrics={name: round(value, 2) for name, value in fitted.metrics.items()},
        extra={"width": str(parameters.width), "depth": str(parameters.depth)},
        summary=f"Learned from {len(large[0])} pictures.",
    )
