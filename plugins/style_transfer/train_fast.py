"""The recipe of a network with one style: the perceptual losses of Johnson et al. 2016."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import gram, total_variation
from studio.nn.pictures import center_crop, read_picture, resized, to_tensor
from studio.nn.samples import Samples, random_parts
from studio.nn.training import Trained, TrainingContext, TrainingError, mixed, sheet_of
from studio_plugins.style_transfer.fast_networks import TransformerNet, example_names
from studio_plugins.style_transfer.train import load

if TYPE_CHECKING:
    from studio_plugins.style_transfer.fast_training import FastTraining

STYLE_LAYERS = ("1_2", "2_2", "3_3", "4_3", "1_1", "2_1", "3_1", "4_1")
"""The first four of these that a network has; networks that are cut off have the last ones."""
CONTENT_LAYERS = ("3_3", "3_1", "2_2", "2_1", "1_1")
"""The first of these that a network has."""
_STYLE_SIDE = 1.5  # shorter side of the painting against the size of the parts
_SHOWN = 6
_LEAST = 1e-3  # of a Gram matrix: photographs as close to the style are not brought closer


def train(data: Sequence[Path], parameters: FastTraining, context: TrainingContext) -> Trained:
    """Train a network to give photographs the style of one painting.

    Args:
        data: the folder of photographs.
        parameters: style, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if the painting or a feature network is missing, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    style, name = _painting(parameters)
    features = _features(parameters, context)
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    photos = load(data[0], parameters)
    learner = FastLearner(features, photos, style, parameters, context.device)
    fitted = fit(learner, planned(parameters, context, 250), context)
    return Trained(
        fitted.path,
        "TransformerNet",
        fitted.step,
        metrics=fitted.metrics,
        extra={"size": str(parameters.size), "style": name},
        summary=f"The style of {name}, learned from {len(photos[0])} photographs.",
        limits="It knows this one style, with strokes of one size.",
    )


class FastLearner:
    """The network against the features of photographs and painting; see `studio.nn.loops.Learner`.

    Args:
        features: frozen.
        photos: to learn from, and to check on.
        style: the painting, 1 x 3 x H x W in [0, 1].
        parameters: sizes and losses.
        device: where to compute.
    """

    def __init__(
        self,
        features: FeatureNetwork,
        photos: Samples,
        style: Tensor,
        parameters: FastTraining,
        device: torch.device,
    ) -> None:
        self._features, self._parameters, self._device = features.to(device), parameters, device
        there = features.layers
        self._style_layers = tuple(layer for layer in STYLE_LAYERS if layer in there)[:4]
        self._content_layer = next(layer for layer in CONTENT_LAYERS if layer in there)
        self._layers = tuple(dict.fromkeys((*self._style_layers, self._content_layer)))
        network = TransformerNet(parameters.width, parameters.blocks)
        with torch.no_grad():  # begins as a picture of medium contrast, not as black
            network.last.weight.mul_(64)
            network.last.bias = nn.Parameter(torch.full((3,), 127.5))
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._average = ExponentialMovingAverage(self._network, 0.995)
        self._optimiser = torch.optim.Adam(network.parameters(), lr=parameters.rate, fused=True)
        self._photos, self._style = photos[0], style
        shown = [photos[1][i % len(photos[1])] for i in range(_SHOWN)]
        self._checked = torch.cat([to_tensor(center_crop(p, parameters.size)) for p in shown])
        self._goals = self._measured(style.to(device), self._checked.to(device))

    @torch.no_grad()
    def _measured(self, style: Tensor, photos: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """For each layer the painting's Gram matrix, and the photographs' usual distance to it."""
        found, given = (
            self._features(style, self._style_layers),
            self._features(photos, self._layers),
        )
        goals = {}
        for layer in self._style_layers:
            goal = gram(found[layer])
            away = (gram(given[layer]) - goal).square().sum(dim=(1, 2)).mean()
            goals[layer] = goal, away + _LEAST * goal.square().sum() + 1e-12
        return goals

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Network, average and optimiser."""
        return {
            "network": self._network,
            "average": self._average,
            "optimiser": self._optimiser,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on random parts of photographs."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        content = self._batch(random)
        with mixed(self._device, self._parameters.precision):
            made = self._network(content).float()
        losses = self._losses(made, content)
        loss = self._total(losses)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._average.update(self._network)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, made: Tensor, content: Tensor) -> dict[str, Tensor]:
        with mixed(self._device, self._parameters.precision):
            with torch.no_grad():
                layer = self._content_layer
                wanted = self._features(content, (layer,))[layer]
            found = self._features(made, self._layers)
        # Outside: a Gram matrix in bfloat16 would be too coarse to tell two apart.
        wanted = wanted.float()
        distances = [
            (gram(found[x]) - goal).square().sum(dim=(1, 2)).mean() / away
            for x, (goal, away) in self._goals.items()
        ]
        return {
            "style": torch.stack(distances).mean(),
            "content": F.mse_loss(found[layer].float(), wanted) / (wanted.var() + 1e-8),
            "roughness": total_variation(made),
        }

    def _total(self, losses: Mapping[str, Tensor]) -> Tensor:
        own = self._parameters
        return (
            own.style_weight * losses["style"]
            + own.content_weight * losses["content"]
            + own.smoothness * losses["roughness"]
        )

    @torch.no_grad()
    def validate(self) -> Validation:
        """Losses on held-out photographs; the sheet shows the painting, photographs and results."""
        photos = self._checked.to(self._device)
        made = torch.cat([self._average.shadow(photo[None]) for photo in photos])
        losses = self._losses(made, photos)
        side = self._parameters.size
        painting = F.interpolate(self._style, size=(side, side), mode="bilinear", antialias=True)
        blank = torch.ones_like(painting[0])
        sheet = sheet_of([[painting[0], *photos], [blank, *made]])
        metrics = {f"held-out {name}": float(value) for name, value in losses.items()}
        return Validation(-float(self._total(losses)), metrics, sheet)

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network, under the names of pytorch/examples."""
        return example_names(self._average.shadow.state_dict())

    def _batch(self, random: np.random.Generator) -> Tensor:
        """Random parts, N x 3 x size x size in [0, 1]."""
        parts = random_parts(self._photos, self._parameters.size, self._parameters.batch, random)
        return parts.to(self._device).contiguous(memory_format=torch.channels_last)


def _painting(parameters: FastTraining) -> tuple[Tensor, str]:
    """The painting at the size its strokes are wanted in, and its name."""
    if parameters.style is None:
        raise TrainingError(
            "No painting is chosen.", "Choose the picture whose style is to be learned."
        )
    path = Path(parameters.style)
    try:
        picture = read_picture(path)
    except OSError as error:
        raise TrainingError(
            f"The painting {path.name} cannot be read.", "Choose a picture file that opens."
        ) from error
    short = max(round(parameters.size * _STYLE_SIDE * parameters.style_scale), 64)
    return to_tensor(resized(picture, short)), path.stem


def _features(parameters: FastTraining, context: TrainingContext) -> FeatureNetwork:
    if not parameters.features:
        raise TrainingError(
            "This training needs a feature network to judge style by.",
            "Choose hed-vgg16, or name the file of a VGG.",
        )
    paths = context.files(parameters.features)
    try:
        return load_features(paths[0])
    except CheckpointError as error:
        raise TrainingError(error.message, error.hint) from error
