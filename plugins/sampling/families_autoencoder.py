"""The recipe of autoencoders, plain and variational."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studio.nn.autoencoders import Autoencoder, describe_latents, divergence, sampled
from studio.nn.beginnings import begin_from
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.judging import compared, described
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import charbonnier, feature_distance
from studio.nn.planes import over
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
    from studio_plugins.sampling.families_training import AutoencoderParameters

_SHOWN = 12
_DESCRIBED = 4096  # pictures of the training whose latents are described
_BATCH = 64
# Nats of the prior against the mean absolute error: a Laplacian of this scale, a tenth of the range.
_SCALE = 0.1


def train(
    data: Sequence[Path], parameters: AutoencoderParameters, context: TrainingContext
) -> Trained:
    """Train an autoencoder on a folder of pictures.

    Args:
        data: the folder.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    albums = read_albums(data[0], parameters.side, parameters.validation)
    learner = AutoencoderLearner(albums, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    return Trained(
        fitted.path,
        "Autoencoder",
        fitted.step,
        metrics=fitted.metrics,
        extra=extra_of(albums, classes=False),
        summary=f"A {parameters.kind} autoencoder of {parameters.side} pixels, learned from "
        f"{len(albums.training)} pictures.",
    )


class AutoencoderLearner:
    """Learns to give back what it was given; see `studio.nn.loops.Learner`."""

    def __init__(
        self, albums: Albums, parameters: AutoencoderParameters, context: TrainingContext
    ) -> None:
        self._albums, self._parameters, self._device = albums, parameters, context.device
        network = Autoencoder(
            parameters.side,
            albums.channels,
            parameters.width,
            parameters.latent,
            variational=parameters.kind == "variational",
        )
        if parameters.start:
            begin_from(network, context.files(parameters.start)[0])
        self.network = placed(network, context.device)
        self._average = ExponentialMovingAverage(self.network, 0.998)
        self._optimiser = torch.optim.Adam(
            self.network.parameters(), lr=parameters.rate, betas=(0.9, 0.99), fused=True
        )
        self._features = feature_network(parameters.features, context)
        self._held, _ = held_out(albums.held)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Network, average and optimiser."""
        return {
            "network": self.network,
            "average": self._average,
            "optimiser": self._optimiser,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on a batch."""
        set_rate(self._optimiser, rate)
        planes, _ = self._albums.training.drawn(
            self._parameters.batch, random, mirror=self._parameters.mirror
        )
        planes = planes.to(self._device).contiguous(memory_format=torch.channels_last)
        # Laid on another gray each time, nothing is invisible for long.
        losses = self._losses(self.network.train(), planes, float(random.random()))
        descend(losses["loss"], self._optimiser)
        self._average.update(self.network)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, network: Autoencoder, planes: Tensor, gray: float) -> dict[str, Tensor]:
        parameters = self._parameters
        with mixed(self._device, parameters.precision):
            mean, logarithm = network.encode(planes)
            drawn = sampled(mean, logarithm) if parameters.kind == "variational" else mean
            made = network.decode(drawn).float()
            losses = {"distance": charbonnier(made / 2, planes / 2)}
            loss = losses["distance"]
            if self._features is not None:
                distance = feature_distance(self._features, over(made, gray), over(planes, gray))
                losses["features"] = distance.mean()
                loss = loss + parameters.perceptual * losses["features"]
        if parameters.kind == "variational":
            losses["nats"] = divergence(mean, logarithm).mean()
            warm = min(self._average.updates / max(parameters.warmup, 1), 1.0)
            weight = parameters.prior * warm * _SCALE / planes[0].numel()
            loss = loss + weight * losses["nats"]
        return {**losses, "loss": loss}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Error of held-out pictures, and what new ones are like."""
        network = self._average.shadow.eval()
        self._describe(network)
        made = torch.cat([network(part) for part in self._batches(self._held)]).cpu()
        errors = (made.clamp(-1, 1) - self._held).abs().mean() / 2
        metrics = {"held-out L1, of 255": 255 * float(errors)}
        score = -metrics["held-out L1, of 255"] / 255
        if self._features is not None:
            distances = [
                feature_distance(
                    self._features, over(a, 0.5).to(self._device), over(b, 0.5).to(self._device)
                )
                for a, b in zip(
                    torch.split(made, _BATCH), torch.split(self._held, _BATCH), strict=True
                )
            ]
            metrics["held-out feature distance"] = float(torch.cat(distances).mean())
            score -= self._parameters.perceptual * metrics["held-out feature distance"]
        drawn = self._drawn(network, len(self._held))
        seen = (described(each.to(self._device), self._features) for each in (drawn, self._held))
        metrics.update(compared(*seen))
        if self._parameters.kind == "variational":
            score -= metrics["Fréchet distance"] * self._parameters.perceptual
        rows = [some(self._held, _SHOWN), some(made, _SHOWN)]
        rows += [drawn[:_SHOWN], drawn[_SHOWN : 2 * _SHOWN], self._between(network)]
        return Validation(score, metrics, shown([row for row in rows if len(row) == len(rows[0])]))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network."""
        return self._average.shadow.state_dict()

    def _batches(self, planes: Tensor) -> list[Tensor]:
        return [part.to(self._device) for part in torch.split(planes, _BATCH)]

    def _describe(self, network: Autoencoder) -> None:
        """Find out where the latents of the training's pictures are."""
        training = self._albums.training
        step = max(len(training) // _DESCRIBED, 1)
        found = []
        for start in range(0, len(training), _BATCH * step):
            planes, _ = training.batch(slice(start, start + _BATCH * step, step))
            found.append(network.encode(planes.to(self._device))[0])
        center, axes = describe_latents(torch.cat(found))
        for each in (network, self.network):  # an average copies buffers of its network
            each.center.copy_(center)
            each.axes.copy_(axes)

    def _drawn(self, network: Autoencoder, count: int) -> Tensor:
        """New pictures, always of the same random numbers."""
        random = torch.Generator().manual_seed(1)
        normal = torch.randn(count, network.latent, generator=random).to(self._device)
        if self._parameters.kind == "plain":
            normal = network.center + normal @ network.axes
        return torch.cat([network.decode(part) for part in torch.split(normal, _BATCH)]).cpu()

    def _between(self, network: Autoencoder) -> Tensor:
        """A walk from the first held-out picture to the last one."""
        ends, _ = network.encode(self._held[[0, -1]].to(self._device))
        weights = torch.linspace(0, 1, _SHOWN, device=ends.device)[:, None]
        return network.decode(torch.lerp(ends[:1], ends[1:], weights)).cpu()
