"""The recipe of the network that colors: classes of colors, rare ones weighted, and a teacher.

After Zhang et al. 2016 (classes, rebalancing) and 2017 (hints). A small data set does not teach an
encoder what pictures show, so its deep features are drawn to those that a network trained on ImageNet
has for the picture in color (Hinton et al. 2015; Romero et al. 2015, "FitNets").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.beginnings import begin_from
from studio.nn.efficientnet import (
    CHANNELS,
    LAYERS,
    EfficientNetLite0,
    load_efficientnet,
    relative_distance,
)
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.lab import lab_in_gamut, lab_to_srgb, srgb_to_lab
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.metrics import colorfulness
from studio.nn.pictures import Picture, center_crop, resized, to_tensor
from studio.nn.samples import Samples, random_parts, read_samples
from studio.nn.training import Trained, TrainingContext, mixed, sheet_of, two_in_a_row
from studio_plugins.colorization.hints import no_hints, random_dabs
from studio_plugins.colorization.networks import AB, Colorizer

if TYPE_CHECKING:
    from studio_plugins.colorization.training import ColorizationRecipe

_KEPT = 1.4  # pictures are kept at this times the training size
_CHECKED = 96
_SHOWN = 8
_SPREAD = 6.0  # of a true color over the classes near it, in CIELAB units
_LOOKED_AT = 400  # pictures from which the frequencies of colors are taken
_LIVELY = 0.78  # of the true colorfulness: with less, a picture is too dull
_TAUGHT = (10, 15)  # blocks of the teacher, at a sixteenth and a thirty-second


def train(
    data: Sequence[Path], parameters: ColorizationRecipe, context: TrainingContext
) -> Trained:
    """Train a network on pictures in color.

    Args:
        data: the folder of pictures.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    learner = ColorLearner(*load(data[0], parameters), parameters, context)
    fitted = fit(learner, planned(parameters, context, 250), context)
    return Trained(
        fitted.path,
        "Colorizer",
        fitted.step,
        metrics=fitted.metrics,
        summary=f"Learned from {len(learner.training)} pictures, in parts of {parameters.size} pixels.",
    )


def load(folder: Path, parameters: ColorizationRecipe) -> Samples:
    """Pictures to learn from and pictures to check on."""
    short = round(parameters.size * _KEPT)
    return read_samples(folder, parameters.validation, lambda picture: resized(picture, short))


class ColorLearner:
    """The network, and a head for each layer of the teacher; see `studio.nn.loops.Learner`."""

    def __init__(
        self,
        training: list[Picture],
        validation: list[Picture],
        parameters: ColorizationRecipe,
        context: TrainingContext,
    ) -> None:
        self.training = training
        self._parameters, self._device = parameters, context.device
        network = Colorizer(parameters.width)
        if parameters.start:
            begin_from(network, context.files(parameters.start)[0])
        self.network = network.to(context.device).to(memory_format=torch.channels_last)
        self._average = ExponentialMovingAverage(self.network, 0.998)
        self._teacher: EfficientNetLite0 | None = None
        self._heads = nn.ModuleList()
        if parameters.teacher:
            teacher = load_efficientnet(context.files(parameters.teacher)[0])
            self._teacher = teacher.to(context.device).to(memory_format=torch.channels_last)
            deep = 7 * parameters.width
            self._heads.extend(nn.Conv2d(deep, CHANNELS[block], 1) for block in _TAUGHT)
            self._heads.to(context.device)
        self._optimiser = torch.optim.AdamW(
            [*self.network.parameters(), *self._heads.parameters()],
            lr=parameters.rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
            fused=True,
        )
        self._weights = self._rarity()
        size = parameters.size
        images = [to_tensor(center_crop(p, size)) for p in validation[:_CHECKED]]
        self._checked = torch.cat(images)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Network, heads, average and optimiser."""
        return {
            "network": self.network,
            "heads": self._heads,
            "average": self._average,
            "optimiser": self._optimiser,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step, some pictures with hints."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        image = self._batch(random)
        light, ab = _separated(image)
        hints = self._hints(ab, random)
        seen = _faded(light, random)
        self.network.train()
        with mixed(self._device, self._parameters.precision):
            logits, deep = self.network.with_features(seen, hints)
            taught = self._taught(image, deep)
            looks, dull = self._looks(logits, light, image)
        wanted = F.avg_pool2d(ab, 4)
        losses = {
            "classes": self._cross_entropy(logits, wanted),
            "distance": (self.network.ab(logits, 1.0) - wanted).norm(dim=1).mean() / AB,
            "teacher": taught,
            "looks": looks,
            "dull": dull,
        }
        loss = (
            losses["classes"]
            + self._parameters.distance * losses["distance"]
            + self._parameters.taught * taught
            + self._parameters.looks * (looks + dull)
        )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimiser.step()
        self._average.update(self.network)
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Errors of the averaged network on held-out pictures, without hints and with three."""
        network, random = self._average.shadow.eval(), np.random.default_rng(0)
        found: dict[str, list[float]] = {}
        rows = []
        for number, image in enumerate(torch.split(self._checked, 1)):
            light, ab = _separated(image.to(self._device))
            wanted = F.avg_pool2d(ab, 4)
            logits = network(light, no_hints(light)).float()
            three = random_dabs(ab[0], random, 3)[None]
            made = network.ab(logits)
            hinted = network.ab(network(light, three).float())
            picture = joined(light, made)
            values = {
                "cross entropy": self._cross_entropy(logits, wanted),
                "ab error": (made - wanted).norm(dim=1).mean(),
                "ab error with 3 hints": (hinted - wanted).norm(dim=1).mean(),
                "ab error of gray": wanted.norm(dim=1).mean(),
                "colorfulness": colorfulness(picture),
                "colorfulness of the originals": colorfulness(image),
                "looks": self._apart(picture, image),
                "looks of gray": self._apart(joined(light, 0 * ab), image),
            }
            for name, value in values.items():
                found.setdefault(name, []).append(float(value))
            if number < 2 * _SHOWN:
                gray = light[0].expand(3, -1, -1)
                rows.append([gray, picture[0], joined(light, hinted)[0], image[0]])
        metrics = {f"held-out {name}": sum(x) / len(x) for name, x in found.items()}
        sheet = sheet_of(two_in_a_row(rows))
        # Not the cross entropy: it suffers from too much confidence long before the colors do.
        score = metrics["held-out ab error"] + metrics["held-out ab error with 3 hints"]
        score /= metrics["held-out ab error of gray"]
        score += metrics["held-out looks"] / max(metrics["held-out looks of gray"], 1e-6)
        return Validation(-score, metrics, sheet)

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network."""
        return self._average.shadow.state_dict()

    def _taught(self, image: Tensor, deep: Tensor) -> Tensor:
        """How far the deepest features are from those of the teacher, which sees the colors."""
        if self._teacher is None:
            return deep.new_zeros(())
        with torch.no_grad():
            wanted = self._teacher(image, _TAUGHT)
        distances = []
        for head, target in zip(self._heads, wanted, strict=True):
            answer = F.adaptive_avg_pool2d(head(deep).float(), target.shape[2:])
            distances.append(1 - F.cosine_similarity(answer, target.float(), dim=1).mean())
        return torch.stack(distances).mean()

    def _looks(self, logits: Tensor, light: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """How differently the teacher sees what is made, and by how much that is too dull."""
        if self._teacher is None or not self._parameters.looks:
            return logits.new_zeros(()), logits.new_zeros(())
        made = joined(light, self.network.ab(logits))
        true, ours = colorfulness(image).mean(), colorfulness(made).mean()
        return self._apart(made, image), F.relu(_LIVELY - ours / true)

    def _apart(self, made: Tensor, image: Tensor) -> Tensor:
        """By how much the teacher's features of two pictures differ; 0 without a teacher."""
        if self._teacher is None:
            return made.new_zeros(())
        with torch.no_grad():
            wanted = self._teacher(image, LAYERS)
        return relative_distance(self._teacher(made, LAYERS), wanted).mean()

    def _cross_entropy(self, logits: Tensor, wanted: Tensor) -> Tensor:
        """Against the true colors, spread over the classes near them; rare ones count more."""
        share = self._classes(wanted)
        losses = -(share * logits.float().log_softmax(1)).sum(1)
        weight = self._weights[share.argmax(1)]
        return (losses * weight).sum() / weight.sum()

    def _classes(self, ab: Tensor) -> Tensor:
        """N x 2 x h x w to N x Q x h x w that sum to 1."""
        centers = self.network.centers[None, :, :, None, None]
        squares = (ab[:, None] - centers).square().sum(2)
        return (-squares / (2 * _SPREAD**2)).softmax(1)

    @torch.no_grad()
    def _rarity(self) -> Tensor:
        """The weight of each class: 1 on average over the pictures (Zhang et al. 2016, equation 4)."""
        total = torch.zeros(len(self.network.centers), device=self._device)
        step = max(len(self.training) // _LOOKED_AT, 1)
        for picture in self.training[::step]:
            image = to_tensor(center_crop(picture, self._parameters.size)).to(self._device)
            total += self._classes(F.avg_pool2d(_separated(image)[1], 8)).mean((0, 2, 3))
        share = total / total.sum()
        mix = self._parameters.rebalance
        weights = 1 / ((1 - mix) * share + mix / len(share))
        return weights / (weights * share).sum()

    def _hints(self, ab: Tensor, random: np.random.Generator) -> Tensor:
        hints = no_hints(ab)
        for number, colors in enumerate(ab):
            if random.random() < self._parameters.hinted:
                hints[number] = random_dabs(colors, random)
        return hints

    def _batch(self, random: np.random.Generator) -> Tensor:
        """Random parts at random sizes, N x 3 x size x size in [0, 1]."""
        size, count = self._parameters.size, self._parameters.batch
        batch = random_parts(self.training, size, count, random).to(self._device)
        return batch.contiguous(memory_format=torch.channels_last)


def joined(light: Tensor, ab: Tensor) -> Tensor:
    """Colors at a lower resolution under a lightness, as RGB in [0, 1].

    Args:
        light: N x 1 x H x W, L / 100.
        ab: N x 2 x h x w in CIELAB units.
    """
    wide = F.interpolate(ab, size=light.shape[2:], mode="bilinear")
    with torch.no_grad():
        fitting = lab_in_gamut(torch.cat([light * 100, wide], dim=1))[:, 1:]
        share = (
            fitting.norm(dim=1, keepdim=True) / wide.norm(dim=1, keepdim=True).clamp(min=1e-3)
        ).clamp(max=1)
    return lab_to_srgb(torch.cat([light * 100, wide * share], dim=1)).clamp(0, 1)


def _separated(image: Tensor) -> tuple[Tensor, Tensor]:
    """L / 100, and a and b, of N x 3 x H x W."""
    lab = srgb_to_lab(image)
    return lab[:, :1] / 100, lab[:, 1:]


def _faded(light: Tensor, random: np.random.Generator) -> Tensor:
    """Some pictures with another contrast, as prints and old films have it."""
    gammas, lows, highs = (light.new_ones(len(light)) for _ in range(3))
    lows *= 0
    for number in range(len(light)):
        if random.random() < 0.3:
            gammas[number] = float(np.exp(random.normal(0, 0.25)))
            lows[number], highs[number] = random.uniform(0, 0.15), random.uniform(0.8, 1)
    gamma, low, high = (each[:, None, None, None] for each in (gammas, lows, highs))
    return low + (high - low) * light.clamp(0, 1) ** gamma
