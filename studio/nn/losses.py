"""Losses shared by training recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.features import FeatureNetwork


def charbonnier(output: Tensor, target: Tensor, epsilon: float = 1e-3) -> Tensor:
    """A differentiable L1: mean of sqrt(d^2 + epsilon^2) (Charbonnier et al. 1994; Lai et al. 2017).

    Args:
        output: any shape, values in [0, 1].
        target: the same shape.
        epsilon: below this difference the loss is quadratic.
    """
    return torch.sqrt((output - target).square() + epsilon**2).mean()


def gram(features: Tensor) -> Tensor:
    """Correlations of channels, N x C x C, divided by C * H * W (Gatys et al. 2016)."""
    number, channels, height, width = features.shape
    flat = features.float().reshape(number, channels, height * width)
    return flat @ flat.transpose(1, 2) / (channels * height * width)


def moments(features: Tensor, epsilon: float = 1e-5) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel over the picture, N x C x 1 x 1 each."""
    variance, mean = torch.var_mean(features.float(), dim=(2, 3), keepdim=True, correction=0)
    return mean, (variance + epsilon).sqrt()


def moment_loss(features: Tensor, targets: Tensor) -> Tensor:
    """Squared distance of means and deviations: the style loss of Huang and Belongie 2017, per picture.

    Args:
        features: N x C x H x W.
        targets: N x C x h x w; the sizes may differ.

    Returns:
        One value for each picture, N.
    """
    mean, deviation = moments(features)
    wanted_mean, wanted_deviation = moments(targets)
    squares = (mean - wanted_mean).square() + (deviation - wanted_deviation).square()
    return squares.flatten(1).mean(1)


def total_variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, N x C x H x W to a scalar."""
    across = (image[..., :, 1:] - image[..., :, :-1]).abs().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().mean()
    return across + down


PERCEPTUAL_LAYERS = ("1_2", "2_2", "3_2", "4_2")


def feature_distance(
    features: FeatureNetwork,
    image: Tensor,
    target: Tensor,
    layers: Sequence[str] = PERCEPTUAL_LAYERS,
) -> Tensor:
    """How differently two pictures look to a network (Johnson et al. 2016, "perceptual loss").

    In each layer the mean absolute difference, divided by the target's mean, so that deep and
    shallow layers count alike whatever the scale of the network's features.

    Args:
        features: the network.
        image: N x 3 x H x W in [0, 1].
        target: the same shape; no gradient flows into it.
        layers: which layers are compared.

    Returns:
        One value for each picture, N.
    """
    found, wanted = _both(features, image, target, layers)
    return _apart(found, wanted)


def feature_and_texture_distance(
    features: FeatureNetwork,
    image: Tensor,
    target: Tensor,
    where: Tensor,
    layers: Sequence[str] = PERCEPTUAL_LAYERS,
) -> tuple[Tensor, Tensor]:
    """`feature_distance`, and how far the textures of a part are apart, at the cost of the former.

    Textures are correlations of channels over the part (Gatys et al. 2016), their difference relative
    to the target's own: unlike features they may be right without being in the right place.

    Args:
        features: the network.
        image: N x 3 x H x W in [0, 1].
        target: the same shape; no gradient flows into it.
        where: N x 1 x H x W in [0, 1], the part.
        layers: which layers are compared.

    Returns:
        Two times N values.
    """
    found, wanted = _both(features, image, target, layers)
    textures = []
    for layer in layers:
        height, width = wanted[layer].shape[2:]
        share = F.adaptive_avg_pool2d(where, (height, width))
        mine, theirs = (weighted_gram(each[layer], share) for each in (found, wanted))
        apart = (mine - theirs).abs().flatten(1).sum(1)
        textures.append(apart / (theirs.abs().flatten(1).sum(1) + 1e-6))
    return _apart(found, wanted), torch.stack(textures).mean(0)


def weighted_gram(features: Tensor, weight: Tensor) -> Tensor:
    """Correlations of channels, N x C x C, averaged over places with weights N x 1 x H x W."""
    flat = features.float().flatten(2)
    shares = weight.flatten(2) / weight.flatten(2).sum(2, keepdim=True).clamp(min=1e-6)
    return (flat * shares) @ flat.transpose(1, 2)


def _both(
    features: FeatureNetwork, image: Tensor, target: Tensor, layers: Sequence[str]
) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
    found = features(image, layers)
    with torch.no_grad():
        wanted = features(target, layers)
    return found, wanted


def _apart(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    distances = []
    for layer, theirs in wanted.items():
        difference = (found[layer].float() - theirs.float()).abs().flatten(1).mean(1)
        distances.append(difference / (theirs.float().mean() + 1e-6))
    return torch.stack(distances).mean(0)
