"""The network of the bundled upscalers; no library provides it at this size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution and a skip, without normalisation (Lim et al. 2017, figure 2c)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = features + self.conv2(F.relu(self.conv1(features)))
        return out


class CompactEDSR(nn.Module):
    """EDSR (Lim et al. 2017) with a one-convolution tail and a bicubic skip.

    The trunk works at the input's resolution; the tail is a single convolution and a sub-pixel
    shuffle (Shi et al. 2016), as in IMDN and RLFN. The trunk predicts what a plain cubic
    enlargement lacks, so that an untrained network already returns that enlargement.

    Args:
        scale: enlargement factor, 1 to 8.
        channels: width of the trunk.
        blocks: number of residual blocks; the receptive field is ``4 * blocks + 7`` pixels.
    """

    def __init__(self, scale: int, channels: int = 64, blocks: int = 8) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.fuse = nn.Conv2d(channels, channels, 3, padding=1)
        self.tail = nn.Conv2d(channels, 3 * scale * scale, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, ResidualBlock):  # branches start small (ESRGAN, section 3.1)
                module.conv2.weight.data.mul_(0.1)
        nn.init.zeros_(self.tail.weight)

    def forward(self, image: Tensor) -> Tensor:
        """Enlarge N x 3 x H x W in [0, 1]; the result is not clamped."""
        features = self.head(image - 0.5)
        features = features + self.fuse(self.body(features))
        detail = F.pixel_shuffle(self.tail(features).float(), self.scale)
        base = F.interpolate(image.float(), scale_factor=float(self.scale), mode="bicubic")
        return (base + detail).to(image.dtype)

    @classmethod
    def from_state(cls, state: dict[str, Tensor]) -> CompactEDSR:
        """Build the network that a state dict belongs to, with its weights loaded.

        Raises:
            KeyError: if the dict is not one of this network's.
            RuntimeError: if a tensor is missing or has another shape.
        """
        channels = state["head.weight"].shape[0]
        blocks = len({key.split(".")[1] for key in state if key.startswith("body.")})
        scale = round((state["tail.weight"].shape[0] / 3) ** 0.5)
        network = cls(scale, channels, blocks)
        network.load_state_dict({key: value.to(torch.float32) for key, value in state.items()})
        return network
