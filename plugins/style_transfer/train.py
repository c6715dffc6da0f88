"""The recipe of the network for any style: features' moments of the style, the content's layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.beginnings import begin_from
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.features import FeatureNetwork, load_features
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import moments, total_variation
from studio.nn.pictures import Picture, center_crop, resized, to_tensor
from studio.nn.samples import Samples, random_parts, read_samples
from studio.nn.training import Trained, TrainingContext, TrainingError, mixed, sheet_of
from studio_plugins.style_transfer.networks import StyleNetwork

if TYPE_CHECKING:
    from studio_plugins.style_transfer.training import ArbitraryParameters

STYLE_LAYERS = ("1_1", "2_1", "3_1", "4_1", "5_1")
CONTENT_LAYERS = ("3_1", "4_1")
_IDENTITY_SHARE = 0.1  # of the steps have the content as their style
_KEPT = 1.5  # pictures are kept at up to this times the training size
_SHOWN = 6


def train(
    data: Sequence[Path], parameters: ArbitraryParameters, context: TrainingContext
) -> Trained:
    """Train encoder and transformer together.

    Args:
        data: the folder of photographs, and that of styles.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there is no feature network or too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    if not parameters.features:
        raise TrainingError(
            "This training needs a feature network to judge likeness.",
            "Name a VGG checkpoint or model in the field “Features”.",
        )
    features = load_features(context.files(parameters.features)[0]).to(context.device)
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    photos, styles = (load(folder, parameters) for folder in data)
    learner = StyleLearner(features, photos, styles, parameters, context)
    fitted = fit(learner, planned(parameters, context, 250), context)
    return Trained(
        fitted.path,
        "StyleNetwork",
        fitted.step,
        metrics=fitted.metrics,
        extra={"size": str(parameters.size)},
        summary=f"Learned from {len(photos[0])} photographs and {len(styles[0])} styles.",
    )


class Sampled(Protocol):
    """Of parameters: how pictures are read, and how many are held out."""

    @property
    def size(self) -> int:
        """Side in pixels of the parts that are learned."""

    @property
    def validation(self) -> float:
        """Share that is held out."""


def load(folder: Path, parameters: Sampled) -> Samples:
    """Pictures to learn from and pictures to check on, none smaller than what is learned."""
    size = parameters.size

    def kept(picture: Picture) -> Picture:
        return resized(picture, max(min(*picture.shape[:2], round(size * _KEPT)), size))

    return read_samples(folder, parameters.validation, kept)


class StyleLearner:
    """The network against the features of content and style; see `studio.nn.loops.Learner`."""

    def __init__(
        self,
        features: FeatureNetwork,
        photos: Samples,
        styles: Samples,
        parameters: ArbitraryParameters,
        context: TrainingContext,
    ) -> None:
        self._features, self._parameters = features, parameters
        self._device = device = context.device
        self._photos, self._styles = photos[0], styles[0]
        network = StyleNetwork(parameters.width, parameters.blocks)
        if parameters.start:
            begin_from(network, context.files(parameters.start)[0])
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._average = ExponentialMovingAverage(self._network, 0.998)
        self._optimiser = torch.optim.Adam(network.parameters(), lr=parameters.rate, fused=True)
        self._checked = [
            torch.cat([to_tensor(center_crop(p, parameters.size)) for p in _cycled(side[1], 12)])
            for side in (photos, styles)
        ]

        with torch.no_grad():
            found = features(self._checked[1].to(device), STYLE_LAYERS)
        # One scale for all styles: divided by its own, a flat style would outweigh all others.
        self._scales = {x: float(moments(found[x])[1].square().mean()) for x in STYLE_LAYERS}

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Network, average and optimiser."""
        return {
            "network": self._network,
            "average": self._average,
            "optimiser": self._optimiser,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on random contents in random styles."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        content = self._batch(self._photos, random)
        identity = random.random() < _IDENTITY_SHARE
        style = content if identity else self._batch(self._styles, random)
        with mixed(self._device, self._parameters.precision):
            made = self._network(content, self._network.encode_style(style))
            if identity:
                losses = {"identity": F.l1_loss(made.float(), content)}
                loss = 10 * losses["identity"]
            else:
                losses = self._losses(made, content, style)
                loss = (
                    losses["content"]
                    + self._parameters.style * losses["style"]
                    + self._parameters.smoothness * total_variation(made.float())
                )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._average.update(self._network)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, made: Tensor, content: Tensor, style: Tensor) -> dict[str, Tensor]:
        number = len(content)
        with torch.no_grad():
            wanted = self._features(torch.cat([content, style]), STYLE_LAYERS)
        found = self._features(made, STYLE_LAYERS)
        distances = [
            style_distance(found[x], wanted[x][number:], self._scales[x]) for x in STYLE_LAYERS
        ]
        kept = [content_distance(found[x], wanted[x][:number]) for x in CONTENT_LAYERS]
        return {"style": torch.stack(distances).mean(), "content": torch.stack(kept).mean()}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Losses on held-out photographs and styles; the sheet shows each photo in each style."""
        network = self._average.shadow
        photos, styles = (side.to(self._device) for side in self._checked)
        made = torch.cat(
            [
                network(p, network.encode_style(s))
                for p, s in zip(torch.split(photos, 4), torch.split(styles, 4), strict=True)
            ]
        )
        losses = self._losses(made, photos, styles)
        score = -float(losses["content"] + self._parameters.style * losses["style"])
        codes = network.encode_style(styles[:_SHOWN])
        rows = [[torch.ones_like(photos[0]), *styles[:_SHOWN]]]
        for photo in photos[:_SHOWN]:
            out = network(photo[None].expand(len(codes), -1, -1, -1), codes)
            rows.append([photo, *out])
        metrics = {f"held-out {name}": float(value) for name, value in losses.items()}
        return Validation(score, metrics, sheet_of(rows))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged network."""
        return self._average.shadow.state_dict()

    def _batch(self, pictures: Sequence[Picture], random: np.random.Generator) -> Tensor:
        """Random parts, N x 3 x size x size in [0, 1], from about half to all of a picture."""
        parts = random_parts(pictures, self._parameters.size, self._parameters.batch, random)
        return parts.to(self._device).contiguous(memory_format=torch.channels_last)


def style_distance(made: Tensor, style: Tensor, scale: float) -> Tensor:
    """Squared distance of channel moments, divided by the usual variance ``scale``; a scalar."""
    mean, deviation = moments(made)
    wanted_mean, wanted_deviation = moments(style)
    squares = (mean - wanted_mean).square() + (deviation - wanted_deviation).square()
    return squares.mean() / scale


def content_distance(made: Tensor, content: Tensor) -> Tensor:
    """Squared distance of features without their means and deviations, which belong to the style."""
    return F.mse_loss(F.instance_norm(made.float()), F.instance_norm(content.float()))


def _cycled(pictures: Sequence[Picture], count: int) -> list[Picture]:
    """At least ``count`` pictures, repeated if need be, a multiple of 4."""
    return [pictures[i % len(pictures)] for i in range(count)]
