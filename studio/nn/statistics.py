"""Instance normalization with the statistics of the whole picture, so that tiles of it match.

Instance normalization (Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022) subtracts each channel's
mean over the picture and divides by its deviation. A tile has other means than its neighbour, so a
network with such layers gives every tile colors of its own. Here the statistics are taken once, from
crops at full resolution that are spread over the picture and normalized together, and used for every
tile. A reduced copy would be cheaper, but its edges are steeper and its textures finer than those of
the tiles, and its statistics are those of another picture: on photographs, colors came out up to 18
levels of 255 off those of an untiled run.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 192
CROPS = 64
# A crop's border of this part of its side is not counted: the network padded what is beyond it.
_BORDER = 8


class ConditionalInstanceNorm2d(nn.InstanceNorm2d):
    """Instance normalization whose scale and shift are given with each call: a style.

    Dumoulin et al. 2017, https://arxiv.org/abs/1610.07629.

    Args:
        num_features: channels.
        eps: added to the variance.
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__(num_features, eps=eps, affine=False)

    def forward(
        self, image: Tensor, scale: Tensor | None = None, shift: Tensor | None = None
    ) -> Tensor:
        """Normalize; N x C x H x W to the same.

        Args:
            image: N x C x H x W.
            scale: C values, or N x C of them if the pictures have styles of their own; None for 1.
            shift: as many, added; None for 0.
        """
        weight, bias = _channels(scale, image), _channels(shift, image)
        if image.shape[0] == 1 and not _differ(weight, bias):
            return _batch_norm(image, None, None, weight, bias, self.eps)
        return _styled(F.instance_norm(image, eps=self.eps), weight, bias)


@dataclass
class _Moments:
    """What a layer saw: C means and C variances, float32."""

    mean: Tensor
    variance: Tensor


def samples(picture: Tensor, side: int = SIDE, crops: int = CROPS) -> Tensor:
    """Crops at full resolution, spread evenly over a picture; the picture itself if it is small.

    Args:
        picture: 1 x C x H x W.
        side: of a crop in pixels. What a network pads at the borders of a crop is not in the picture:
            smaller crops have more of it.
        crops: how many at least.

    Returns:
        N x C x h x w with h and w at most ``side``, or 1 x C x H x W where that is no larger.
    """
    height, width = picture.shape[2:]
    if height * width <= crops * side * side:
        return picture
    rows = min(max(1, round(math.sqrt(crops * height / width))), max(1, height // side))
    columns = -(-crops // rows)
    tops, lefts = _starts(height, side, rows), _starts(width, side, columns)
    return torch.cat([picture[..., y : y + side, x : x + side] for y in tops for x in lefts])


@contextmanager
def shared_statistics(
    network: nn.Module, pictures: Tensor, call: Callable[[Tensor], object] | None = None
) -> Iterator[None]:
    """While entered, the network's instance norms use the statistics of ``pictures``.

    One run over ``pictures`` takes them. Only this thread sees the change, and it ends with the block,
    also when an exception leaves it. ``nn.InstanceNorm2d`` and its subclasses count; those that track
    running statistics have fixed ones already and are left alone.

    Example::

        with shared_statistics(network, samples(picture)):
            result = context.tiled(network, picture)

    Args:
        network: in eval mode.
        pictures: N x C x H x W. More than one are parts of one picture, as `samples` makes them: each
            layer's statistics are taken over all of them together.
        call: runs the network on ``pictures`` where that takes more than ``network(pictures)``.
    """
    layers = [each for each in network.modules() if _is_instance_norm(each)]
    moments: dict[nn.Module, _Moments] = {}
    thread = threading.get_ident()
    taking = True

    def replaced(layer: nn.Module) -> Callable[..., Tensor]:
        original = layer.forward

        def forward(image: Tensor, *styles: Any, **named: Any) -> Tensor:
            if threading.get_ident() != thread:
                out: Tensor = original(image, *styles, **named)
                return out
            if taking:
                return _take(layer, moments, image, *styles, **named)
            return _use(layer, moments[layer], image, *styles, **named)

        return forward

    try:
        for layer in layers:
            layer.forward = replaced(layer)
        with torch.no_grad():
            (call or network)(pictures)
        taking = False
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def _is_instance_norm(layer: nn.Module) -> bool:
    return isinstance(layer, nn.InstanceNorm2d) and not layer.track_running_stats


def _starts(length: int, side: int, count: int) -> list[int]:
    """First pixels of crops in the middle of ``count`` equal stretches."""
    room = max(length - side, 0)
    return [min(max(round((i + 0.5) * length / count - side / 2), 0), room) for i in range(count)]


def _take(
    layer: nn.Module,
    moments: dict[nn.Module, _Moments],
    image: Tensor,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
) -> Tensor:
    """Normalize by the statistics over all of a batch, and keep them."""
    counted = image
    if len(image) > 1:
        rows, columns = (length // _BORDER for length in image.shape[2:])
        counted = image[..., rows : image.shape[2] - rows, columns : image.shape[3] - columns]
    variance, mean = torch.var_mean(counted.float(), dim=(0, 2, 3), correction=0)
    moments[layer] = _Moments(mean, variance)
    return _normalized(layer, image, mean, variance, (scale, shift))


def _use(
    layer: nn.Module,
    kept: _Moments,
    image: Tensor,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
) -> Tensor:
    mean, variance = (each.to(image.device) for each in (kept.mean, kept.variance))
    return _normalized(layer, image, mean, variance, (scale, shift))


def _normalized(
    layer: nn.Module,
    image: Tensor,
    mean: Tensor,
    variance: Tensor,
    style: tuple[Tensor | None, Tensor | None],
) -> Tensor:
    if not isinstance(layer, nn.InstanceNorm2d):
        raise TypeError(f"{type(layer).__name__} is no instance normalization")
    conditional = isinstance(layer, ConditionalInstanceNorm2d)
    given = style if conditional else (layer.weight, layer.bias)
    weight, bias = (_channels(each, image) for each in given)
    if _differ(weight, bias):
        plain = _batch_norm(image, mean, variance, None, None, layer.eps)
        return _styled(plain, weight, bias)
    return _batch_norm(image, mean, variance, weight, bias, layer.eps)


def _channels(values: Tensor | None, image: Tensor) -> Tensor | None:
    """C values, or N x C where the pictures of a batch have values of their own; float32."""
    if values is None:
        return None
    flat = values.reshape(-1, image.shape[1]).float()
    return flat[0] if len(flat) == 1 else flat


def _differ(*values: Tensor | None) -> bool:
    return any(each is not None and each.dim() == 2 for each in values)


def _styled(image: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    if scale is not None:
        image = image * scale.to(image.dtype)[..., None, None]
    return image if shift is None else image + shift.to(image.dtype)[..., None, None]


def _batch_norm(
    image: Tensor,
    mean: Tensor | None,
    variance: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    """Normalize in the type of ``image``, with float32 statistics; without any, by its own."""
    return F.batch_norm(image, mean, variance, weight, bias, mean is None, eps=eps)
