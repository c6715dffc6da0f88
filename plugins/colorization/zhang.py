"""The networks of Zhang et al., in the layout of their released PyTorch weights.

``eccv16``: "Colorful Image Colorization" (2016). ``siggraph17``: "Real-Time User-Guided Image
Colorization with Learned Deep Priors" (2017).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BINS = 313
"""Colors that eccv16 tells apart: those of a grid with steps of 10 that sRGB has."""
GRID = 23
"""Colors a side of siggraph17's grid, from -110 to 110 in steps of 10."""


def _convolutions(
    widths: tuple[int, ...], *, stride: int = 1, dilation: int = 1, norm: bool = True
) -> nn.Sequential:
    """3 x 3 convolutions with ReLU, the last one with a stride, and a batch norm behind them."""
    layers: list[nn.Module] = []
    for number, (given, made) in enumerate(pairwise(widths), 1):
        step = stride if number == len(widths) - 1 else 1
        layers += [nn.Conv2d(given, made, 3, step, dilation, dilation), nn.ReLU(inplace=True)]
    if norm:
        layers.append(nn.BatchNorm2d(widths[-1]))
    return nn.Sequential(*layers)


class Eccv16(nn.Module):
    """Lightness to a distribution over 313 colors at a quarter of the size.

    Args:
        width: channels of the first block; 64 as published.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        one, two, four, eight = (width * factor for factor in (1, 2, 4, 8))
        self.model1 = _convolutions((1, one, one), stride=2)
        self.model2 = _convolutions((one, two, two), stride=2)
        self.model3 = _convolutions((two, four, four, four), stride=2)
        self.model4 = _convolutions((four, eight, eight, eight))
        self.model5 = _convolutions((eight,) * 4, dilation=2)
        self.model6 = _convolutions((eight,) * 4, dilation=2)
        self.model7 = _convolutions((eight,) * 4)
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(eight, four, 4, 2, 1),
            nn.ReLU(inplace=True),
            *_convolutions((four, four, four), norm=False),
            nn.Conv2d(four, BINS, 1),
        )
        self.model_out = nn.Conv2d(BINS, 2, 1, bias=False)  # its weights are the colors, over 110

    def forward(self, lightness: Tensor) -> Tensor:
        """N x 1 x H x W with L in [0, 100], sides multiples of 8, to N x 313 x H/4 x W/4 logits."""
        features = (lightness - 50) / 100
        for number in range(1, 9):
            features = self.get_submodule(f"model{number}")(features)
        return features


class Siggraph17(nn.Module):
    """Lightness and hints to chroma, with a distribution beside it.

    Args:
        width: channels of the first block; 64 as published.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        one, two, four, eight = (width * factor for factor in (1, 2, 4, 8))
        self.model1 = _convolutions((4, one, one))
        self.model2 = _convolutions((one, two, two))
        self.model3 = _convolutions((two, four, four, four))
        self.model4 = _convolutions((four, eight, eight, eight))
        self.model5 = _convolutions((eight,) * 4, dilation=2)
        self.model6 = _convolutions((eight,) * 4, dilation=2)
        self.model7 = _convolutions((eight,) * 4)
        self.model8up = nn.Sequential(nn.ConvTranspose2d(eight, four, 4, 2, 1))
        self.model3short8 = nn.Sequential(nn.Conv2d(four, four, 3, padding=1))
        self.model8 = _after_sum((four, four, four))
        self.model9up = nn.Sequential(nn.ConvTranspose2d(four, two, 4, 2, 1))
        self.model2short9 = nn.Sequential(nn.Conv2d(two, two, 3, padding=1))
        self.model9 = _after_sum((two, two))
        self.model10up = nn.Sequential(nn.ConvTranspose2d(two, two, 4, 2, 1))
        self.model1short10 = nn.Sequential(nn.Conv2d(one, two, 3, padding=1))
        self.model10 = nn.Sequential(
            nn.ReLU(), nn.Conv2d(two, two, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)
        )
        self.model_class = nn.Sequential(nn.Conv2d(four, GRID * GRID, 1))
        self.model_out = nn.Sequential(nn.Conv2d(two, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
        """Predict chroma, and the distribution that belongs to it.

        Args:
            lightness: N x 1 x H x W, L in [0, 100], sides multiples of 8.
            hints: N x 3 x H x W: a / 110, b / 110, and 1 where there is a hint.

        Returns:
            N x 2 x H x W in CIELAB units, and N x 529 x H/4 x W/4 logits over `grid_centers`.
        """
        first = self.model1(torch.cat([(lightness - 50) / 100, hints], dim=1))
        second = self.model2(first[:, :, ::2, ::2])
        third = self.model3(second[:, :, ::2, ::2])
        features = third[:, :, ::2, ::2]
        for number in range(4, 8):
            features = self.get_submodule(f"model{number}")(features)
        eighth = self.model8(self.model8up(features) + self.model3short8(third))
        ninth = self.model9(self.model9up(eighth) + self.model2short9(second))
        tenth = self.model10(self.model10up(ninth) + self.model1short10(first))
        logits: Tensor = self.model_class(eighth)
        chroma: Tensor = self.model_out(tenth)
        return 110 * chroma, logits


def _after_sum(widths: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), *_convolutions(widths))


def grid_centers() -> Tensor:
    """529 x 2: the colors of siggraph17's classes, a before b."""
    steps = torch.arange(GRID) * 10.0 - 110
    return torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1).reshape(-1, 2)


class GrayToColor(nn.Module):
    """Four dilated 5 x 5 convolutions from gray to sRGB, as small tutorials have them.

    Args:
        widths: channels of the three hidden layers.
    """

    def __init__(self, widths: tuple[int, int, int] = (64, 64, 128)) -> None:
        super().__init__()
        sides = (1, *widths, 3)
        for number, (given, made) in enumerate(pairwise(sides), 1):
            self.add_module(f"conv{number}", nn.Conv2d(given, made, 5, padding=4, dilation=2))

    def forward(self, gray: Tensor) -> Tensor:
        """N x 1 x H x W in [0, 1] to N x 3 x H x W in [0, 1], sRGB-encoded."""
        features = gray
        for number in range(1, 4):
            features = F.relu(self.get_submodule(f"conv{number}")(features))
        out: Tensor = torch.sigmoid(self.get_submodule("conv4")(features))
        return out
