"""A codec: pictures to small grids of latents and back, in which a diffusion model may paint.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models",
https://arxiv.org/abs/2112.10752, in small: what is fine is left to the codec, and the network that
paints is spared it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Block(nn.Module):
    """Two convolutions around which the input goes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before = nn.GroupNorm(_groups(width), width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.between = nn.GroupNorm(_groups(width), width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(F.silu(self.before(x)))
        out: Tensor = x + self.second(F.silu(self.between(y)))
        return out


class PictureCodec(nn.Module):
    """A variational autoencoder whose latents keep their places.

    Args:
        channels: of the planes, 4 with transparency.
        latent: channels of the latents.
        widths: channels of the levels, at a half, a quarter and so on of the size.

    The buffers ``center`` and ``spread``, one value for each channel, make `latents` of learned
    pictures have mean 0 and deviation 1; see `describe`.
    """

    def __init__(self, channels: int, latent: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.latent, self.reduction = latent, 1 << len(widths)
        first, last = widths[0], widths[-1]
        down: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(4 * channels, first, 3, padding=1)]
        up: list[nn.Module] = [nn.Conv2d(latent, last, 3, padding=1), _Block(last)]
        for wide, wider in pairwise(widths):
            down += [_Block(wide), nn.Conv2d(wide, wider, 3, stride=2, padding=1)]
        for wider, wide in pairwise(tuple(widths)[::-1]):
            up += [
                nn.Upsample(scale_factor=2.0),
                nn.Conv2d(wider, wide, 3, padding=1),
                _Block(wide),
            ]
        down += [_Block(last), nn.GroupNorm(_groups(last), last), nn.SiLU()]
        self.down = nn.Sequential(*down, nn.Conv2d(last, 2 * latent, 1))
        # At full size there are only a few channels: most of the time would be spent here.
        fine = max(first // 2, channels)
        up += [nn.Upsample(scale_factor=2.0), nn.Conv2d(first, fine, 3, padding=1), nn.SiLU()]
        self.up = nn.Sequential(*up, nn.Conv2d(fine, channels, 3, padding=1))
        self.center: Tensor
        self.spread: Tensor
        self.register_buffer("center", torch.zeros(latent))
        self.register_buffer("spread", torch.ones(latent))

    def encode(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """N x C x H x W in [-1, 1] to means and logarithms of variances, N x L x h x w each."""
        mean, logarithm = self.down(planes).chunk(2, 1)
        return mean, logarithm.float().clamp(-12, 4)

    def decode(self, latents: Tensor) -> Tensor:
        """What `encode` gave, back to planes in about [-1, 1]."""
        planes: Tensor = self.up(latents)
        return planes

    def forward(self, planes: Tensor) -> Tensor:
        """Planes to planes, from the means."""
        return self.decode(self.encode(planes)[0])

    def describe(self, means: Tensor) -> None:
        """Set ``center`` and ``spread`` to those of N x L x h x w."""
        rows = means.float().transpose(0, 1).flatten(1)
        self.center.copy_(rows.mean(1))
        self.spread.copy_(rows.std(1).clamp(min=1e-6))

    def latents(self, planes: Tensor) -> Tensor:
        """Planes, N x C x H x W in [-1, 1], to N x L x h x w of mean 0 and deviation 1."""
        return self.normalized(self.encode(planes)[0])

    def normalized(self, means: Tensor) -> Tensor:
        """Means as `encode` gives them, N x L x h x w, to what `latents` makes of their planes."""
        return (means.float() - self.center[:, None, None]) / self.spread[:, None, None]

    def pictures(self, latents: Tensor) -> Tensor:
        """The opposite of `latents`; values in about [-1, 1]."""
        return self.decode(latents * self.spread[:, None, None] + self.center[:, None, None])


def _groups(width: int) -> int:
    return 8 if width % 8 == 0 else 4 if width % 4 == 0 else 1
