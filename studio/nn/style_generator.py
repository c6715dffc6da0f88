"""A small style-based generator after StyleGAN2 (Karras et al. 2020).

https://arxiv.org/abs/1912.04958: a mapping network, modulated convolutions with demodulation, noise in
every layer, and pictures added up over the sizes. Left out are the path length penalty and equalized
learning rates, which matter at larger sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SMALLEST = 4
_SLOPE = 0.2
_GAIN: float = 2**0.5  # keeps the variance


class StyleGenerator(nn.Module):
    """Draws pictures of a latent through styles, one for each layer.

    Args:
        size: side of the pictures, 4 times a power of two.
        channels: of the planes, 1, 3 or 4.
        width: channels at full size; each level downwards has twice as many.
        widest: most channels.
        latent: length of latent and style.
        classes: number of classes; 0 for none.
        depth: layers of the mapping network.

    The buffer ``center`` is the running mean of the styles, towards which truncation pulls.
    """

    def __init__(
        self,
        size: int = 64,
        channels: int = 4,
        width: int = 16,
        widest: int = 96,
        latent: int = 64,
        classes: int = 0,
        depth: int = 3,
    ) -> None:
        super().__init__()
        self.size, self.channels, self.latent, self.classes = size, channels, latent, classes
        levels = (size // _SMALLEST).bit_length()
        widths = [min(width * 2**i, widest) for i in range(levels)][::-1]
        self.embedding = nn.Embedding(classes, latent) if classes else None
        given = [latent * 2 if classes else latent] + [latent] * (depth - 1)
        self.mapping = nn.ModuleList(nn.Linear(each, latent) for each in given)
        self.start = nn.Parameter(torch.randn(1, widths[0], _SMALLEST, _SMALLEST))
        self.layers = nn.ModuleList([_StyledLayer(widths[0], widths[0], latent)])
        self.planes = nn.ModuleList([_ToPlanes(widths[0], channels, latent)])
        for wide, narrow in pairwise(widths):
            self.layers.append(_StyledLayer(wide, narrow, latent, enlarge=True))
            self.layers.append(_StyledLayer(narrow, narrow, latent))
            self.planes.append(_ToPlanes(narrow, channels, latent))
        self.center: Tensor
        self.register_buffer("center", torch.zeros(latent))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> StyleGenerator:
        """The network whose weights these are; its sizes are read from their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        levels = sum(key.endswith(".to_planes.weight") for key in state)
        last = state[f"planes.{levels - 1}.to_planes.weight"]
        network = cls(
            _SMALLEST << (levels - 1),
            last.shape[0],
            last.shape[1],
            state["start"].shape[1],
            state["center"].shape[0],
            state.get("embedding.weight", torch.zeros(0, 0)).shape[0],
            sum(key.startswith("mapping.") and key.endswith("weight") for key in state),
        )
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network

    @property
    def depth(self) -> int:
        """How many layers take a style."""
        return len(self.layers)

    def map(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Latents to styles, N x latent each.

        Args:
            latent: standard normal.
            label: N whole numbers; needed if there are classes.
        """
        style = _normalized(latent)
        if self.embedding is not None:
            if label is None:
                raise ValueError("this generator needs a class")
            style = torch.cat([style, _normalized(self.embedding(label))], 1)
        for layer in self.mapping:
            style = F.leaky_relu(layer(style), _SLOPE) * _GAIN
        return style

    def draw(self, styles: Tensor, *, noise: bool = True) -> Tensor:
        """Styles to planes, N x channels x size x size, about [-1, 1].

        Args:
            styles: N x latent, or N x depth x latent with one for each layer, from coarse to fine.
            noise: whether layers add noise from torch's generator; without, the mean of many draws
                is about what comes out.
        """
        if styles.dim() == 2:
            styles = styles[:, None].expand(-1, self.depth, -1)
        features = self.start.expand(len(styles), -1, -1, -1)
        planes: Tensor | None = None
        for number, layer in enumerate(self.layers):
            features = layer(features, styles[:, number], noise)
            if number % 2 == 0:
                shown = self.planes[number // 2](features, styles[:, number])
                if planes is not None:
                    planes = F.interpolate(planes, scale_factor=2.0, mode="bilinear")
                planes = shown if planes is None else planes + shown
        if planes is None:
            raise ValueError("a generator has layers")
        return planes

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Draw pictures of latents, N x latent, standard normal."""
        return self.draw(self.map(latent, label))

    def mixed(self, latent: Tensor, label: Tensor | None, chance: float = 0.9) -> Tensor:
        """Styles for a training step, N x depth x latent; some change to another one at a layer.

        Mixing regularization: layers do not come to rely on each other's styles. It also moves
        ``center`` towards the mean of the styles.
        """
        first = self.map(latent, label)
        with torch.no_grad():
            self.center.lerp_(first.detach().float().mean(0), 0.005)
        second = self.map(torch.randn_like(latent), label)
        number, device = len(latent), latent.device
        change = torch.randint(1, self.depth, (number, 1), device=device)
        whole = torch.rand(number, 1, device=device) >= chance
        change = torch.where(whole, torch.full_like(change, self.depth), change)
        early = torch.arange(self.depth, device=device) < change
        return torch.where(early[..., None], first[:, None], second[:, None])

    def truncated(self, style: Tensor, truncation: float) -> Tensor:
        """Styles pulled towards the mean: 1 leaves them, 0 is the mean."""
        return torch.lerp(self.center.to(style), style, truncation)


class _Modulated(nn.Module):
    """A convolution whose input channels a style scales; computed on inputs, not on kernels."""

    def __init__(self, given: int, made: int, kernel: int, latent: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(made, given, kernel, kernel) / (given**0.5 * kernel))
        self.scale = nn.Linear(latent, given)
        nn.init.normal_(self.scale.weight, std=1 / latent**0.5)
        nn.init.ones_(self.scale.bias)
        self._padding = kernel // 2

    def forward(self, features: Tensor, style: Tensor, *, demodulate: bool = True) -> Tensor:
        scale: Tensor = self.scale(style)
        made = F.conv2d(features * scale[..., None, None], self.weight, padding=self._padding)
        if not demodulate:
            return made
        squares = self.weight.float().square().sum((2, 3))
        norm = (scale.float().square() @ squares.T + 1e-8).rsqrt()
        return made * norm[..., None, None].to(made.dtype)


class _StyledLayer(nn.Module):
    def __init__(self, given: int, made: int, latent: int, *, enlarge: bool = False) -> None:
        super().__init__()
        self.convolution = _Modulated(given, made, 3, latent)
        self.noise = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(1, made, 1, 1))
        self._enlarge = enlarge

    def forward(self, features: Tensor, style: Tensor, noise: bool) -> Tensor:
        if self._enlarge:
            features = F.interpolate(features, scale_factor=2.0, mode="bilinear")
        made = self.convolution(features, style)
        if noise:
            made = made + self.noise * torch.randn_like(made[:, :1])
        return F.leaky_relu(made + self.bias, _SLOPE) * _GAIN


class _ToPlanes(nn.Module):
    def __init__(self, given: int, channels: int, latent: int) -> None:
        super().__init__()
        self.to_planes = _Modulated(given, channels, 1, latent)
        with torch.no_grad():
            self.to_planes.weight.mul_(0.25)  # the sum over all sizes begins within [-1, 1]
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        made: Tensor = self.to_planes(features, style, demodulate=False)
        return made + self.bias


def _normalized(vectors: Tensor) -> Tensor:
    """Vectors of the length of the root of their dimension."""
    return vectors * (vectors.float().square().mean(1, keepdim=True) + 1e-8).rsqrt().to(vectors)
