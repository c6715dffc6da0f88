"""Pictures as a grid of tokens from a learned codebook (van den Oord et al. 2017, "VQ-VAE").

https://arxiv.org/abs/1711.00937. The codebook follows the averages of what is mapped to its entries, as
in the paper's appendix, and entries that nothing is mapped to begin anew at features of the batch
(Williams et al. 2020, https://arxiv.org/abs/2002.08111).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DECAY = 0.98
_DEAD = 0.02  # of the even share


class Tokenizer(nn.Module):
    """A picture to tokens and back, each token a square of pixels.

    The encoder looks at its own row of squares and those above alone: what a picture is to show
    below a line cannot have any influence on the tokens above it. The decoder sees all.

    Args:
        size: side of the pictures in pixels.
        patch: side of a square; a power of two that divides ``size``.
        channels: of the planes, 1, 3 or 4.
        width: channels of the decoder at full size; the encoder and the grid have four times as many.
        codes: entries of the codebook.
        length: of an entry.
        depth: residual layers on the grid, on either side.
    """

    def __init__(
        self,
        size: int = 64,
        patch: int = 4,
        channels: int = 4,
        width: int = 16,
        codes: int = 512,
        length: int = 16,
        depth: int = 2,
    ) -> None:
        super().__init__()
        self.size, self.patch, self.channels, self.codes = size, patch, channels, codes
        wide = width * 4
        self.patches = nn.Conv2d(channels, wide, patch, stride=patch)
        self.above = nn.ModuleList(_Residual(wide, above=True) for _ in range(depth))
        self.to_code = nn.Conv2d(wide, length, 1)
        self.codebook = Codebook(codes, length)
        self.from_code = nn.Conv2d(length, wide, 1)
        self.around = nn.ModuleList(_Residual(wide) for _ in range(depth))
        up: list[nn.Module] = []
        given = wide
        for level in range(patch.bit_length() - 2, -1, -1):
            made = min(width * 2**level, wide)
            up += [
                nn.Conv2d(given, made, 3, padding=1),
                nn.SiLU(),
                nn.Upsample(scale_factor=2.0),
                nn.Conv2d(made, made, 3, padding=1),
                nn.SiLU(),
            ]
            given = made
        self.up = nn.Sequential(*up, nn.Conv2d(given, channels, 3, padding=1))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], size: int) -> Tokenizer:
        """The network whose weights these are; ``size`` is not among their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        wide, channels, patch, _ = state["patches.weight"].shape
        codes, length = state["codebook.entries"].shape
        depth = len({key.split(".")[1] for key in state if key.startswith("above.")})
        network = cls(size, patch, channels, wide // 4, codes, length, depth)
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network

    @property
    def side(self) -> int:
        """Tokens in a row."""
        return self.size // self.patch

    def features(self, planes: Tensor) -> Tensor:
        """N x C x size x size to what is mapped to the codebook, N x length x side x side."""
        found = self.patches(planes)
        for layer in self.above:
            found = layer(found)
        made: Tensor = self.to_code(found)
        return made

    def encode(self, planes: Tensor) -> Tensor:
        """N x C x size x size to tokens, whole numbers N x side x side."""
        return self.codebook.nearest(self.features(planes))

    def decode(self, tokens: Tensor) -> Tensor:
        """Tokens to planes, N x C x size x size, about [-1, 1]."""
        return self.draw(self.codebook.entries[tokens].permute(0, 3, 1, 2))

    def draw(self, codes: Tensor) -> Tensor:
        """Entries of the codebook, N x length x side x side, to planes."""
        grid = self.from_code(codes)
        for layer in self.around:
            grid = layer(grid)
        planes: Tensor = self.up(grid)
        return planes

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct, with gradients passed straight through the codebook.

        Returns:
            Planes, and the commitment loss: the mean squared distance of features to their entries.
        """
        features = self.features(planes)
        tokens = self.codebook.nearest(features)
        if self.training:
            self.codebook.follow(features, tokens)
        entries = self.codebook.entries[tokens].permute(0, 3, 1, 2).to(features)
        commitment = F.mse_loss(features.float(), entries.float())
        return self.draw(features + (entries - features).detach()), commitment


class Codebook(nn.Module):
    """Entries that trail the means of what is nearest to them.

    Args:
        codes: number of entries.
        length: of an entry.
    """

    def __init__(self, codes: int, length: int) -> None:
        super().__init__()
        self.entries: Tensor
        self.shares: Tensor
        self.register_buffer("entries", torch.randn(codes, length))
        self.register_buffer("shares", torch.zeros(codes))

    def nearest(self, features: Tensor) -> Tensor:
        """N x length x H x W to the numbers of the nearest entries, N x H x W."""
        flat = features.detach().float().permute(0, 2, 3, 1)
        distances = self.entries.square().sum(1) - 2 * flat @ self.entries.T
        return distances.argmin(-1)

    @torch.no_grad()
    def follow(self, features: Tensor, tokens: Tensor) -> None:
        """Move the entries towards the features that are mapped to them; revive those of none.

        Args:
            features: N x length x H x W.
            tokens: N x H x W, from `nearest`.
        """
        flat = features.float().permute(0, 2, 3, 1).flatten(0, 2)
        chosen = tokens.flatten()
        codes = len(self.entries)
        counts = torch.zeros_like(self.shares).index_add_(0, chosen, torch.ones_like(flat[:, 0]))
        sums = torch.zeros_like(self.entries).index_add_(0, chosen, flat)
        old = self.shares * _DECAY
        new = counts / len(flat) * (1 - _DECAY)
        weight = new / (old + new).clamp(min=1e-12)
        means = sums / counts.clamp(min=1)[:, None]
        self.entries.lerp_(means, weight[:, None])
        self.shares.copy_(old + new)
        dead = self.shares < _DEAD / codes
        if bool(dead.any()):
            drawn = torch.randint(len(flat), (codes,), device=flat.device)
            self.entries.copy_(torch.where(dead[:, None], flat[drawn], self.entries))
            self.shares.copy_(
                torch.where(dead, torch.full_like(self.shares, 1 / codes), self.shares)
            )


class _Residual(nn.Module):
    """Two convolutions on the grid; ``above`` ones do not see the rows below."""

    def __init__(self, wide: int, *, above: bool = False) -> None:
        super().__init__()
        rows = 2 if above else 3
        self.first = nn.Conv2d(wide, wide, (rows, 3))
        self.second = nn.Conv2d(wide, wide, (rows, 3))
        self._padding = (1, 1, 1, 0) if above else (1, 1, 1, 1)

    def forward(self, grid: Tensor) -> Tensor:
        hidden = self.first(F.pad(F.silu(grid), self._padding))
        made: Tensor = self.second(F.pad(F.silu(hidden), self._padding))
        return grid + made
