"""Inpainting architectures of others that no library provides."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Spectrum(nn.Module):
    """Two pointwise convolutions between a Fourier transform and its inverse."""

    def __init__(self, channels: int, wider: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(2 * channels, 2 * wider, 1),
            nn.BatchNorm2d(2 * wider),
            nn.ReLU(),
            nn.Conv2d(2 * wider, 2 * wider, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(x.float(), norm="ortho")
        made = self.conv(torch.cat([spectrum.real, spectrum.imag], dim=1))
        real, imaginary = made.float().chunk(2, dim=1)
        back: Tensor = torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[2:], norm="ortho")
        return back


class SplitBlock(nn.Module):
    """Half of the channels through a 3 x 3 convolution, half through their spectrum."""

    def __init__(self, channels: int, wider: int) -> None:
        super().__init__()
        self.near = channels // 2
        self.local_branch = nn.Conv2d(self.near, wider // 2, 3, padding=1)
        self.global_branch = Spectrum(channels - self.near, wider - wider // 2)
        self.fusion = nn.Conv2d(wider, wider, 1)

    def forward(self, x: Tensor) -> Tensor:
        near, far = x[:, : self.near], x[:, self.near :]
        made: Tensor = self.fusion(
            torch.cat([self.local_branch(near), self.global_branch(far)], dim=1)
        )
        return made


class FfcUnet(nn.Module):
    """A small autoencoder with two Fourier blocks, made for 128 pixels.

    That of Hansen-Susilo/Image-Inpainting (``ffc_unet.pth``): three channels with the hole black;
    no skips in spite of its name. Takes N x 3 x H x W in [0, 1] and N x 1 x H x W of 0 and 1, H and W
    multiples of 4, and returns N x 3 x H x W in (0, 1).

    Args:
        width: channels at full size.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.enc1 = nn.Sequential(nn.Conv2d(3, width, 3, padding=1))
        self.enc2 = nn.Sequential(nn.Conv2d(width, 2 * width, 3, padding=1))
        self.bottleneck1 = SplitBlock(2 * width, 4 * width)
        self.bottleneck2 = SplitBlock(4 * width, 2 * width)
        self.up2 = nn.Sequential(nn.ConvTranspose2d(2 * width, width, 2, stride=2))
        self.up1 = nn.Sequential(nn.ConvTranspose2d(width, width // 2, 2, stride=2))
        self.final = nn.Conv2d(width // 2, 3, 1)

    @staticmethod
    def from_state(state: dict[str, Tensor]) -> FfcUnet:
        """The network of a state dict.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if one has another shape or name.
        """
        network = FfcUnet(state["enc1.0.weight"].shape[0])
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network.eval()

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.enc1(image * (1 - mask))), 2)
        x = F.max_pool2d(F.relu(self.enc2(x)), 2)
        x = self.bottleneck2(self.bottleneck1(x))
        x = F.relu(self.up1(F.relu(self.up2(x))))
        return torch.sigmoid(self.final(x))
