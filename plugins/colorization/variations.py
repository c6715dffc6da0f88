"""Several coherent colorings instead of one average of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.colorization.predictors import Prediction
from studio_plugins.colorization.preparing import Hints

Predict = Callable[[Hints], Prediction]
_OTHER = 22.0  # distance in a and b from which a color is another one
_FARTHEST = 60.0  # beyond it, farther is not more different
_AROUND = 5  # side of the window over which distributions are averaged
_APART = 0.2  # of the picture's longer side: places nearer to each other are one
_SPOT = 0.05  # side of the hint that is tried, of the picture's longer side
_PULL = 6.0  # by which logits are raised where the network takes no hints
_SHADE = 15.0  # deviation of that by distance in a and b


@dataclass(frozen=True)
class Other:
    """Another color that a place may have.

    Attributes:
        row: of the prediction.
        column: of the prediction.
        color: its a and b.
    """

    row: int
    column: int
    color: Tensor


def alternatives(
    predict: Predict, hints: Hints, count: int, temperature: float, *, takes_hints: bool
) -> Iterator[Prediction]:
    """Predictions that differ where the network is least decided.

    The first is its own. For each of the others, the place where another color is likely as well and
    makes the largest difference gets that color as a hint, and the network runs again: what belongs
    to the place follows. A network that takes no hints has the color raised wherever it expects the
    same as there.

    Args:
        predict: runs the network.
        hints: what the user knows; nothing is tried near it.
        count: how many at most; a network that names one color alone has one.
        temperature: of the annealed mean.
        takes_hints: whether the network does.
    """
    first = predict(hints)
    yield first
    if first.logits is None or first.centers is None or count == 1:
        return
    for other in others(first, hints, count - 1, temperature):
        if takes_hints:
            yield predict(_with(hints, other, first.logits))
        else:
            yield _raised(first, other)


def others(prediction: Prediction, hints: Hints, count: int, temperature: float) -> list[Other]:
    """The likeliest other colors, each of another place or unlike those before."""
    shares, centers = prediction.shares(), prediction.centers
    if shares is None or centers is None:
        return []
    around = F.avg_pool2d(
        shares, _AROUND, stride=1, padding=_AROUND // 2, count_include_pad=False
    )  # 1 x Q x h x w
    size = (shares.shape[2], shares.shape[3])
    own = F.adaptive_avg_pool2d(prediction.colors(temperature), size)
    gap = (own[:, None] - centers[None, :, :, None, None]).norm(dim=2)
    # A place has the color itself, not only what is next to it.
    gain = torch.minimum(around, shares) * torch.where(gap > _OTHER, gap.clamp(max=_FARTHEST), 0.0)
    gain = (gain * _free(hints, gain))[0]
    height, width = gain.shape[1:]
    down = torch.arange(height, device=gain.device)[:, None]
    across = torch.arange(width, device=gain.device)
    found: list[Other] = []
    while len(found) < count and bool((gain > 0).any()):
        best = int(gain.argmax())
        bin_, row, column = best // (height * width), best // width % height, best % width
        found.append(Other(row, column, centers[bin_]))
        near = ((down - row) ** 2 + (across - column) ** 2).float().sqrt()
        close = near < _APART * max(height, width)
        alike = (centers - centers[bin_]).norm(dim=1) < _OTHER
        gain = torch.where(alike[:, None, None] & close, 0.0, gain)
        # Elsewhere the same color may say the same about the same thing.
        gain = torch.where(alike[:, None, None], gain / 2, gain)
    return found


def _free(hints: Hints, gain: Tensor) -> Tensor:
    """1 x 1 x h x w: 0 near what the user has said, else 1."""
    known = F.adaptive_max_pool2d(hints.cover, gain.shape[2:])
    reach = max(round(_APART * max(gain.shape[2:])), 1)
    return (F.max_pool2d(known, 2 * reach + 1, stride=1, padding=reach) <= 0).float()


def _with(hints: Hints, other: Other, logits: Tensor) -> Hints:
    """The hints and one more, at their own size."""
    (height, width), (rows, columns) = hints.cover.shape[2:], logits.shape[2:]
    row = int((other.row + 0.5) * height / rows)
    column = int((other.column + 0.5) * width / columns)
    side = max(round(_SPOT * max(height, width)), 1)
    return hints.with_spot(row, column, other.color, side)


def _raised(prediction: Prediction, other: Other) -> Prediction:
    """The color made likelier wherever about the same distribution is expected as at the place."""
    shares, centers = prediction.shares(), prediction.centers
    if shares is None or centers is None or prediction.logits is None:
        return prediction
    there = shares[:, :, other.row, other.column][:, :, None, None]
    likeness = (shares * there).sqrt().sum(dim=1, keepdim=True) ** 2
    near = torch.exp(-((centers - other.color) ** 2).sum(dim=1) / (2 * _SHADE**2))
    pull = _PULL * likeness * near[None, :, None, None]
    return replace(prediction, logits=prediction.logits + pull)
