"""The recipe of the network that fills holes: pixels, features and a discriminator of patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.beginnings import begin_from
from studio.nn.discriminators import PatchDiscriminator
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.generators import initialise
from studio.nn.inpainting import InpaintingNetwork
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import feature_and_texture_distance, feature_distance
from studio.nn.pictures import Picture, center_crop, resized, to_tensor
from studio.nn.samples import Samples, random_parts, read_samples
from studio.nn.training import Trained, TrainingContext, mixed, sheet_of, two_in_a_row
from studio.nn.transparency import filled
from studio_plugins.inpainting.masks import missing_border, random_mask, thick
from studio_plugins.inpainting.patches import available, matched
from studio_plugins.inpainting.pool import Pool, exemplars, forget_exemplars

if TYPE_CHECKING:
    from studio_plugins.inpainting.training import InpaintingRecipe

_KEPT = 2.0  # pictures are kept at up to this times the training size
_CHECKED = 64
_SHOWN = 12
_JUDGE = 24  # channels of the discriminator's first layer
_WITHOUT = 0.25  # of the holes are shown without an exemplar


def train(data: Sequence[Path], parameters: InpaintingRecipe, context: TrainingContext) -> Trained:
    """Train a network on whole pictures, of which it is shown parts.

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
    training, validation = load(data[0], parameters)
    pool = None
    if parameters.exemplars and available():
        pool = exemplars(training, parameters, context)
    learner = InpaintingLearner(training, validation, pool, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    forget_exemplars(context)
    return Trained(
        fitted.path,
        "InpaintingNetwork",
        fitted.step,
        metrics=fitted.metrics,
        extra={"size": str(2 * parameters.size)},
        summary=f"Learned from {len(learner.training)} pictures, in parts of {parameters.size} pixels.",
    )


def load(folder: Path, parameters: InpaintingRecipe) -> Samples:
    """Pictures to learn from and pictures to check on."""

    def kept(picture: Picture) -> Picture:
        short = min(*picture.shape[:2], round(parameters.size * _KEPT))
        return resized(picture, max(short, parameters.size))

    return read_samples(folder, parameters.validation, kept)


class InpaintingLearner:
    """The network against its discriminator; see `studio.nn.loops.Learner`."""

    def __init__(
        self,
        training: list[Picture],
        validation: list[Picture],
        pool: Pool | None,
        parameters: InpaintingRecipe,
        context: TrainingContext,
    ) -> None:
        self.training, self._pool = training, pool
        self._parameters, self._device = parameters, context.device
        network = InpaintingNetwork(parameters.width, parameters.blocks)
        if parameters.start:
            begin_from(network, context.files(parameters.start)[0])
        discriminator = PatchDiscriminator(width=_JUDGE, norm="none")
        initialise(discriminator, None)
        self.network, self._discriminator = network, discriminator
        for each in (network, discriminator):
            each.to(context.device).to(memory_format=torch.channels_last)
        self._average = ExponentialMovingAverage(network, 0.998)
        self._optimiser = _adam(network, parameters.rate)
        self._opponent = _adam(discriminator, parameters.rate)
        self._features: FeatureNetwork | None = None
        if parameters.features:
            features = load_features(context.files(parameters.features)[0])
            self._features = features.to(context.device).to(memory_format=torch.channels_last)
        self._checked = self._exam(validation[:_CHECKED])

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Networks, average and optimisers."""
        return {
            "network": self.network,
            "average": self._average,
            "discriminator": self._discriminator,
            "optimiser": self._optimiser,
            "opponent": self._opponent,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step of the discriminator, then one of the network."""
        for group in (*self._optimiser.param_groups, *self._opponent.param_groups):
            group["lr"] = rate
        image, mask, exemplar = self._batch(random)
        self.network.train()
        with mixed(self._device, self._parameters.precision):
            made = self.network(image, mask, exemplar)
        losses: dict[str, Tensor] = {}
        if self._parameters.adversarial:
            losses["discriminator"] = self._judge(image, made.detach(), mask)
        loss = self._loss(image, made, mask, losses)
        _descend(loss, self._optimiser)
        self._discriminator.requires_grad_(True)
        self._average.update(self.network)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _judge(self, image: Tensor, made: Tensor, mask: Tensor) -> Tensor:
        """Teach the discriminator which patches are made (Zeng et al. 2021, "AOT-GAN")."""
        with mixed(self._device, self._parameters.precision):
            real = self._discriminator(image * 2 - 1).float()
            fake = self._discriminator(made * 2 - 1).float()
        truth = 1 - F.interpolate(mask, size=fake.shape[2:], mode="area")
        loss: Tensor = (real - 1).square().mean() + (fake - truth).square().mean()
        _descend(loss * 0.5, self._opponent)
        return loss

    def _loss(self, image: Tensor, made: Tensor, mask: Tensor, losses: dict[str, Tensor]) -> Tensor:
        """What the network is to make small; its terms go into ``losses``."""
        losses["distance"] = (made.float() - image).abs().sum() / (3 * mask.sum())
        loss = self._parameters.distance * losses["distance"]
        with mixed(self._device, self._parameters.precision):
            if self._features is not None:
                both = feature_and_texture_distance(self._features, made, image, mask)
                losses["features"], losses["texture"] = (each.mean() for each in both)
                loss = loss + self._parameters.perceptual * losses["features"]
                loss = loss + self._parameters.texture * losses["texture"]
            if self._parameters.adversarial:
                self._discriminator.requires_grad_(False)
                opinion = self._discriminator(made * 2 - 1).float()
                weight = F.interpolate(mask, size=opinion.shape[2:], mode="area")
                errors = (opinion - 1).square() * weight
                losses["generator"] = errors.sum() / weight.sum().clamp(min=1e-3)
                loss = loss + self._parameters.adversarial * losses["generator"]
        return loss

    @torch.no_grad()
    def validate(self) -> Validation:
        """Error and feature distance of the averaged network on held-out pictures."""
        network = self._average.shadow.eval()
        found: dict[str, list[float]] = {}
        rows = []
        for number, parts in enumerate(zip(*self._checked, strict=True)):
            image, hole, exemplar = (part[None].to(self._device) for part in parts)
            made = network(image, hole, exemplar)
            for name, result in (("", made), (" of the exemplars", exemplar)):
                error = (result - image).square().sum() / (3 * hole.sum())
                decibels = float(-10 * torch.log10(error.clamp(min=1e-10)))
                found.setdefault(f"held-out PSNR in the hole{name}, dB", []).append(decibels)
                if self._features is not None:
                    distance = float(feature_distance(self._features, result, image))
                    found.setdefault(f"held-out feature distance{name}", []).append(distance)
            if number % (len(self._checked[0]) // _SHOWN or 1) == 0:
                gray = torch.where(hole > 0, torch.full_like(image, 0.5), image)
                rows.append([each[0] for each in (gray, exemplar, made, image)])
        metrics = {name: sum(values) / len(values) for name, values in found.items()}
        score = metrics["held-out PSNR in the hole, dB"]
        if self._features is not None:
            score = -metrics["held-out feature distance"]
        return Validation(score, metrics, sheet_of(two_in_a_row(rows)))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network."""
        return self._average.shadow.state_dict()

    def _exam(self, pictures: Sequence[Picture]) -> tuple[Tensor, Tensor, Tensor]:
        """Held-out pictures with thick holes, each fourth with a missing border, and exemplars."""
        size, random = self._parameters.size, np.random.default_rng(0)
        images = torch.cat([to_tensor(center_crop(p, size)) for p in pictures])
        masks = [
            missing_border(size, random) if number % 4 == 3 else thick(size, random, (0.1, 0.3))
            for number in range(len(pictures))
        ]
        holes = torch.from_numpy(np.stack(masks)[:, None]).float()
        exemplar = matched(images, holes, 0) if self._pool is not None else None
        smooth = filled(images, 1 - holes)
        return images, holes, smooth if exemplar is None else exemplar

    def _batch(self, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor | None]:
        """Parts, N x 3 x size x size in [0, 1], as many holes, and exemplars.

        Some holes are new and have none, so that the network can do without.
        """
        size, count = self._parameters.size, self._parameters.batch
        known = 0 if self._pool is None else count - max(round(count * _WITHOUT), 1)
        images = random_parts(self.training, size, count - known, random)
        masks = [random_mask(size, random, borders=self._parameters.borders) for _ in images]
        holes = torch.from_numpy(np.stack(masks)[:, None]).float()
        if self._pool is None:
            exemplar = None
        else:
            drawn, gaps, exemplar = self._pool.drawn(known, random)
            smooth = filled(images, 1 - holes)
            exemplar = torch.cat([exemplar, smooth]).to(self._device)
            images, holes = torch.cat([drawn, images]), torch.cat([gaps, holes])
        wide = images.to(self._device).contiguous(memory_format=torch.channels_last)
        return wide, holes.to(self._device), exemplar


def _adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99), fused=True)


def _descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()
