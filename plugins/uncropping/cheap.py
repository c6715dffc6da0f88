"""Fills that invent nothing: the picture's border mirrored, mirrored and stretched, or smeared."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.filling_parts import Box

_STRETCHED = 0.25  # of the picture's side: how deep the stretched mirror image ever looks
_SPREAD = 0.35  # of the distance from the border: how far along it a smear is averaged


def around(image: Tensor, old: Box, fill: str) -> None:
    """Fill what lies around the old picture, in place.

    First the columns beside it, then all rows above and below: a corner continues what is beside.

    Args:
        image: N x C x H x W; only the pixels in ``old`` count.
        old: where the picture is.
        fill: ``mirror``, ``stretch`` or ``smear``.
    """
    height, width = image.shape[2:]
    rows = image[:, :, old.top : old.bottom]
    _beside(rows, 3, old.left, old.right, width, fill)
    _beside(image, 2, old.top, old.bottom, height, fill)


def _beside(image: Tensor, axis: int, start: int, stop: int, length: int, fill: str) -> None:
    """Both ends of one axis."""
    inner = image.narrow(axis, start, stop - start)
    for count, at, backwards in ((start, 0, True), (length - stop, stop, False)):
        if not count:
            continue
        target = image.narrow(axis, at, count)
        if fill == "smear":
            made = _smeared(inner, axis, count, from_start=backwards)
        else:
            made = _sampled(inner, axis, _depths(count, stop - start, fill), from_start=backwards)
        target.copy_(made.flip(axis) if backwards else made)


def _depths(count: int, side: int, fill: str) -> Tensor:
    """How deep in the picture the pixels lie that are shown 0, 1, 2... pixels outside."""
    out = torch.arange(count, dtype=torch.float64)
    if fill == "stretch":
        deepest = max(_STRETCHED * side, 1.0)
        return (deepest * (1 - torch.exp(-out / deepest))).clamp(max=side - 1)
    period = 2 * side
    folded = out % period
    return torch.minimum(folded, period - 1 - folded)


def _sampled(inner: Tensor, axis: int, depths: Tensor, *, from_start: bool) -> Tensor:
    """Lines of the picture at fractional depths from one of its ends, nearest the border first."""
    side = inner.shape[axis]
    low = depths.floor().long()
    share = (depths - low).to(inner.dtype)
    high = (low + 1).clamp(max=side - 1)
    if not from_start:
        low, high = side - 1 - low, side - 1 - high
    first = inner.index_select(axis, low.to(inner.device))
    if not bool(share.any()):
        return first
    shape = [1] * inner.dim()
    shape[axis] = -1
    second = inner.index_select(axis, high.to(inner.device))
    return first.lerp_(second, share.to(inner.device).view(shape))


def _smeared(inner: Tensor, axis: int, count: int, *, from_start: bool) -> Tensor:
    """The border's line drawn outward, averaged along the border more the farther out."""
    side = inner.shape[axis]
    line = inner.select(axis, 0 if from_start else side - 1)  # N x C x along
    along = line.shape[2]
    made = torch.empty((*line.shape[:2], count, along), dtype=inner.dtype, device=inner.device)
    for n in range(count):
        half = int(_SPREAD * n)
        if half == 0:
            made[:, :, n] = line
        elif n and half == int(_SPREAD * (n - 1)):
            made[:, :, n] = made[:, :, n - 1]
        else:
            made[:, :, n] = _averaged(line, half)
    return made if axis == 2 else made.transpose(2, 3)


def _averaged(line: Tensor, half: int) -> Tensor:
    """Running means over ``2 * half + 1`` places; the line's ends go on beyond it."""
    half = min(half, 4 * line.shape[2])
    padded = F.pad(line, (half + 1, half), mode="replicate").double()
    sums = padded.cumsum(dim=2)
    side = 2 * half + 1
    return ((sums[..., side:] - sums[..., :-side]) / side).to(line.dtype)
