"""The recipe of pix2pix (Isola et al. 2017): L1 and a conditional PatchGAN, on pairs of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.beginnings import begin_from
from studio.nn.discriminators import PatchDiscriminator, adversarial_loss
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.generators import ResnetGenerator, UnetGenerator, initialise
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import feature_distance
from studio.nn.pictures import (
    Picture,
    center_crop,
    list_pairs,
    originals_of,
    read_pair,
    resized,
    split,
    to_tensor,
)
from studio.nn.training import Trained, TrainingContext, TrainingError, mixed, sheet_of
from studio_plugins.pix2pix.palettes import colors_of, labels, palette

if TYPE_CHECKING:
    from studio_plugins.pix2pix.training import PairParameters

# Pictures are cropped from a copy that is larger by this, as 286 to 256 in the paper.
_MARGIN = 1.12
_SHOWN = 8
_LOOKED_AT = 64  # pictures whose colors make a palette
M = TypeVar("M", bound=nn.Module)


def train(data: Sequence[Path], parameters: PairParameters, context: TrainingContext) -> Trained:
    """Train a generator on pairs.

    Args:
        data: one folder of side-by-side pictures, or the inputs' and the targets'.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pairs, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    learner = PairLearner(*load(data, parameters), parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    return Trained(
        fitted.path,
        type(learner.generator).__name__,
        fitted.step,
        metrics=fitted.metrics,
        extra=_extra(parameters, learner.training),
        summary=f"Learned from {len(learner.training)} pairs at {parameters.size} pixels.",
    )


def build(parameters: PairParameters) -> UnetGenerator | ResnetGenerator:
    """The generator that the parameters describe, freshly initialised."""
    network: UnetGenerator | ResnetGenerator
    if parameters.architecture == "resnet":
        network = ResnetGenerator(
            width=parameters.width, blocks=parameters.blocks, upsampling="resize"
        )
    else:
        network = UnetGenerator(
            downs=(parameters.size & -parameters.size).bit_length() - 1,
            width=parameters.width,
            widest=parameters.widest,
            dropout=True,
        )
    initialise(network)
    return network


Samples = list[tuple[Picture, Picture]]


def load(data: Sequence[Path], parameters: PairParameters) -> tuple[Samples, Samples]:
    """Pairs to learn from, slightly larger than the training size, and pairs to check on."""
    pairs, _ = list_pairs(data)
    held = split([pair[0] for pair in pairs], parameters.validation, originals_of(data))
    training: Samples = []
    validation: Samples = []
    for pair, out in zip(pairs, held, strict=True):
        short = parameters.size if out else round(parameters.size * _MARGIN)
        first, second = (resized(picture, short) for picture in read_pair(pair))
        (validation if out else training).append((first, second))
    if len(training) < 2 or not validation:
        raise TrainingError(
            f"There are too few pairs: {len(pairs)}.", "Put at least 20 into the folder."
        )
    return training, validation


class PairLearner:
    """Generator against conditional discriminator; see `studio.nn.loops.Learner`."""

    def __init__(
        self,
        training: Samples,
        validation: Samples,
        parameters: PairParameters,
        context: TrainingContext,
    ) -> None:
        self.training, self._validation = training, validation
        self._parameters, self._device = parameters, context.device
        generator = build(parameters)
        if parameters.start:
            begin_from(generator, context.files(parameters.start)[0])
        self.generator = _placed(generator, context.device)
        self._average = ExponentialMovingAverage(self.generator, 0.999)
        discriminator = PatchDiscriminator(6, width=parameters.width)
        initialise(discriminator)
        self._discriminator = _placed(discriminator, context.device)
        self._optimiser = _adam(self.generator, parameters.rate)
        self._opponent = _adam(self._discriminator, parameters.rate)
        self._palette: Tensor | None = None
        if parameters.prepares == "labels":
            self._palette = colors_of(_palette(training))
        self._features: FeatureNetwork | None = None
        if parameters.features:
            features = load_features(context.files(parameters.features)[0])
            self._features = _placed(features, context.device)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Networks, average and optimisers."""
        return {
            "generator": self.generator,
            "average": self._average,
            "discriminator": self._discriminator,
            "optimiser": self._optimiser,
            "opponent": self._opponent,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step of the discriminator, then one of the generator."""
        for group in (*self._optimiser.param_groups, *self._opponent.param_groups):
            group["lr"] = rate
        given, wanted = self._batch(random)
        self.generator.train()
        with mixed(self._device, self._parameters.precision):
            made = self.generator(given)
            judged = adversarial_loss(
                self._discriminator(torch.cat([given, made.detach().to(given.dtype)], 1)),
                real=False,
            ) + adversarial_loss(self._discriminator(torch.cat([given, wanted], 1)), real=True)
        _descend(judged * 0.5, self._opponent)
        self._discriminator.requires_grad_(False)
        with mixed(self._device, self._parameters.precision):
            opinion = self._discriminator(torch.cat([given, made.to(given.dtype)], 1))
            adversarial = adversarial_loss(opinion, real=True)
            distance = F.l1_loss(made.float(), wanted)
            loss = adversarial + self._parameters.distance * distance
            losses = {"distance": distance / 2, "generator": adversarial, "discriminator": judged}
            if self._features is not None:
                perceptual = feature_distance(
                    self._features, (made.float() + 1) / 2, (wanted + 1) / 2
                )
                loss = loss + self._parameters.perceptual * perceptual.mean()
                losses["features"] = perceptual.mean()
        _descend(loss, self._optimiser)
        self._discriminator.requires_grad_(True)
        self._average.update(self.generator)
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """L1 and feature distance of the averaged generator on held-out pairs."""
        rows, distances, perceptual = [], [], []
        network = self._average.shadow.eval()
        for number, (first, second) in enumerate(self._validation):
            given, wanted = (
                to_tensor(center_crop(p, self._parameters.size)).to(self._device)
                for p in (first, second)
            )
            given = self._exact(given)
            made = network(given * 2 - 1).float() / 2 + 0.5
            distances.append(float(F.l1_loss(made, wanted)))
            if self._features is not None:
                perceptual.append(float(feature_distance(self._features, made, wanted).mean()))
            if number < _SHOWN * 3:
                rows.extend([given[0], made[0], wanted[0]])
        metrics = {"held-out L1": sum(distances) / len(distances)}
        score = -self._parameters.distance * metrics["held-out L1"]
        if perceptual:
            metrics["held-out feature distance"] = sum(perceptual) / len(perceptual)
            score -= self._parameters.perceptual * metrics["held-out feature distance"] / 2
        sheet = sheet_of([rows[i : i + 9] for i in range(0, len(rows) - len(rows) % 9 or 1, 9)])
        return Validation(score, metrics, sheet)

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged generator."""
        return self._average.shadow.state_dict()

    def _batch(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Aligned crops, mirrored half of the time, N x 3 x size x size in [-1, 1]."""
        size = self._parameters.size
        givens, targets = [], []
        for index in random.integers(len(self.training), size=self._parameters.batch):
            pair = self.training[index]
            height, width = pair[0].shape[:2]
            side = int(random.integers(size, min(height, width) + 1))
            top, left = (
                int(random.integers(height - side + 1)),
                int(random.integers(width - side + 1)),
            )
            step = -1 if random.integers(2) else 1
            given, wanted = (
                to_tensor(picture[top : top + side, left : left + side][:, ::step])
                for picture in pair
            )
            if side != size:
                given, wanted = (
                    F.interpolate(p, size=(size, size), mode="bilinear", antialias=True)
                    for p in (given, wanted)
                )
            if self._parameters.vary_lines and random.integers(2):
                given = _other_lines(given, random)
            givens.append(self._exact(given))
            targets.append(wanted)
        return self._on_device(givens), self._on_device(targets)

    def _exact(self, given: Tensor) -> Tensor:
        """A label map without the shades that resampling made, as the operation will give it."""
        return given if self._palette is None else labels(given, self._palette)

    def _on_device(self, pictures: Sequence[Tensor]) -> Tensor:
        batch = torch.cat(list(pictures)) * 2 - 1
        return batch.to(self._device).contiguous(memory_format=torch.channels_last)


def _extra(parameters: PairParameters, training: Samples) -> dict[str, str]:
    """What the operation must know: the working size, the preparation, and the colors of labels."""
    extra = {"size": str(parameters.size), "prepares": parameters.prepares}
    if parameters.prepares == "labels":
        extra["palette"] = " ".join(_palette(training))
    return extra


def _palette(training: Samples) -> list[str]:
    return palette([first for first, _ in training[:_LOOKED_AT]])


def _other_lines(drawing: Tensor, random: np.random.Generator) -> Tensor:
    """Dark lines on white made thicker, by up to two pixels, or a little softer."""
    thick = -F.max_pool2d(-drawing, 3, stride=1, padding=1)
    if random.integers(2):
        soft = F.avg_pool2d(drawing, 3, stride=1, padding=1, count_include_pad=False)
        return torch.minimum(drawing, soft)
    return torch.lerp(drawing, thick, float(random.random()))


def _placed(network: M, device: torch.device) -> M:
    return network.to(device).to(memory_format=torch.channels_last)


def _adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.999), fused=True)


def _descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()
