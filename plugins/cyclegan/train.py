"""The recipe of CycleGAN (Zhu et al. 2017): two generators that undo each other, without pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.beginnings import begin_from
from studio.nn.discriminators import (
    FeatureDiscriminator,
    ImagePool,
    PatchDiscriminator,
    adversarial_loss,
)
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.generators import ResnetBlock, ResnetGenerator, initialise
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import charbonnier
from studio.nn.metrics import frechet_distance
from studio.nn.pictures import Picture, center_crop, random_crop, resized, to_tensor
from studio.nn.samples import Samples, read_samples
from studio.nn.training import Trained, TrainingContext, TrainingError, mixed, sheet_of

if TYPE_CHECKING:
    from studio_plugins.cyclegan.training import CycleParameters

_FLAT = 0.1  # differences in [-1, 1] below which a distance is quadratic
_KEPT = 2.5  # pictures are kept at up to this times the training size
_ZOOM = 1.5  # and parts of up to this times the size are shrunk to it
_SHOWN = 6
_CHECKED = 48
_JUDGED = ("1_2", "2_2", "3_2", "4_1")
_LAYERS = ("2_1", "3_1", "4_1")


def train(data: Sequence[Path], parameters: CycleParameters, context: TrainingContext) -> Trained:
    """Train both directions between two folders.

    Args:
        data: the folder of the first kind of pictures, and that of the second.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Returns:
        One file with the tensors of both generators, as ``a_to_b.*`` and ``b_to_a.*``.

    Raises:
        TrainingError: if there are too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    sides = [load(folder, parameters) for folder in data]
    learner = CycleLearner(sides[0], sides[1], parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    first, second = (len(training) for training, _ in sides)
    return Trained(
        fitted.path,
        "CycleGAN",
        fitted.step,
        metrics=fitted.metrics,
        extra={"size": str(parameters.size), "from": data[0].name, "to": data[1].name},
        summary=f"Learned from {first} and {second} pictures, in parts of {parameters.size} pixels.",
    )


def load(folder: Path, parameters: CycleParameters) -> Samples:
    """Pictures to learn from and pictures to check on; those below half the size are left out."""
    size = parameters.size

    def kept(picture: Picture) -> Picture | None:
        short = min(picture.shape[:2])
        if short < size // 2:
            return None
        return resized(picture, min(max(short, size), round(size * _KEPT)))

    return read_samples(folder, parameters.validation, kept)


class CycleLearner:
    """Two generators and two discriminators; see `studio.nn.loops.Learner`."""

    def __init__(
        self, first: Samples, second: Samples, parameters: CycleParameters, context: TrainingContext
    ) -> None:
        self._training = (first[0], second[0])
        self._validation = (first[1][:_CHECKED], second[1][:_CHECKED])
        self._parameters, self._device = parameters, context.device
        self._generators = nn.ModuleDict(
            {
                name: ResnetGenerator(
                    width=parameters.width,
                    blocks=parameters.blocks,
                    norm="none",
                    upsampling="resize",
                    residual=True,
                )
                for name in ("a_to_b", "b_to_a")
            }
        )
        self._features: FeatureNetwork | None = None
        if parameters.features:
            features = load_features(context.files(parameters.features)[0])
            self._features = features.to(context.device)
        self._discriminators = nn.ModuleDict({"a": self._judge(0), "b": self._judge(1)})
        initialise(self._discriminators)
        for network in self._generators.values():
            _begin(network)
        if parameters.start:
            begin_from(self._generators, context.files(parameters.start)[0])
        for networks in (self._generators, self._discriminators):
            networks.to(context.device).to(memory_format=torch.channels_last)
        self._average = ExponentialMovingAverage(self._generators, 0.999)
        self._pools = {"a": ImagePool(), "b": ImagePool()}
        self._optimiser, self._opponent = (
            torch.optim.Adam(n.parameters(), lr=parameters.rate, betas=(0.5, 0.999), fused=True)
            for n in (self._generators, self._discriminators)
        )

    def _judge(self, side: int) -> PatchDiscriminator | FeatureDiscriminator:
        """The discriminator of one kind of pictures."""
        if self._parameters.judge == "patches":
            return PatchDiscriminator(width=self._parameters.width, norm="instance")
        if self._features is None:
            raise TrainingError(
                "A discriminator of features needs a feature network.",
                "Name a VGG checkpoint or model in the field “Features”, or judge patches.",
            )
        size = self._parameters.size
        real = [to_tensor(center_crop(p, size)) for p in self._training[side][:8]]
        pictures = torch.cat(real).to(self._device) * 2 - 1
        return FeatureDiscriminator(self._features, _JUDGED, pictures)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Networks, average, optimisers and pools."""
        return {
            "generators": self._generators,
            "average": self._average,
            "discriminators": self._discriminators,
            "optimiser": self._optimiser,
            "opponent": self._opponent,
            "pool_a": self._pools["a"],
            "pool_b": self._pools["b"],
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step of the generators, then one of the discriminators."""
        for group in (*self._optimiser.param_groups, *self._opponent.param_groups):
            group["lr"] = rate
        real = {"a": self._batch(0, random), "b": self._batch(1, random)}
        self._discriminators.requires_grad_(False)
        losses, fakes = self._generate(real)
        _descend(losses["loss"], self._optimiser)
        self._discriminators.requires_grad_(True)
        with mixed(self._device, self._parameters.precision):
            judged = torch.stack(
                [
                    adversarial_loss(network(real[kind]), real=True)
                    + adversarial_loss(network(self._pools[kind].exchange(fakes[kind])), real=False)
                    for kind, network in self._discriminators.items()
                ]
            ).sum()
        _descend(judged * 0.5, self._opponent)
        self._average.update(self._generators)
        losses["discriminators"] = judged
        return {name: float(value.detach()) for name, value in losses.items() if name != "loss"}

    def _generate(self, real: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses of the generators, and what they made."""
        parameters, number = self._parameters, self._parameters.batch
        forward, backward = self._generators["a_to_b"], self._generators["b_to_a"]
        with mixed(self._device, parameters.precision):
            # No norm mixes the pictures of a batch: one call makes fake and identity.
            fake_b, same_b = forward(torch.cat([real["a"], real["b"]])).split(number)
            fake_a, same_a = backward(torch.cat([real["b"], real["a"]])).split(number)
            again_a, again_b = backward(fake_b), forward(fake_a)
            adversarial = adversarial_loss(
                self._discriminators["b"](fake_b), real=True
            ) + adversarial_loss(self._discriminators["a"](fake_a), real=True)
        cycle = _distance(again_a, real["a"]) + _distance(again_b, real["b"])
        identity = _distance(same_a, real["a"]) + _distance(same_b, real["b"])
        loss = adversarial + parameters.cycle * cycle + parameters.identity * identity
        losses = {
            "loss": loss, "generators": adversarial, "cycle": cycle / 2, "identity": identity / 2,
        }  # fmt: skip
        return losses, {"a": fake_a.detach().float(), "b": fake_b.detach().float()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Cycle error and, with a feature network, how far the translated are from the real ones."""
        networks = self._average.shadow
        size, rows, gaps, errors = self._parameters.size, [], [], []
        for source, names in ((0, ("a_to_b", "b_to_a")), (1, ("b_to_a", "a_to_b"))):
            there, back = (networks.get_submodule(name) for name in names)
            given, target = (
                torch.cat([to_tensor(center_crop(p, size)) for p in self._validation[side]])
                for side in (source, 1 - source)
            )
            made = torch.cat(
                [there(g.to(self._device) * 2 - 1).float() for g in torch.split(given, 4)]
            )
            again = torch.cat([back(m).float() for m in torch.split(made, 4)])
            errors.append(float(F.l1_loss(again.cpu() / 2 + 0.5, given)))
            made = made.cpu() / 2 + 0.5
            gaps.append(self._gap(made, target) / max(self._gap(given, target), 1e-6))
            for i in range(min(_SHOWN, len(given))):
                rows.extend([given[i], made[i]])
        metrics = {"held-out cycle L1": sum(errors) / 2}
        if self._features is not None:
            metrics |= {"Fréchet a to b, of untranslated": gaps[0]}
            metrics |= {"Fréchet b to a, of untranslated": gaps[1]}
        # Without features there is no telling which is best: each is as good as the last, and kept.
        score = -sum(gaps) if self._features is not None else 0.0
        count = 2 * min(_SHOWN, *(len(side) for side in self._validation))
        lines = [rows[i : i + count] for i in range(0, len(rows) - count + 1, count)]
        return Validation(score, metrics, sheet_of(lines))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged generators."""
        return self._average.shadow.state_dict()

    def _gap(self, made: Tensor, target: Tensor) -> float:
        """Fréchet distance of two sets of pictures in features; 1 without a feature network."""
        if self._features is None:
            return 1.0
        first, second = (self._means(self._features, pictures) for pictures in (made, target))
        return frechet_distance(first, second)

    def _means(self, features: FeatureNetwork, pictures: Tensor) -> Tensor:
        """A picture's mean features, each layer divided by the root of its width: N x K."""
        found = []
        for part in torch.split(pictures, 8):
            layers = features(part.to(self._device), _LAYERS)
            means = [layers[name].mean((2, 3)) for name in _LAYERS]
            found.append(torch.cat([mean / mean.shape[1] ** 0.5 for mean in means], dim=1))
        return torch.cat(found).cpu()

    def _batch(self, side: int, random: np.random.Generator) -> Tensor:
        """Parts of random pictures, N x 3 x size x size in [-1, 1]."""
        size, crops = self._parameters.size, []
        for index in random.integers(len(self._training[side]), size=self._parameters.batch):
            picture = self._training[side][index]
            largest = min(round(size * _ZOOM), *picture.shape[:2])
            crop = to_tensor(random_crop(picture, int(random.integers(size, largest + 1)), random))
            if crop.shape[-1] != size:
                crop = F.interpolate(crop, size=(size, size), mode="bilinear", antialias=True)
            crops.append(crop)
        batch = torch.cat(crops) * 2 - 1
        return batch.to(self._device).contiguous(memory_format=torch.channels_last)


def _distance(made: Tensor, wanted: Tensor) -> Tensor:
    """L1, but flat at nothing: generators that start as the identity would be held by L1's kink."""
    return charbonnier(made.float(), wanted, _FLAT) - _FLAT


def _begin(network: nn.Module) -> None:
    """Weights with which a residual generator starts out as the identity, nearly.

    Without normalization: instance norm lifts what is nearly nothing to full contrast, and a network
    that is to add little then learns to put it all into one bright blob.
    """
    initialise(network, None)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    nn.init.normal_(convolutions[-1].weight, 0.0, 1e-3)
    for block in network.modules():
        if isinstance(block, ResnetBlock):
            second = [m for m in block.modules() if isinstance(m, nn.Conv2d)][-1]
            with torch.no_grad():
                second.weight.mul_(0.2)


def _descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()
