"""IMDN, a small published upscaler that spandrel does not know.

Hui et al., "Lightweight Image Super-Resolution with Information Multi-distillation Network" (2019);
tensors are named as in the authors' release.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.05  # of every LeakyReLU


class ContrastAttention(nn.Module):
    """Weighs channels by mean plus standard deviation over the picture (section 3.3)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1),
            nn.ReLU(),
            nn.Conv2d(channels // reduction, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """N x C x H x W to the same."""
        mean = features.mean(dim=(2, 3), keepdim=True)
        contrast = (features - mean).square().mean(dim=(2, 3), keepdim=True).sqrt()
        out: Tensor = features * self.conv_du(contrast + mean)
        return out


class MultiDistillation(nn.Module):
    """Three convolutions that each set a quarter of their channels aside (figure 3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.kept = channels // 4
        rest = channels - self.kept
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.c2 = nn.Conv2d(rest, channels, 3, padding=1)
        self.c3 = nn.Conv2d(rest, channels, 3, padding=1)
        self.c4 = nn.Conv2d(rest, self.kept, 3, padding=1)
        self.c5 = nn.Conv2d(4 * self.kept, channels, 1)
        self.cca = ContrastAttention(4 * self.kept)

    def forward(self, features: Tensor) -> Tensor:
        """N x C x H x W to the same."""
        rest, kept = features, []
        for conv in (self.c1, self.c2, self.c3):
            out = F.leaky_relu(conv(rest), _SLOPE)
            kept.append(out[:, : self.kept])
            rest = out[:, self.kept :]
        kept.append(self.c4(rest))
        fused: Tensor = features + self.c5(self.cca(torch.cat(kept, dim=1)))
        return fused


class IMDN(nn.Module):
    """Enlarges N x 3 x H x W in [0, 1]; the result is not clamped.

    Args:
        scale: enlargement factor.
        channels: width; a multiple of 4, and at least 16.
        blocks: number of distillation blocks.
    """

    def __init__(self, scale: int = 4, channels: int = 64, blocks: int = 6) -> None:
        super().__init__()
        self.scale, self.blocks = scale, blocks
        self.fea_conv = nn.Conv2d(3, channels, 3, padding=1)
        for number in range(1, blocks + 1):
            self.add_module(f"IMDB{number}", MultiDistillation(channels))
        self.c = nn.Sequential(nn.Conv2d(channels * blocks, channels, 1), nn.LeakyReLU(_SLOPE))
        self.LR_conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(channels, 3 * scale * scale, 3, padding=1), nn.PixelShuffle(scale)
        )

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W to N x 3 x (H * scale) x (W * scale)."""
        first = self.fea_conv(image)
        features, outputs = first, []
        for number in range(1, self.blocks + 1):
            features = self.get_submodule(f"IMDB{number}")(features)
            outputs.append(features)
        features = first + self.LR_conv(self.c(torch.cat(outputs, dim=1)))
        out: Tensor = self.upsampler(features)
        return out

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> IMDN:
        """Build the network that a state dict belongs to, with its weights loaded.

        Raises:
            KeyError: if the dict is not one of this network's.
            RuntimeError: if a tensor is missing, left over or of another shape.
        """
        channels = state["fea_conv.weight"].shape[0]
        blocks = len({key.split(".")[0] for key in state if key.startswith("IMDB")})
        scale = round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5)
        network = cls(scale, channels, blocks)
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network
