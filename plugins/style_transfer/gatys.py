"""Style transfer by optimization: a picture is changed until its features say the right things.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks", coarse to
fine as in Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer". Each layer's
style loss is divided by that of the content picture, so that all begin at 1 and their weights mean the
same for any feature network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.losses import gram

STYLE_LAYERS = ("1_1", "2_1", "3_1", "4_1", "5_1")
CONTENT_LAYERS = ("4_2", "4_1", "3_3", "3_1", "2_1", "1_1")
"""The first of these that a network has is used."""
COARSEST = 96
"""Longer side in pixels below which no level of the pyramid goes."""
_ADAM_RATE = 0.02
_LEAST = 1e-3  # of a Gram matrix: a content that is as close to the style is not brought closer
_SCALE = 1e5  # of the loss: torch's L-BFGS begins with a step of length 1
_TONES = 1e-4  # least variance of a color
_SMALLEST = 32  # side in pixels that five halvings leave something of


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    content: float
    style: float
    smoothness: float


@dataclass(frozen=True)
class Targets:
    """What the picture is to become.

    Attributes:
        layer: that the content is compared in.
        content: its features there.
        spread: their variance.
        grams: for each style layer the Gram matrix of the style, and the content's distance to it.
    """

    layer: str
    content: Tensor
    spread: Tensor
    grams: Mapping[str, tuple[Tensor, Tensor]]


class Objective:
    """The loss of a picture against its targets.

    Args:
        network: called with a picture and layers, as `studio.nn.features.FeatureNetwork`.
        available: names of its layers.
        weights: of the parts.
    """

    def __init__(self, network: nn.Module, available: Sequence[str], weights: Weights) -> None:
        self._network = network
        self.weights = weights
        self.style_layers = tuple(layer for layer in STYLE_LAYERS if layer in available)
        self.content_layer = next(layer for layer in CONTENT_LAYERS if layer in available)
        self._layers = tuple(dict.fromkeys((*self.style_layers, self.content_layer)))

    def targets(self, content: Tensor, style: Tensor, toned: Tensor | None = None) -> Targets:
        """What a picture is compared with.

        Args:
            content: 1 x 3 x H x W in [0, 1]; style losses are in units of its distance to the style.
            style: 1 x 3 x h x w in [0, 1].
            toned: the content in the style's colors, whose features are to be kept; None for the
                content itself. In its own ones a dark or flat picture would ask for faint features,
                and the style for strong ones: what it shows would give way.
        """
        with torch.no_grad():
            given = self._network(content, self._layers)
            made = self._network(style, self.style_layers)
            grams = {}
            for layer in self.style_layers:
                goal = gram(made[layer])
                distance = (gram(given[layer]) - goal).square().sum()
                grams[layer] = goal, distance + _LEAST * goal.square().sum() + 1e-12
            if toned is not None:
                given = self._network(toned, (self.content_layer,))
            found = given[self.content_layer].float()
            return Targets(self.content_layer, found, found.var() + 1e-8, grams)

    def __call__(
        self, image: Tensor, targets: Targets, alive: Callable[[], None] | None = None
    ) -> Tensor:
        """The loss, a scalar that a gradient flows through.

        Args:
            image: 1 x 3 x H x W.
            targets: made from pictures of its size.
            alive: called between layers while gradients are computed; may raise.
        """
        found = self._network(image, self._layers)
        if alive is not None and not image.is_cuda:  # there gradients come on another thread
            for features in found.values():
                features.register_hook(lambda _: alive())
        content = F.mse_loss(found[targets.layer].float(), targets.content) / targets.spread
        style = torch.stack(
            [
                (gram(found[layer]) - goal).square().sum() / distance
                for layer, (goal, distance) in targets.grams.items()
            ]
        ).mean()
        return (
            self.weights.content * content
            + self.weights.style * style
            + self.weights.smoothness * roughness(image)
        )


def recolored(content: Tensor, style: Tensor) -> Tensor:
    """The content with mean and covariance of the style's colors: a start that is closer.

    Gatys et al. 2016, "Preserving color in neural artistic style transfer", section 4, image analogies'
    linear transfer, the other way around.

    Args:
        content: 1 x 3 x H x W in [0, 1].
        style: 1 x 3 x h x w in [0, 1].
    """
    mean, goal = (each.mean((2, 3), keepdim=True) for each in (content, style))
    turn = _root(_covariance(style), 0.5) @ _root(_covariance(content), -0.5)
    return (torch.einsum("ij,bjhw->bihw", turn, content - mean) + goal).clamp(0, 1)


def _covariance(image: Tensor) -> Tensor:
    flat = (image - image.mean((2, 3), keepdim=True))[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def _root(matrix: Tensor, power: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    # A floor, so that a content of one tone is not stretched without end.
    root: Tensor = vectors @ torch.diag(values.clamp_min(_TONES).pow(power)) @ vectors.T
    return root


def roughness(image: Tensor) -> Tensor:
    """Mean squared difference of neighbours (total variation, squared), a scalar."""
    across = (image[..., :, 1:] - image[..., :, :-1]).square().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).square().mean()
    return across + down


def pyramid(longest: int) -> list[int]:
    """Longer sides of the levels, each half of the next, the last one ``longest``.

    Structures larger than the deepest layer sees come out on the small levels only.
    """
    sides = [longest]
    while sides[0] // 2 >= COARSEST:
        sides.insert(0, sides[0] // 2)
    return sides


def shares(levels: int) -> list[float]:
    """Part of the steps that each level gets: more for coarse ones, where a step costs little."""
    raw = [1.35 ** (levels - 1 - number) for number in range(levels)]
    return [value / sum(raw) for value in raw]


def fitted(image: Tensor, longest: int) -> Tensor:
    """Reduced or enlarged so that its longer side has ``longest`` pixels, antialiased."""
    height, width = image.shape[2:]
    scale = longest / max(height, width)
    size = [max(round(side * scale), _SMALLEST) for side in (height, width)]
    if size == [height, width]:
        return image
    return F.interpolate(image, size=size, mode="bicubic", antialias=True).clamp(0, 1)


class Descent:
    """Steps of an optimizer on the pixels of a picture.

    Args:
        image: where to begin, 1 x 3 x H x W in [0, 1].
        loss: of a picture.
        optimizer: ``lbfgs`` or ``adam``.
    """

    def __init__(self, image: Tensor, loss: Callable[[Tensor], Tensor], optimizer: str) -> None:
        self.image = image.detach().clone().requires_grad_()
        self._loss = loss
        self._optimizer: torch.optim.Optimizer
        if optimizer == "adam":
            self._optimizer = torch.optim.Adam([self.image], lr=_ADAM_RATE)
        else:
            # One evaluation a step, so that each can be reported and stopped after.
            self._optimizer = torch.optim.LBFGS(
                [self.image], max_iter=1, history_size=20, tolerance_grad=0, tolerance_change=0
            )

    def step(self) -> float:
        """One step; the loss before it."""

        def closure() -> float:
            self._optimizer.zero_grad(set_to_none=True)
            loss = self._loss(self.image) * _SCALE
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            return float(loss.detach())

        loss = self._optimizer.step(closure)
        with torch.no_grad():
            self.image.clamp_(0, 1)
        return float(loss) / _SCALE if loss is not None else 0.0
