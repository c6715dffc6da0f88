"""The recipe of GANs: DCGAN or style-based, with classes if there are any, on few pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.augmentation import augmented
from studio.nn.beginnings import begin_from
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.gans import (
    DcganGenerator,
    Discriminator,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)
from studio.nn.judging import compared, described
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.style_generator import StyleGenerator
from studio.nn.training import Trained, TrainingContext, mixed
from studio_plugins.sampling.families_common import (
    descend,
    extra_of,
    feature_network,
    held_out,
    placed,
    set_rate,
    shown,
    some,
)
from studio_plugins.sampling.families_data import Albums, read_albums

if TYPE_CHECKING:
    from studio_plugins.sampling.families_training import GanParameters

Generator = DcganGenerator | StyleGenerator
_SHOWN = 12
_BATCH = 64
_COARSE = 16  # side at which pictures are compared for sameness
_EVERY = 16  # steps between two gradient penalties, which then weigh as much more (lazy R1)


def train(data: Sequence[Path], parameters: GanParameters, context: TrainingContext) -> Trained:
    """Train a generator on a folder of pictures.

    Args:
        data: the folder; with folders in it, these are classes.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    albums = read_albums(data[0], parameters.side, parameters.validation)
    learner = GanLearner(albums, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    return Trained(
        fitted.path,
        type(learner.generator).__name__,
        fitted.step,
        metrics=fitted.metrics,
        extra=extra_of(albums, classes=parameters.classes),
        summary=f"Draws pictures of {parameters.side} pixels, learned from "
        f"{len(albums.training)} pictures.",
    )


def build(parameters: GanParameters, channels: int, classes: int) -> Generator:
    """The generator that the parameters describe."""
    if parameters.kind == "style":
        return StyleGenerator(
            parameters.side,
            channels,
            parameters.width,
            parameters.widest,
            parameters.latent,
            classes,
        )
    generator = DcganGenerator(
        parameters.side, channels, parameters.width, parameters.latent, classes
    )
    generator.apply(_begin)
    return generator


def apart(planes: Tensor) -> Tensor:
    """Mean absolute differences of the first half of 2N pictures to the second, reduced to 16 x 16; N.

    Yang et al. 2019, "Diversity-Sensitive Conditional Generative Adversarial Networks",
    https://arxiv.org/abs/1901.09024: a generator that is told a class tends to overlook its latent.
    Here two pictures of a class need be no more unlike than real ones are on average.
    """
    first, second = F.adaptive_avg_pool2d(planes.float(), _COARSE).chunk(2)
    return (first - second).abs().flatten(1).mean(1)


def typical_distance(planes: Tensor, labels: Tensor) -> float:
    """What `apart` is on average of two real pictures of one class."""
    small = F.adaptive_avg_pool2d(planes, _COARSE).flatten(1)
    distances = torch.cdist(small, small, p=1) / small.shape[1]
    same = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    return max(float(distances[same].mean()), 1e-3) if bool(same.any()) else 1.0


def _begin(layer: nn.Module) -> None:
    """Small weights, as the paper has them."""
    if isinstance(layer, nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, std=0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


class GanLearner:
    """Generator against discriminator; see `studio.nn.loops.Learner`."""

    def __init__(self, albums: Albums, parameters: GanParameters, context: TrainingContext) -> None:
        self._albums, self._parameters, self._device = albums, parameters, context.device
        classes = len(albums.classes) if parameters.classes else 0
        generator = build(parameters, albums.channels, classes)
        if parameters.start:
            begin_from(generator, context.files(parameters.start)[0])
        self.generator = placed(generator, context.device)
        self._average = ExponentialMovingAverage(self.generator, 0.999)
        self._discriminator = placed(
            Discriminator(parameters.side, albums.channels, parameters.judge, classes),
            context.device,
        )
        self._optimiser = _adam(self.generator, parameters.rate)
        self._opponent = _adam(self._discriminator, parameters.rate)
        self._features = feature_network(parameters.features, context)
        self._held, self._labels = held_out(albums.held)
        planes, classes_of = held_out(albums.training)
        self._apart = typical_distance(planes, classes_of)
        self._seen = described(self._held.to(context.device), self._features)

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
        set_rate(self._optimiser, rate)
        set_rate(self._opponent, rate)
        self.generator.train()
        planes, labels = self._albums.training.drawn(
            self._parameters.batch, random, mirror=self._parameters.mirror
        )
        planes, labels = planes.to(self._device), labels.to(self._device)
        losses = {"discriminator": self._judge(planes, labels)}
        if self._parameters.penalty and self._average.updates % _EVERY == 0:
            self._penalize(planes, labels)
        self._discriminator.requires_grad_(False)
        # Two pictures of each class, so that they can be held apart.
        labels = labels[: (len(labels) + 1) // 2].repeat(2)
        with mixed(self._device, self._parameters.precision):
            made = self._made(labels)
            opinion = self._discriminator(self._varied(made), labels)
        losses["generator"] = generator_loss(opinion)
        losses["sameness"] = F.relu(1 - apart(made).mean() / self._apart)
        loss = losses["generator"] + self._parameters.variety * losses["sameness"]
        descend(loss, self._optimiser)
        self._discriminator.requires_grad_(True)
        self._average.update(self.generator)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _judge(self, planes: Tensor, labels: Tensor) -> Tensor:
        with mixed(self._device, self._parameters.precision):
            with torch.no_grad():
                made = self._made(labels)
            real = self._discriminator(self._varied(planes), labels)
            fake = self._discriminator(self._varied(made), labels)
        loss = discriminator_loss(real, fake)
        descend(loss, self._opponent)
        return loss

    def _penalize(self, planes: Tensor, labels: Tensor) -> None:
        """R1, in float32: gradients of gradients are small numbers."""
        penalty = gradient_penalty(self._discriminator, self._varied(planes), labels)
        descend(penalty * (0.5 * self._parameters.penalty * _EVERY), self._opponent)

    def _varied(self, planes: Tensor) -> Tensor:
        planes = planes.float()
        varied = augmented(planes) if self._parameters.augment else planes
        return varied.contiguous(memory_format=torch.channels_last)

    def _made(self, labels: Tensor) -> Tensor:
        latent = torch.randn(len(labels), self._parameters.latent, device=self._device)
        if isinstance(self.generator, StyleGenerator):
            return self.generator.draw(self.generator.mixed(latent, labels))
        made: Tensor = self.generator(latent, labels)
        return made

    @torch.no_grad()
    def validate(self) -> Validation:
        """How like held-out pictures the averaged generator's are, and how varied."""
        network = self._average.shadow.eval()
        made = self._drawn(network, self._labels)
        seen = described(made.to(self._device), self._features)
        metrics = compared(seen, self._seen, self._labels.to(seen.device))
        count = max(network.classes, 1)
        rows = [some(self._held, _SHOWN)]
        for number in range(4 if count == 1 else min(count, 10)):
            labels = torch.full((_SHOWN,), number if count > 1 else 0)
            rows.append(self._drawn(network, labels, number))
        score = -metrics["Fréchet distance"]
        return Validation(score, metrics, shown([r for r in rows if len(r) == _SHOWN]))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged generator."""
        return self._average.shadow.state_dict()

    def _drawn(self, network: Generator, labels: Tensor, seed: int = 100) -> Tensor:
        """New pictures, always of the same random numbers."""
        random = torch.Generator().manual_seed(seed)
        latent = torch.randn(len(labels), network.latent, generator=random)
        made = [
            network(a.to(self._device), b.to(self._device)).float().cpu().clamp(-1, 1)
            for a, b in zip(torch.split(latent, _BATCH), torch.split(labels, _BATCH), strict=True)
        ]
        return torch.cat(made)


def _adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.0, 0.99), fused=True)
