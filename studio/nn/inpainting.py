"""The network that invents what lies behind a mask; inpainting and uncropping share it.

An encoder of gated convolutions (Yu et al. 2019, "Free-Form Image Inpainting with Gated
Convolution"), a trunk at an eighth of the size whose blocks see the whole picture through its
spectrum (Chi et al. 2020, "Fast Fourier Convolution"; Suvorov et al. 2022, "Resolution-robust Large
Mask Inpainting with Fourier Convolutions"), and a decoder with skips. Unlike there, it does not begin
with an empty hole: it is given one filled smoothly from its rim and one filled with patches from
elsewhere (PatchMatch, Barnes et al. 2009), chooses between them pixel by pixel, and adds what is
missing. So it begins where the methods without learning end, and learns in a fraction of the steps.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.transparency import filled

_DILATIONS = (1, 2, 4, 8)
_TRUST = 2.0  # in the exemplar, before anything is learned: a logit


class GatedDown(nn.Module):
    """A convolution to half the size, whose channels are let through where a second one says so."""

    def __init__(self, channels: int, wider: int, kernel: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * wider, kernel, stride=2, padding=(kernel - 1) // 2)

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to N x wider x H/2 x W/2."""
        value, gate = self.conv(x).chunk(2, dim=1)
        return F.gelu(value) * torch.sigmoid(gate)


class SpectralTransform(nn.Module):
    """A convolution of the picture's spectrum: every output sees every input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to the same."""
        # No half precision has a Fourier transform on every device.
        spectrum = torch.fft.rfft2(x.float(), norm="ortho")
        parts = torch.cat([spectrum.real, spectrum.imag], dim=1).to(x.dtype)
        real, imaginary = F.relu(self.conv(parts)).float().chunk(2, dim=1)
        back: Tensor = torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[2:], norm="ortho")
        return back.to(x.dtype)


class FourierBlock(nn.Module):
    """Two 3x3 convolutions with a spectral transform of a third of the channels between them."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.split = channels // 3
        self.spectral = SpectralTransform(self.split)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to the same."""
        y = F.gelu(self.first(x))
        far, near = torch.split(y, [self.split, y.shape[1] - self.split], dim=1)
        far = far + self.spectral(far)
        out: Tensor = x + self.second(torch.cat([far, near], dim=1))
        return out


class InpaintingNetwork(nn.Module):
    """Fills the masked part of a picture.

    Args:
        width: channels at half the size; twice as many at a quarter, four times at an eighth.
        blocks: Fourier blocks of the trunk.
    """

    multiple = 16
    """Sides of what it is given are multiples of this."""

    def __init__(self, width: int = 48, blocks: int = 8) -> None:
        super().__init__()
        self.down1 = GatedDown(7, width, 6)
        self.down2 = GatedDown(width, 2 * width)
        self.down3 = GatedDown(2 * width, 4 * width)
        self.trunk = nn.Sequential(
            *(FourierBlock(4 * width, _DILATIONS[n % len(_DILATIONS)]) for n in range(blocks))
        )
        self.up3 = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.join2 = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.up2 = nn.Conv2d(2 * width, width, 3, padding=1)
        self.join1 = nn.Conv2d(2 * width, width, 3, padding=1)
        self.up1 = nn.Conv2d(width, width // 3, 3, padding=1)
        self.last = nn.Conv2d(width // 3 + 7, 4, 3, padding=1)
        self.reset()

    def reset(self) -> None:
        """Weights of He et al. 2015; blocks and the last layer begin as if they were not there."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, FourierBlock):
                nn.init.zeros_(module.second.weight)
        nn.init.zeros_(self.last.weight)

    def forward(self, image: Tensor, mask: Tensor, exemplar: Tensor | None = None) -> Tensor:
        """Fill where the mask is above 0.

        Args:
            image: N x 3 x H x W, RGB in [0, 1]; what it shows behind the mask does not matter.
            mask: N x 1 x H x W in [0, 1]; H and W are multiples of `multiple`.
            exemplar: ``image`` filled with patches from elsewhere; None: there is none.

        Returns:
            N x 3 x H x W; the known pixels are those of ``image``. In evaluation mode in [0, 1].
        """
        hole = (mask > 0).to(image.dtype)
        smooth = filled(image, 1 - hole)
        texture = smooth if exemplar is None else exemplar.to(image.dtype)
        given = torch.cat([smooth * 2 - 1, texture * 2 - 1, hole], dim=1)
        half = self.down1(given)
        quarter = self.down2(half)
        x = self.trunk(self.down3(quarter))
        x = _enlarged(F.gelu(self.up3(x)))
        x = F.gelu(self.join2(torch.cat([x, quarter], dim=1)))
        x = _enlarged(F.gelu(self.up2(x)))
        x = F.gelu(self.join1(torch.cat([x, half], dim=1)))
        x = F.gelu(self.up1(_enlarged(x)))
        last = self.last(torch.cat([x, given.to(x.dtype)], dim=1)).to(image.dtype)
        added, trust = last[:, :3], torch.sigmoid(last[:, 3:] + _TRUST)
        made = smooth + trust * (texture - smooth) + added
        if not self.training:
            made = made.clamp(0, 1)
        return torch.where(hole > 0, made, image)


def read_inpainting_network(path: Path) -> InpaintingNetwork:
    """The network of a file, on the CPU in float32, in evaluation mode.

    Raises:
        CheckpointError: if the file cannot be read or holds another network.
    """
    state = read_state_dict(path)
    try:
        width = state["down2.conv.weight"].shape[1]
        blocks = len({key.split(".")[1] for key in state if key.startswith("trunk.")})
        network = InpaintingNetwork(width, blocks)
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} is no inpainting network of this program: {describe_keys(state)}.",
            "Choose a file that its training made.",
        ) from error
    return network.eval()


def _enlarged(x: Tensor) -> Tensor:
    # Not transposed nor shuffled: those leave a grid (Odena et al. 2016).
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
