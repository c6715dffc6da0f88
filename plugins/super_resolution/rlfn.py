"""RLFN, the small upscaler of the NTIRE efficiency challenges, which spandrel does not know.

Kong et al., "Residual Local Feature Network for Efficient Super-Resolution" (2022), in the pruned
form (46 channels, 48 inside a block) that won the 2022 challenge; tensors are named as in the
authors' release.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.05  # of every LeakyReLU
SMALLEST = 15  # the attention's pooling needs this many pixels


class SpatialAttention(nn.Module):
    """Enhanced spatial attention (Liu et al. 2020, RFANet) with one inner convolution."""

    def __init__(self, inner: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 1)
        self.conv_f = nn.Conv2d(inner, inner, 1)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=2)
        self.conv3 = nn.Conv2d(inner, inner, 3, padding=1)
        self.conv4 = nn.Conv2d(inner, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """N x C x H x W to the same."""
        narrow = self.conv1(features)
        pooled = F.max_pool2d(self.conv2(narrow), kernel_size=7, stride=3)
        wide = F.interpolate(self.conv3(pooled), features.shape[2:], mode="bilinear")
        weight = torch.sigmoid(self.conv4(wide + self.conv_f(narrow)))
        out: Tensor = features * weight
        return out


class LocalFeatureBlock(nn.Module):
    """Three convolutions, a skip and spatial attention (figure 4)."""

    def __init__(self, channels: int, middle: int, inner: int) -> None:
        super().__init__()
        self.c1_r = nn.Conv2d(channels, middle, 3, padding=1)
        self.c2_r = nn.Conv2d(middle, middle, 3, padding=1)
        self.c3_r = nn.Conv2d(middle, channels, 3, padding=1)
        self.c5 = nn.Conv2d(channels, channels, 1)
        self.esa = SpatialAttention(inner, channels)

    def forward(self, features: Tensor) -> Tensor:
        """N x C x H x W to the same."""
        out = features
        for conv in (self.c1_r, self.c2_r, self.c3_r):
            out = F.leaky_relu(conv(out), _SLOPE)
        attended: Tensor = self.esa(self.c5(out + features))
        return attended


class RLFN(nn.Module):
    """Enlarges N x 3 x H x W in [0, 1]; the result is not clamped.

    Args:
        scale: enlargement factor.
        channels: width between blocks.
        middle: width inside a block.
        inner: width of the attention.
        blocks: number of blocks.
        peak: white, as the weights know it; the challenges' networks take and make 0 to 255.
    """

    def __init__(
        self,
        scale: int = 4,
        channels: int = 46,
        middle: int = 48,
        inner: int = 16,
        blocks: int = 4,
        peak: float = 255.0,
    ) -> None:
        super().__init__()
        self.scale, self.blocks, self.peak = scale, blocks, peak
        self.conv_1 = nn.Conv2d(3, channels, 3, padding=1)
        for number in range(1, blocks + 1):
            self.add_module(f"block_{number}", LocalFeatureBlock(channels, middle, inner))
        self.conv_2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(channels, 3 * scale * scale, 3, padding=1), nn.PixelShuffle(scale)
        )

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W, sides >= 15, to N x 3 x (H * scale) x (W * scale)."""
        first = self.conv_1(image * self.peak)
        features = first
        for number in range(1, self.blocks + 1):
            features = self.get_submodule(f"block_{number}")(features)
        out: Tensor = self.upsampler(first + self.conv_2(features))
        return out / self.peak

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> RLFN:
        """Build the network that a state dict belongs to, with its weights loaded.

        Raises:
            KeyError: if the dict is not one of this network's.
            RuntimeError: if a tensor is missing, left over or of another shape.
        """
        middle, channels = state["block_1.c1_r.weight"].shape[:2]
        inner = state["block_1.esa.conv1.weight"].shape[0]
        blocks = len({key.split(".")[0] for key in state if key.startswith("block_")})
        scale = round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5)
        network = cls(scale, channels, middle, inner, blocks)
        network.load_state_dict({key: value.float() for key, value in state.items()})
        network.peak = min((1.0, 255.0), key=network.error)
        return network

    @torch.no_grad()
    def error(self, peak: float) -> float:
        """Mean difference of the enlarged and shrunk from the original ramp, with white at ``peak``.

        The names of the tensors do not say which range they were trained for; this does.
        """
        was, self.peak = self.peak, peak
        line = torch.linspace(0.1, 0.9, 24)
        ramp = (line[:, None] + line[None, :]).div(2).expand(1, 3, 24, 24)
        small = F.avg_pool2d(self(ramp), self.scale)
        self.peak = was
        return float((small - ramp).abs().mean())
