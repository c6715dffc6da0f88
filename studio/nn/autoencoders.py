"""Autoencoders: pictures through a small vector and back (Hinton and Salakhutdinov 2006).

The variational one (Kingma and Welling 2013, https://arxiv.org/abs/1312.6114) learns a Gaussian for
each picture and keeps all of them near the standard one, from which new pictures are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SMALLEST = 4


class Autoencoder(nn.Module):
    """Convolutions down to 4 x 4, a vector, and convolutions up again.

    Args:
        size: side of the pictures in pixels, 4 times a power of two.
        channels: of the planes, 1, 3 or 4; see `studio.nn.planes`.
        width: channels at full size; each halving adds as many.
        latent: length of the vector.
        variational: whether it gives a Gaussian for each picture instead of one vector.

    The buffers ``center`` and ``axes`` describe the vectors of the training's pictures, for sampling
    and for directions that matter: see `describe_latents`.
    """

    def __init__(
        self,
        size: int = 64,
        channels: int = 4,
        width: int = 16,
        latent: int = 64,
        *,
        variational: bool = True,
    ) -> None:
        super().__init__()
        self.size, self.channels, self.latent = size, channels, latent
        self.variational = variational
        widths = [width * (i + 1) for i in range((size // _SMALLEST).bit_length())]
        self._widest = widths[-1]
        flat = self._widest * _SMALLEST**2
        down: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.SiLU()]
        up: list[nn.Module] = []
        for narrow, wide in pairwise(widths):
            down += [
                *_layer(nn.Conv2d(narrow, wide, 4, stride=2, padding=1), wide),
                *_layer(nn.Conv2d(wide, wide, 3, padding=1), wide),
            ]
        for narrow, wide in zip(widths[-2::-1], widths[:0:-1], strict=True):
            up += [
                *_layer(nn.Conv2d(wide, narrow, 3, padding=1), narrow),
                nn.Upsample(scale_factor=2.0),
                *_layer(nn.Conv2d(narrow, narrow, 3, padding=1), narrow),
            ]
        self.down = nn.Sequential(*down)
        self.to_latent = nn.Linear(flat, latent * 2 if variational else latent)
        self.from_latent = nn.Linear(latent, flat)
        self.up = nn.Sequential(*up, nn.Conv2d(width, channels, 3, padding=1))
        self.center: Tensor
        self.axes: Tensor
        self.register_buffer("center", torch.zeros(latent))
        self.register_buffer("axes", torch.eye(latent))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Autoencoder:
        """The network whose weights these are; its sizes are read from their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        width, channels = state["down.0.weight"].shape[:2]
        flat, latent = state["from_latent.weight"].shape
        levels = flat // _SMALLEST**2 // width
        network = cls(
            _SMALLEST << (levels - 1),
            channels,
            width,
            latent,
            variational=state["to_latent.weight"].shape[0] == 2 * latent,
        )
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network

    def encode(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """N x C x size x size to means and logarithms of variances, N x latent each.

        The latter are zero where the network is not variational.
        """
        found = self.to_latent(self.down(planes).flatten(1))
        if not self.variational:
            return found, torch.zeros_like(found)
        mean, logarithm = found.chunk(2, 1)
        return mean, logarithm.float().clamp(-12, 4)

    def decode(self, latent: Tensor) -> Tensor:
        """N x latent to planes, N x C x size x size, about [-1, 1]."""
        small = self.from_latent(latent).unflatten(1, (self._widest, _SMALLEST, _SMALLEST))
        planes: Tensor = self.up(F.silu(small))
        return planes

    def forward(self, planes: Tensor) -> Tensor:
        """Reconstruct: planes to planes, from the mean."""
        return self.decode(self.encode(planes)[0])


def sampled(mean: Tensor, logarithm: Tensor) -> Tensor:
    """Draw from Gaussians so that gradients pass (the reparametrization of the paper)."""
    return mean + torch.randn_like(mean) * (0.5 * logarithm).exp()


def divergence(mean: Tensor, logarithm: Tensor) -> Tensor:
    """Kullback-Leibler divergence to the standard Gaussian in nats, one value for each of N."""
    mean, logarithm = mean.float(), logarithm.float()
    return 0.5 * (mean.square() + logarithm.exp() - 1 - logarithm).sum(1)


def describe_latents(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and principal axes of vectors, N x D.

    Returns:
        The mean, D, and D x D: a row for each axis, of the length of the deviation along it, in
        falling order. ``mean + coordinates @ axes`` has the vectors' mean and covariance for standard
        normal coordinates.
    """
    latents = latents.float()
    mean = latents.mean(0)
    centred = latents - mean
    values, vectors = torch.linalg.eigh(centred.T @ centred / max(len(latents) - 1, 1))
    lengths = values.flip(0).clamp(min=0).sqrt()
    return mean, vectors.flip(1).T * lengths[:, None]


def _layer(convolution: nn.Conv2d, wide: int) -> list[nn.Module]:
    groups = 8 if wide % 8 == 0 else 4 if wide % 4 == 0 else 1
    return [convolution, nn.GroupNorm(groups, wide), nn.SiLU()]
