"""From a small colored picture to clean areas between the lines of a large drawing."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.pix2pix.areas import flattened
from studio_plugins.pix2pix.lines import shrunk
from studio_plugins.pix2pix.neighbors import grown, rounded

JOINED = 1024
"""Side at which color is joined to lines; in larger drawings their own width hides the rest."""
_WALL = 0.5  # ink from which a line holds color back
_KNOWN = 1e-3
_TRACE = 0.1
_ROUNDS = 40  # how often color creeps on by a pixel at each size, into gaps between lines
_FLOOD = 512  # side at which areas and the outside are looked for
_GAP = 3  # gaps in an outline that hold the outside back, in pixels there: twice this


def between_lines(color: Tensor, seen: Tensor, lines: Tensor, *, flat: bool = False) -> Tensor:
    """Colors of a small picture at the size of the drawing, without crossing its lines.

    A joint upsampling (Kopf et al. 2007), one doubling after the other: what is known moves up with
    its weight, then creeps on until it meets a line. Within a line the two sides meet.

    Args:
        color: what the network made, 1 x 3 x s x s.
        seen: the lines that it was shown, 1 x 1 x s x s, 1 on a line.
        lines: of the drawing, 1 x 1 x H x W, 1 on a line.
        flat: whether each closed area gets one color.
    """
    wall = shrunk(lines, color.shape[2]) > _WALL
    clean = (grown(seen) < _TRACE).to(color)  # where the network's own line has no part
    held = _crept(_settled(_weighted(color, clean), wall), ~wall)
    # An area so narrow that it lies under the network's own lines: what they would cover.
    bare = (color + seen).clamp(max=1)
    held = torch.where(held[:, 3:] > 0, held, _weighted(bare, (~wall).to(color)))
    if flat:
        coarse = shrunk(lines, min(_FLOOD, max(lines.shape[2:])))
        held = flattened(spread(held, coarse), coarse > _WALL)
    filled = _across(spread(held, lines))
    rest = F.interpolate(bare, size=lines.shape[2:], mode="bilinear")
    return torch.where(filled[:, 3:] > 0, filled[:, :3], rest)


def spread(held: Tensor, lines: Tensor) -> Tensor:
    """What is held at the size of ``lines``, which it does not cross.

    Args:
        held: 1 x (C + 1) x h x w: values, and 1 where there is any, else all 0.
        lines: 1 x 1 x H x W.

    Returns:
        1 x (C + 1) x H x W, the same.
    """
    height, width = lines.shape[2:]
    side = max(held.shape[2:])
    while True:
        last = side >= max(height, width) / 1.5
        wall = (lines if last else shrunk(lines, side)) > _WALL
        held = _crept(_settled(held, wall), ~wall)
        if last:
            return held
        side *= 2


def _weighted(values: Tensor, weight: Tensor) -> Tensor:
    return torch.cat([values * weight, weight], dim=1)


def _settled(held: Tensor, wall: Tensor) -> Tensor:
    """Weighted values at the size of ``wall``, with the weight 1 where there is any beside it."""
    size = tuple(wall.shape[2:])
    if tuple(held.shape[2:]) != size:
        smaller = size[0] < held.shape[2] or size[1] < held.shape[3]
        held = F.interpolate(held, size=size, mode="bilinear", antialias=smaller)
    weight = held[:, -1:]
    return torch.where((weight > _KNOWN) & ~wall, held / weight.clamp(min=_KNOWN), 0.0)


def _crept(held: Tensor, free: Tensor, rounds: int = _ROUNDS) -> Tensor:
    """What is known reaches the next pixel of the same area, ``rounds`` times at most.

    Only what is still to be filled is looked at, a band along the lines.
    """
    padded = F.pad(held, (1, 1, 1, 1))
    stride = padded.shape[3]
    empty = F.pad(free & (held[:, -1:] == 0), (1, 1, 1, 1)).flatten().nonzero()[:, 0]
    flat = padded.flatten(2)[0]
    around = [down * stride + right for down in (-1, 0, 1) for right in (-1, 0, 1)]
    for _ in range(rounds):
        near = torch.stack([flat[:, empty + step] for step in around]).sum(dim=0)
        found = near[-1] > 0
        if not bool(found.any()):
            break
        flat[:, empty[found]] = near[:, found] / near[-1, found]
        empty = empty[~found]
    return padded[..., 1:-1, 1:-1]


def _across(held: Tensor) -> Tensor:
    """The values from beside the lines under them, as far as their edges are soft."""
    return _crept(held, torch.ones_like(held[:, -1:], dtype=torch.bool), 2)


def outside(lines: Tensor) -> Tensor:
    """Which pixels lie around the drawing and not in it, 1 x 1 x H x W, 0 or 1.

    Flooded from the border; small gaps in an outline do not let it in. Of a line the outer half is
    outside.
    """
    side = min(_FLOOD, max(lines.shape[2:]))
    coarse = shrunk(lines, side)
    closed = rounded(coarse, _GAP) > _WALL
    free = np.pad((~closed)[0, 0].cpu().numpy().astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(free, None, (0, 0), 2)
    flooded = torch.from_numpy(free[1:-1, 1:-1] == 2).to(lines)[None, None]
    wall = coarse > _WALL
    inside = (rounded(flooded, _GAP) == 0) & ~wall
    for _ in range(_GAP):  # back to the lines that the closing kept it from
        flooded = grown(flooded).masked_fill(wall, 0.0)
    known = torch.maximum(flooded, inside.to(lines))
    held = _weighted(flooded, known)
    large = max(lines.shape[2:]) > JOINED
    found = _across(spread(held, shrunk(lines, JOINED) if large else lines))[:, :1]
    if large:
        found = F.interpolate(found, size=lines.shape[2:], mode="bilinear")
    return (found > 0.5).to(lines)
