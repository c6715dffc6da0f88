"""One color for each area that lines enclose."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_STEPS = 8  # of each color in a histogram
_BALLS = (0.02, 0.008, 0.0)  # radii of the balls that find areas, of the longer side
_LARGE = 256  # longer side from which gaps are closed
_LEAST = 12  # pixels of an area that has a color of its own


def flattened(held: Tensor, wall: Tensor) -> Tensor:
    """Give each closed area the color that most of it has.

    An average would be muddy where a network wavers between two colors, so the fullest part of a
    histogram decides. Small gaps in an outline leave an area closed; what reaches the border
    nevertheless is none and stays as it is.

    Args:
        held: 1 x 4 x H x W: colors, and 1 where there is any.
        wall: 1 x 1 x H x W, true on a line.
    """
    areas = _areas(wall[0, 0].cpu().numpy())
    colors = held[0, :3].permute(1, 2, 0).cpu().numpy()
    inside = (areas > 0) & (held[0, 3].cpu().numpy() > 0)
    if not inside.any():
        return held
    number, values = areas[inside] - 1, colors[inside]
    bins = (values * _STEPS).astype(np.int64).clip(0, _STEPS - 1)
    counts = _counts(number, bins)
    fullest = counts.reshape(len(counts), -1).argmax(axis=1)
    found = np.stack(np.unravel_index(fullest, (_STEPS,) * 3), axis=1)
    near = (np.abs(bins - found[number]) <= 1).all(axis=1)
    amount = np.bincount(number[near], minlength=len(counts))
    sums = [np.bincount(number[near], values[near, channel], len(counts)) for channel in range(3)]
    flat = np.stack(sums, axis=1) / np.maximum(amount, 1)[:, None]
    colors = colors.copy()
    colors[inside] = flat[number]
    color = torch.from_numpy(colors).to(held).permute(2, 0, 1)[None]
    return torch.cat([color, held[:, 3:]], dim=1)


def _areas(wall: NDArray[np.bool_]) -> NDArray[Any]:
    """Numbers from 1 of the closed areas between walls, else 0.

    Trapped balls (Zhang et al. 2009, "Vectorizing Cartoon Animations"): first the areas that a large
    ball cannot leave, then those of smaller ones, so that gaps narrower than the ball hold.
    """
    areas = np.zeros(wall.shape, np.int32)
    # In a small drawing a ball of a pixel or two is trapped by every corner.
    shares = _BALLS if max(wall.shape) >= _LARGE else _BALLS[-1:]
    for radius in (round(max(wall.shape) * share) for share in shares):
        blocked = (wall | (areas > 0)).astype(np.uint8)
        _, found = cv2.connectedComponents(1 - cv2.dilate(blocked, _disk(radius)), connectivity=4)
        sizes = np.bincount(found.ravel())
        sizes[0] = 0
        edges = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
        sizes[edges] = 0
        large = sizes >= _LEAST
        names = np.where(large, np.cumsum(large) + areas.max(), 0).astype(np.int32)
        new = names[found]
        outside = np.isin(found, edges[edges > 0])
        areas = _grown(np.where(areas > 0, areas, new), wall | outside, radius)
    return areas


def _disk(radius: int) -> NDArray[np.uint8]:
    size = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)


def _grown(areas: NDArray[np.int32], wall: NDArray[np.bool_], radius: int) -> NDArray[np.int32]:
    """Areas back to the walls from which a ball of this radius kept them."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(2 * radius):
        wide = cv2.dilate(areas.astype(np.float32), cross).astype(np.int32)
        new = (areas == 0) & ~wall & (wide > 0)
        if not new.any():
            break
        areas = np.where(new, wide, areas)
    return areas


def _counts(number: NDArray[Any], bins: NDArray[Any]) -> NDArray[Any]:
    """Histograms of the areas, n x 8 x 8 x 8, each bin with its neighbors."""
    cells = _STEPS**3
    place = (bins[:, 0] * _STEPS + bins[:, 1]) * _STEPS + bins[:, 2]
    total = int(number.max()) + 1
    plain = np.bincount(number * cells + place, minlength=total * cells)
    counts: NDArray[Any] = plain.reshape(total, _STEPS, _STEPS, _STEPS)
    for axis in (1, 2, 3):
        wide = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(4)])
        near = [np.take(wide, np.arange(_STEPS) + shift, axis=axis) for shift in range(3)]
        counts = near[0] + near[1] + near[2]
    return counts
