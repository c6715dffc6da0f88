"""The bundled network for any style: a fast transformer whose norms follow a code of the style.

A small relative of Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural
artistic stylization network" (a style is a short code from which the scales and shifts of all
normalizations are predicted), with the style read off as channel means and deviations, as in Huang
and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization".
Its encoder is trained along with it, from random initialisation. The colors are matched without
learning, by means and deviations in an opponent space (Reinhard et al. 2001, "Color Transfer between
Images"): the network adds what makes the brushwork.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EPSILON = 1e-5
# Orthonormal axes along which the colors of pictures vary nearly independently: light, red against
# green, yellow against blue.
_OPPONENT = ((3**-0.5,) * 3, (2**-0.5, -(2**-0.5), 0.0), (6**-0.5, 6**-0.5, -2 * 6**-0.5))


class StyleEncoder(nn.Module):
    """Reads a style: the channel means and deviations of five levels of features, made a code.

    Args:
        widths: channels of the levels; each but the first halves the size.
        code: length of the code.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 128, 128), code: int = 128) -> None:
        super().__init__()
        given = (3, *widths[:-1])
        self.levels = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=1 if i == 0 else 2, padding=1, padding_mode="reflect")
            for i, (a, b) in enumerate(zip(given, widths, strict=True))
        )
        self.code = nn.Sequential(
            nn.LayerNorm(2 * sum(widths)), nn.Linear(2 * sum(widths), 256), nn.ReLU(),
            nn.Linear(256, code),
        )  # fmt: skip

    def forward(self, style: Tensor) -> Tensor:
        """N x 3 x H x W in [0, 1], sides of at least 32, to N x code."""
        x, statistics = style * 2 - 1, []
        for level in self.levels:
            x = F.relu(level(x))
            variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
            statistics += [mean, (variance + _EPSILON).sqrt()]
        out: Tensor = self.code(torch.cat(statistics, dim=1))
        return out


class ColorMatch(nn.Module):
    """Gives a picture the color means and deviations of a style."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("axes", torch.tensor(_OPPONENT)[:, :, None, None], persistent=False)
        self.norm = nn.InstanceNorm2d(3)

    def statistics(self, style: Tensor) -> Tensor:
        """N x 3 x H x W to N x 6: means and deviations along the axes."""
        variance, mean = torch.var_mean(self._turned(style), dim=(2, 3), correction=0)
        return torch.cat([mean, (variance + _EPSILON).sqrt()], dim=1)

    def forward(self, content: Tensor, statistics: Tensor) -> Tensor:
        """N x 3 x H x W and N x 6 to N x 3 x H x W."""
        mean, deviation = statistics[:, :, None, None].chunk(2, dim=1)
        matched = self.norm(self._turned(content)) * deviation + mean
        axes = self.get_buffer("axes").float()
        return F.conv2d(matched, axes.transpose(0, 1))

    def _turned(self, image: Tensor) -> Tensor:
        return F.conv2d(image.float(), self.get_buffer("axes").float())


class StyledNorm(nn.Module):
    """Instance norm whose scale and shift come from the code (conditional instance normalization)."""

    def __init__(self, channels: int, code: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.affine = nn.Linear(code, 2 * channels)
        nn.init.normal_(self.affine.weight, 0.0, 0.1)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """N x channels x H x W and N x code to N x channels x H x W."""
        scale, shift = self.affine(code)[:, :, None, None].chunk(2, dim=1)
        out: Tensor = self.norm(x) * (1 + scale).to(x.dtype) + shift.to(x.dtype)
        return out


class StyledConv(nn.Module):
    """Convolution with reflected borders, styled norm, and ReLU if wanted."""

    def __init__(
        self,
        given: int,
        made: int,
        code: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            given,
            made,
            kernel,
            stride=stride,
            padding=kernel // 2,
            padding_mode="reflect",
            bias=False,
        )
        self.norm = StyledNorm(made, code)
        self.relu = relu

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """N x given x H x W and N x code to N x made x H' x W'."""
        x = self.norm(self.conv(x), code)
        return F.relu(x) if self.relu else x


class StyledBlock(nn.Module):
    """Two styled convolutions around which the input is added."""

    def __init__(self, channels: int, code: int) -> None:
        super().__init__()
        self.first = StyledConv(channels, channels, code)
        self.second = StyledConv(channels, channels, code, relu=False)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """N x channels x H x W and N x code to N x channels x H x W."""
        out: Tensor = x + self.second(self.first(x, code), code)
        return out


class StyleNetwork(nn.Module):
    """Content and the code of a style to a picture.

    Args:
        width: channels at full size; doubled at each of the two halvings.
        blocks: residual blocks at a quarter of the size.
        code: length of the learned part of a style's code; six values for its colors follow.
    """

    multiple = 4
    """Sides of the content must be multiples of this."""

    def __init__(self, width: int = 16, blocks: int = 5, code: int = 128) -> None:
        super().__init__()
        self.encoder = StyleEncoder(code=code)
        self.down = nn.ModuleList(
            [
                StyledConv(3, width, code, kernel=5),
                StyledConv(width, width * 2, code, stride=2),
                StyledConv(width * 2, width * 4, code, stride=2),
            ]
        )
        self.blocks = nn.ModuleList(StyledBlock(width * 4, code) for _ in range(blocks))
        self.up = nn.ModuleList(
            [StyledConv(width * 4, width * 2, code), StyledConv(width * 2, width, code)]
        )
        self.last = nn.Conv2d(width, 3, 5, padding=2, padding_mode="reflect")
        nn.init.normal_(self.last.weight, 0.0, 0.01)
        if self.last.bias is not None:
            nn.init.zeros_(self.last.bias)
        self.colors = ColorMatch()

    def encode_style(self, style: Tensor) -> Tensor:
        """The code of a style, N x 3 x H x W in [0, 1] to N x (code + 6)."""
        return torch.cat([self.encoder(style).float(), self.colors.statistics(style)], dim=1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """N x 3 x H x W in [0, 1] and N x (code + 6) to N x 3 x H x W, in [0, 1] but for training."""
        learned, colors = torch.split(code, [code.shape[1] - 6, 6], dim=1)
        x = content * 2 - 1
        for layer in (*self.down, *self.blocks):
            x = layer(x, learned)
        for layer in self.up:
            x = layer(F.interpolate(x, scale_factor=2.0, mode="nearest"), learned)
        out: Tensor = self.colors(content, colors) + self.last(x).float()
        return out if self.training else out.clamp(0, 1)


def from_state(state: Mapping[str, Tensor]) -> StyleNetwork:
    """The network whose weights these are; its sizes are read off them."""
    width = state["down.0.conv.weight"].shape[0]
    blocks = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("blocks."))
    network = StyleNetwork(width, blocks, state["down.0.norm.affine.weight"].shape[1])
    network.load_state_dict({key: value.float() for key, value in state.items()})
    return network.eval()
