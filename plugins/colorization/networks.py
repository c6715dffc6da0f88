"""The network that tells which colors a gray picture may have.

For every place a distribution over colors (Zhang, Isola and Efros 2016, "Colorful Image
Colorization"), from lightness and a few colors that the user knows (Zhang et al. 2017, "Real-Time
User-Guided Image Colorization with Learned Deep Priors").
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.lab import lab_to_srgb

GRID = 10.0  # between two colors that it tells apart, in CIELAB units
AB = 110.0  # a and b of a hint are divided by this
CALM = 2.5
"""By which temperatures are multiplied: 0.4, that of Zhang et al. 2016, becomes 1. Chosen on held-out
pictures, where its mean is nearer to the truth than what is likeliest."""
VIEWS = (0.5,)
"""Shares of the size at which it looks once more: both together are nearer to the truth than one."""


def color_centers(grid: float = GRID) -> Tensor:
    """The colors of a grid of a and b that sRGB has at some lightness, Q x 2."""
    reach = torch.arange(-110, 111, grid)
    a, b = (x.reshape(-1) for x in torch.meshgrid(reach, reach, indexing="ij"))
    lightness = torch.arange(5.0, 100.0, 5.0)
    lab = torch.stack([lightness[:, None].expand(-1, len(a)), a.expand(19, -1), b.expand(19, -1)])
    rgb = lab_to_srgb(lab[None])
    inside = ((rgb >= 0) & (rgb <= 1)).all(dim=1)[0].any(dim=0)
    return torch.stack([a, b], dim=1)[inside]


class Residual(nn.Module):
    """Two 3x3 convolutions with batch norm around which the input is added (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(channels)
        nn.init.zeros_(last.weight)  # the block begins as if it were not there
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to the same."""
        return F.relu(x + self.body(x))


def _convolved(given: int, wide: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, wide, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
    )


class Colorizer(nn.Module):
    """A U-Net from lightness and hints to color distributions at a quarter of the size.

    Args:
        width: channels at half the size.
    """

    multiple = 16
    """Sides of what it is given are multiples of this."""
    centers: Tensor

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.register_buffer("centers", color_centers())
        self.stem = _convolved(4, width, stride=2)
        self.quarter = nn.Sequential(_convolved(width, 3 * width, stride=2), Residual(3 * width))
        self.eighth = nn.Sequential(
            _convolved(3 * width, 5 * width, stride=2), Residual(5 * width), Residual(5 * width)
        )
        self.deep = nn.Sequential(
            _convolved(5 * width, 7 * width, stride=2),
            Residual(7 * width),
            Residual(7 * width),
            Residual(7 * width),
        )
        self.context = nn.Linear(7 * width, 7 * width)
        self.up3 = nn.Sequential(_convolved(12 * width, 5 * width), Residual(5 * width))
        self.up2 = nn.Sequential(_convolved(8 * width, 4 * width), Residual(4 * width))
        self.last = nn.Conv2d(4 * width, len(self.centers), 1)
        self.reset()

    def reset(self) -> None:
        """Weights of He et al. 2015; no color and no mood at first."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.normal_(self.last.weight, 0.0, 0.01)
        nn.init.zeros_(self.context.weight)
        nn.init.zeros_(self.context.bias)

    def forward(self, lightness: Tensor, hints: Tensor) -> Tensor:
        """Which colors each place may have.

        Args:
            lightness: N x 1 x H x W, L / 100; sides are multiples of `multiple`.
            hints: N x 3 x H x W: a / 110, b / 110 and 1 where a color is known, else all 0.

        Returns:
            N x Q x H/4 x W/4, logits of `centers`.
        """
        logits, _ = self.with_features(lightness, hints)
        return logits

    def with_features(self, lightness: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
        """The logits, and the deepest features at a sixteenth of the size, for a teacher."""
        half = self.stem(torch.cat([lightness - 0.5, hints], dim=1))
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        deep = self.deep(eighth)
        # The whole picture's mood: what it shows somewhere says what color it has elsewhere.
        x = deep + self.context(deep.mean((2, 3)))[:, :, None, None]
        x = self.up3(torch.cat([_enlarged(x), eighth], dim=1))
        x = self.up2(torch.cat([_enlarged(x), quarter], dim=1))
        return self.last(x), deep

    def ab(self, logits: Tensor, temperature: float = 1.0) -> Tensor:
        """The annealed mean of the distributions (Zhang et al. 2016, section 2.3).

        Args:
            logits: N x Q x h x w.
            temperature: 1 for the mean, whose colors are pale; towards 0 for the likeliest color.

        Returns:
            N x 2 x h x w, a and b in CIELAB units.
        """
        share = (logits.float() / temperature).softmax(dim=1)
        return torch.einsum("nqhw,qc->nchw", share, self.centers)


def read_colorizer(path: Path) -> Colorizer:
    """The network of a file, on the CPU in float32, in evaluation mode.

    Raises:
        CheckpointError: if the file cannot be read or holds another network.
    """
    state = read_state_dict(path)
    try:
        network = Colorizer(state["stem.0.weight"].shape[0])
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} is no colorization network of this program: {describe_keys(state)}.",
            "Choose a file that its training made.",
        ) from error
    return network.eval()


def _enlarged(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
