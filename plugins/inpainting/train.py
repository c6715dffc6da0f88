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
from studio.nn.losses import feature_distance
from studio.nn.pictures import Picture, center_crop, resized, to_tensor
from studio.nn.samples import Samples, random_parts, read_samples
from studio.nn.training import Trained, TrainingContext, mixed, sheet_of, two_in_a_row
from studio_plugins.inpainting.masks import missing_border, random_mask, thick

if TYPE_CHECKING:
    from studio_plugins.inpainting.training import InpaintingRecipe

_KEPT = 2.0  # pictures are kept at up to this times the training size
_CHECKED = 64
_SHOWN = 12
_JUDGE = 24  # channels of the discriminator's first layer


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
    learner = InpaintingLearner(*load(data[0], parameters), parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
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
        parameters: InpaintingRecipe,
        context: TrainingContext,
    ) -> None:
        self.training = training
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
        image, mask = self._batch(random)
        self.network.train()
        with mixed(self._device, self._parameters.precision):
            made = self.network(image, mask)
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
                losses["features"] = feature_distance(self._features, made, image).mean()
                loss = loss + self._parameters.perceptual * losses["features"]
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
        distances, perceptual, rows = [], [], []
        for number, (image, mask) in enumerate(zip(*self._checked, strict=True)):
            whole, hole = image[None].to(self._device), mask[None].to(self._device)
            made = network(whole, hole)
            error = (made - whole).square().sum() / (3 * hole.sum())
            distances.append(float(-10 * torch.log10(error.clamp(min=1e-10))))
            if self._features is not None:
                perceptual.append(float(feature_distance(self._features, made, whole)))
            if number % (len(self._checked[0]) // _SHOWN or 1) == 0:
                gray = torch.where(mask > 0, torch.full_like(image, 0.5), image)
                rows.append([gray, made[0], image])
        metrics = {"held-out PSNR in the hole, dB": sum(distances) / len(distances)}
        score = metrics["held-out PSNR in the hole, dB"]
        if perceptual:
            metrics["held-out feature distance"] = sum(perceptual) / len(perceptual)
            score = -metrics["held-out feature distance"]
        return Validation(score, metrics, sheet_of(two_in_a_row(rows)))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network."""
        return self._average.shadow.state_dict()

    def _exam(self, pictures: Sequence[Picture]) -> tuple[Tensor, Tensor]:
        """Held-out pictures with thick holes, each fourth with a missing border."""
        size, random = self._parameters.size, np.random.default_rng(0)
        images = torch.cat([to_tensor(center_crop(p, size)) for p in pictures])
        masks = [
            missing_border(size, random) if number % 4 == 3 else thick(size, random, (0.1, 0.3))
            for number in range(len(pictures))
        ]
        return images, torch.from_numpy(np.stack(masks)[:, None]).float()

    def _batch(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Random parts at random sizes, N x 3 x size x size in [0, 1], and as many holes."""
        size, count = self._parameters.size, self._parameters.batch
        images = random_parts(self.training, size, count, random).to(self._device)
        borders = self._parameters.borders
        masks = [random_mask(size, random, borders=borders) for _ in range(count)]
        holes = torch.from_numpy(np.stack(masks)[:, None]).float().to(self._device)
        return images.contiguous(memory_format=torch.channels_last), holes


def _adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99), fused=True)


def _descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()
