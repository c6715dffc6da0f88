"""Seeing to it that a region takes the color of the hint in it, whatever the network made of it."""

from __future__ import annotations

import torch
from torch import Tensor

from studio_plugins.colorization.preparing import Hints

_REACH = 0.07  # deviation of a hint's weight by distance, of the picture's longer side
_REACH_ALONE = 0.2  # the same where the network knows nothing of hints
_ALIKE = 10.0  # the same by difference of lightness, of 100
_MOST = 256  # points that are told apart
_COLOR_STEP = 12.0  # a and b of hints that count as one color


def followed(ab: Tensor, lightness: Tensor, hints: Hints, *, heard: bool) -> Tensor:
    """Correct chroma around hints so that it has their color where they are.

    Each hint's difference to the chroma is spread by nearness and likeness in lightness (Levin et
    al. 2004 argue for the latter); exact at the hint itself, as in Shepard's interpolation (1968).

    Args:
        ab: 1 x 2 x h x w in CIELAB units.
        lightness: 1 x 1 x h x w in [0, 100].
        hints: of the same size.
        heard: whether the network was given them, too, and has carried them further.

    Returns:
        1 x 2 x h x w.
    """
    points = _points(ab, lightness, hints)
    if not len(points):
        return ab
    height, width = ab.shape[2:]
    reach = (_REACH if heard else _REACH_ALONE) * max(height, width)
    down = torch.arange(height, device=ab.device, dtype=ab.dtype)[:, None]
    across = torch.arange(width, device=ab.device, dtype=ab.dtype)
    total, weights = ab.new_zeros(2, height, width), ab.new_full((height, width), 1e-9)
    nearest = ab.new_zeros(height, width)
    for row, column, light, a, b in points.tolist():
        far = (down - row).square() + (across - column).square()
        unlike = (lightness[0, 0] - light).square() / (2 * _ALIKE**2)
        weight = torch.exp(-far / (2 * reach**2) - unlike)
        nearest = torch.maximum(nearest, weight)
        weight = weight / (far / reach**2 + 1e-3)
        total[0].add_(weight, alpha=a)
        total[1].add_(weight, alpha=b)
        weights.add_(weight)
    spread: Tensor = ab + (total / weights * nearest)[None]
    return spread


def _points(ab: Tensor, lightness: Tensor, hints: Hints) -> Tensor:
    """P x 5: row, column, lightness of hints, and the a and b that the chroma lacks there.

    Pixels of hints that are near each other and of about one color make one point.
    """
    rows, columns = torch.nonzero(hints.cover[0, 0] > 0, as_tuple=True)
    if not len(rows):
        return ab.new_zeros(0, 5)
    cover = hints.cover[0, 0][rows, columns]
    wanted = hints.ab[0][:, rows, columns]
    missing = wanted - ab[0][:, rows, columns]
    values = torch.stack(
        [rows.to(ab), columns.to(ab), lightness[0, 0][rows, columns], *missing]
    )  # 5 x N
    shades = (wanted / _COLOR_STEP).round().long()
    side = 8
    while True:
        keys = torch.stack([rows // side, columns // side, *shades])
        found, group = torch.unique(keys, dim=1, return_inverse=True)
        count = found.shape[1]
        if count <= _MOST or side > max(ab.shape[2:]):
            break
        side *= 2
    sums = ab.new_zeros(5, count).index_add_(1, group, values * cover)
    weight = ab.new_zeros(count).index_add_(0, group, cover)
    return (sums / weight).T


def enforced(ab: Tensor, lightness: Tensor, rgba: Tensor, hint_ab: Tensor, light: Tensor) -> Tensor:
    """The color of hints on their own pixels, in a strip at the picture's size.

    Pixels under a hint that are much lighter or darker than the rest belong to something else.

    Args:
        ab: 1 x 2 x h x w.
        lightness: 1 x 1 x h x w in [0, 100].
        rgba: 1 x 4 x h x w, the hints.
        hint_ab: 1 x 2 x h x w, their color.
        light: 1 x 1 x h x w, the lightness that the hinted pixels around have on average.

    Returns:
        1 x 2 x h x w.
    """
    alike = torch.exp(-((lightness - light) ** 2) / (2 * _ALIKE**2))
    return torch.lerp(ab, hint_ab, rgba[:, 3:] * alike)
