"""How the codec learns in whose latents a painter paints: before it, and without any words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from studio.nn.autoencoders import divergence, sampled
from studio.nn.codecs import PictureCodec
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork
from studio.nn.loops import Stateful, Validation
from studio.nn.losses import charbonnier, feature_distance
from studio.nn.planes import over
from studio.nn.training import TrainingContext, mixed, sheet_of
from studio_plugins.sampling.drawings import Drawings, over_white

_CHECKED = 96
_SHOWN = 12
_AT_ONCE = 64
_PERCEPTUAL = 0.3
# Of a nat of the latents against the mean absolute error: enough that close latents look alike.
_PRIOR = 0.1


class CodecLearner:
    """Learns to give back what it was given; see `studio.nn.loops.Learner`.

    Args:
        codec: to be trained.
        drawings: to learn from and to check on.
        features: judges likeness beside the plain difference, if there is one.
        batch: pictures in a step.
        precision: ``mixed`` or ``float32``.
        context: of the training.
    """

    def __init__(
        self,
        codec: PictureCodec,
        drawings: Drawings,
        features: FeatureNetwork | None,
        batch: int,
        precision: str,
        context: TrainingContext,
    ) -> None:
        self._drawings, self._features = drawings, features
        self._batch, self._precision, self._device = batch, precision, context.device
        self.codec = codec.to(context.device).to(memory_format=torch.channels_last)
        self.average = ExponentialMovingAverage(self.codec, 0.998)
        self._optimiser = torch.optim.Adam(self.codec.parameters(), betas=(0.9, 0.99), fused=True)
        random = np.random.default_rng(1)
        self._checked = random.permutation(drawings.checked)[:_CHECKED]

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Codec, average and optimiser."""
        return {"codec": self.codec, "average": self.average, "optimiser": self._optimiser}

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on random pictures."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        learned = self._drawings.learned
        planes = self._planes(learned[random.integers(len(learned), size=self._batch)])
        with mixed(self._device, self._precision):
            mean, logarithm = self.codec.encode(planes)
            made = self.codec.decode(sampled(mean, logarithm)).float()
            # Laid on another gray each time, nothing is invisible for long.
            losses = self._distances(made, planes, float(random.random()))
        nats = divergence(mean.flatten(1), logarithm.flatten(1)).mean()
        loss = sum(losses.values()) + _PRIOR * nats / planes[0].numel()
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.codec.parameters(), 1.0)
        self._optimiser.step()
        self.average.update(self.codec)
        return {name: float(each.detach()) for name, each in {**losses, "nats": nats}.items()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Error on held-out pictures."""
        codec = self.average.shadow.eval()
        planes = self._planes(self._checked)
        made = torch.cat([codec(part) for part in torch.split(planes, _AT_ONCE)])
        losses = self._distances(made, planes, 0.5)
        metrics = {"codec, held-out L1, of 255": 127.5 * float((made - planes).abs().mean())}
        rows = [[*over_white(each[:_SHOWN]).cpu()] for each in (planes, made)]
        return Validation(-float(sum(losses.values())), metrics, sheet_of(rows))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged codec."""
        return self.average.shadow.state_dict()

    def _distances(self, made: Tensor, planes: Tensor, gray: float) -> dict[str, Tensor]:
        losses = {"distance": charbonnier(made / 2, planes / 2)}
        if self._features is not None:
            found = feature_distance(self._features, over(made, gray), over(planes, gray))
            losses["features"] = _PERCEPTUAL * found.mean()
        return losses

    def _planes(self, numbers: NDArray[np.int64]) -> Tensor:
        planes = self._drawings.values(numbers).to(self._device)
        return planes.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def latents_of(codec: PictureCodec, drawings: Drawings, device: torch.device) -> Tensor:
    """The latents of all pictures, N x L x h x w, on the CPU; the codec is told what they are like."""
    codec.to(device).eval()
    numbers = np.arange(len(drawings))
    parts = np.array_split(numbers, max(len(numbers) // _AT_ONCE, 1))
    means = torch.cat([codec.encode(drawings.values(part).to(device))[0] for part in parts])
    codec.describe(means[drawings.learned])
    return codec.normalized(means).cpu()
