"""RRDBNet, the network of ESRGAN and Real-ESRGAN, with its dense features in two reused buffers.

Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks" (2018), with the
pixel unshuffle of Real-ESRGAN (Wang et al. 2021) for the scales 2 and 1. Tensors are named as in
BasicSR. The result is that of spandrel's implementation; what differs is memory. Growing features
by concatenation allocates up to 100 MB for a tile of 512 pixels, 276 times over, and on a CPU the
kernel hands out and clears every page of it; two buffers for the whole pass avoid that on any
thread, and hold less at the peak.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.2  # of every LeakyReLU
_SHARE = 0.2  # residual branches are added with this weight
_BAND = 64  # source rows of the last enlargement taken at a time
_HALO = 2  # further rows on both sides: three convolutions of 3 rows, the first on repeated rows


class Workspace:
    """Two flat buffers between which the features of a dense block grow.

    Args:
        like: features whose size, type, device and memory format the buffers serve.
        channels: the largest number of channels wanted.
    """

    def __init__(self, like: Tensor, channels: int) -> None:
        number, _, height, width = like.shape
        self._shape = (number, height, width)
        self._nhwc = like.is_contiguous(memory_format=torch.channels_last)
        self._flat = [like.new_empty(number * height * width * channels) for _ in range(2)]
        self._turn = 0

    def joined(self, features: Tensor, more: Tensor) -> Tensor:
        """Both along the channels, in the buffer that ``features`` does not lie in."""
        if torch.is_grad_enabled():
            return torch.cat([features, more], dim=1)
        self._turn = 1 - self._turn
        number, height, width = self._shape
        channels = features.shape[1] + more.shape[1]
        flat = self._flat[self._turn][: number * height * width * channels]
        if self._nhwc:
            out = flat.view(number, height, width, channels).permute(0, 3, 1, 2)
        else:
            out = flat.view(number, channels, height, width)
        return torch.cat([features, more], dim=1, out=out)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the features of all before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(features + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(features + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(features + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)

    def forward(self, image: Tensor, workspace: Workspace) -> Tensor:
        """N x features x H x W to the same."""
        features = image
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            grown = F.leaky_relu(conv(features), _SLOPE, inplace=True)
            features = workspace.joined(features, grown)
        return _added(image, self.conv5(features))


class ResidualDenseBlocks(nn.Module):
    """Three dense blocks and a skip (the RRDB of the paper)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, image: Tensor, workspace: Workspace) -> Tensor:
        """N x features x H x W to the same."""
        features = self.rdb2(self.rdb1(image, workspace), workspace)
        return _added(image, self.rdb3(features, workspace))


class RRDBNet(nn.Module):
    """Enlarges N x 3 x H x W in [0, 1] by 4, 2 or 1; the result is not clamped.

    Args:
        features: width of the trunk.
        blocks: number of residual-in-residual dense blocks.
        growth: channels that each convolution of a dense block adds.
        scale: 4, or 2 and 1 with the input unshuffled by 2 and 4: sides must be multiples of that.
    """

    def __init__(
        self, features: int = 64, blocks: int = 23, growth: int = 32, scale: int = 4
    ) -> None:
        super().__init__()
        if scale not in {1, 2, 4}:
            raise ValueError(f"an RRDBNet enlarges by 1, 2 or 4, not {scale}")
        self.scale = scale
        self.unshuffle = 4 // scale
        self.growth = growth
        self.conv_first = nn.Conv2d(3 * self.unshuffle**2, features, 3, padding=1)
        self.body = nn.ModuleList(ResidualDenseBlocks(features, growth) for _ in range(blocks))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W to N x 3 x (H * scale) x (W * scale)."""
        if self.unshuffle > 1:
            image = F.pixel_unshuffle(image, self.unshuffle)
        first = self.conv_first(image)
        workspace = Workspace(first, first.shape[1] + 4 * self.growth)
        features = first
        for block in self.body:
            features = block(features, workspace)
        del workspace
        features = first + self.conv_body(features)
        features = F.leaky_relu(_doubled(self.conv_up1, features), _SLOPE, inplace=True)
        return self._finished(features)

    def _finished(self, features: Tensor) -> Tensor:
        """The last enlargement and two convolutions, in bands of rows that stay in the cache.

        In one piece these features are the largest of the network by far: a gigabyte and a half
        for a tile of 512 pixels in half precision, most of it touched once.
        """
        number, _, height, width = features.shape
        out: Tensor | None = None
        for start in range(0, height, _BAND):
            stop = min(start + _BAND, height)
            top, bottom = max(start - _HALO, 0), min(stop + _HALO, height)
            band = features[:, :, top:bottom]
            band = F.leaky_relu(_doubled(self.conv_up2, band), _SLOPE, inplace=True)
            band = F.leaky_relu(self.conv_hr(band), _SLOPE, inplace=True)
            band = self.conv_last(band)[:, :, 2 * (start - top) : 2 * (stop - top)]
            if out is None:
                out = band.new_empty((number, band.shape[1], 2 * height, 2 * width))
            out[:, :, 2 * start : 2 * stop] = band
        if out is None:
            raise ValueError("an RRDBNet needs at least one row of pixels")
        return out

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> RRDBNet:
        """Build the network that a state dict with BasicSR's names belongs to, weights loaded.

        Raises:
            KeyError: if the dict is not one of this network's.
            RuntimeError: if a tensor is missing, left over or of another shape.
        """
        features, inputs = state["conv_first.weight"].shape[:2]
        growth = state["body.0.rdb1.conv1.weight"].shape[0]
        blocks = len({key.split(".")[1] for key in state if key.startswith("body.")})
        scale = {3: 4, 12: 2, 48: 1}[inputs]
        network = cls(features, blocks, growth, scale)
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network


def _added(image: Tensor, residual: Tensor) -> Tensor:
    """``image + 0.2 * residual``, in the memory of ``residual`` when no gradient needs it."""
    if torch.is_grad_enabled():
        return torch.add(image, residual, alpha=_SHARE)
    return torch.add(image, residual, alpha=_SHARE, out=residual)


def _doubled(conv: nn.Conv2d, features: Tensor) -> Tensor:
    """``conv`` (3 x 3) over the features enlarged twofold by repetition, without enlarging them.

    Under repetition the three taps of a row fall on two source rows, so each of the four output
    phases is a 2 x 2 convolution of the source: 16 products where 36 were (the sub-pixel view of
    Shi et al. 2016, read backwards).
    """
    weight = conv.weight.float()
    rows = (
        torch.stack([weight[:, :, 0], weight[:, :, 1] + weight[:, :, 2]], dim=2),
        torch.stack([weight[:, :, 0] + weight[:, :, 1], weight[:, :, 2]], dim=2),
    )
    kernels = [
        kernel
        for row in rows
        for kernel in (
            torch.stack([row[..., 0], row[..., 1] + row[..., 2]], dim=3),
            torch.stack([row[..., 0] + row[..., 1], row[..., 2]], dim=3),
        )
    ]
    joined = torch.cat(kernels).to(conv.weight).contiguous(memory_format=torch.channels_last)
    bias = conv.bias.repeat(4) if conv.bias is not None else None
    phases = F.conv2d(features.to(joined), joined, bias, padding=1)
    number, _, height, width = features.shape
    form = torch.channels_last
    if not features.is_contiguous(memory_format=form):
        form = torch.contiguous_format
    shape = (number, weight.shape[0], 2 * height, 2 * width)
    out = torch.empty(shape, dtype=phases.dtype, device=phases.device, memory_format=form)
    for index, phase in enumerate(phases.chunk(4, dim=1)):
        down, across = divmod(index, 2)
        out[:, :, down::2, across::2] = phase[:, :, down : down + height, across : across + width]
    return out
