"""Fine detail for what was filled at a lower resolution.

What a reduced picture lacks is the difference between the picture and its enlarged reduction. Where the
hole is, that difference is borrowed from known places that look alike when reduced, as in Yi et
al. 2020, "Contextual Residual Aggregation for Ultra High-Resolution Image Inpainting"; here from the
single best place, chosen so that neighbours come from neighbouring places, since an average of
several is no texture any more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 4
"""Side of the squares, in reduced pixels, that are borrowed in one piece."""
_AROUND = 2  # reduced pixels around a block that are compared, too
_SOURCES = 16_000  # places that are looked at
_FAR = (
    0.15  # cost of a place that is a whole window away; a squared difference summed over 48 values
)
_BROKEN = 0.15  # cost of each neighbour that is borrowed from elsewhere
_ROUNDS = 12
_CHUNK = 1024

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def add_detail(base: Tensor, image: Tensor, known: Tensor, reduction: int) -> Tensor:
    """Enlarge a filled window and give its hole fine detail.

    Args:
        base: 1 x 3 x h x w, the window, reduced and filled; sides are multiples of `BLOCK`.
        image: 1 x 3 x H x W with H = h * ``reduction``.
        known: 1 x 1 x H x W, 1 where ``image`` is known and 0 in the hole.
        reduction: 2 or more.

    Returns:
        1 x 3 x H x W; of use in the hole only, and not clamped.
    """
    factor = float(reduction)
    wide = F.interpolate(base, scale_factor=factor, mode="bicubic")
    whole = F.avg_pool2d(known, reduction) >= 1
    pairs = _matches(base, whole)
    if pairs is None:
        return wide
    # Only here the picture is known, and so is what its reduction lost.
    residual = ((image - wide) * known)[0].cpu().numpy()
    added = _borrowed(residual, *pairs, reduction)
    return wide.add_(torch.from_numpy(added).to(wide)[None])


def add_grain(base: Tensor, image: Tensor, known: Tensor) -> Tensor:
    """Give a filling the noise of its surroundings, if it is smoother than they are.

    The noise of each is that of its flattest places (a tenth of all): what is stronger elsewhere is
    texture. Gray and color noise are told apart no further than by a level for each channel.

    Args:
        base: 1 x 3 x H x W, filled.
        image: 1 x 3 x H x W.
        known: 1 x 1 x H x W, 1 where ``image`` is known.
    """
    around, inside = _noise(image, known), _noise(base, 1 - known)
    if around is None or inside is None:
        return base
    missing = (around.square() - inside.square()).clamp(min=0).sqrt()
    if float(missing.max()) < 1 / 1024:
        return base
    generator = torch.Generator().manual_seed(0)
    grain = torch.randn(base.shape, generator=generator).to(base)
    return base + grain * missing[None, :, None, None].clamp(max=0.05)


def _noise(image: Tensor, where: Tensor) -> Tensor | None:
    """Standard deviation of the noise for each channel, from differences of diagonal neighbours."""
    block = 8
    high = image[..., 1:, 1:] + image[..., :-1, :-1] - image[..., 1:, :-1] - image[..., :-1, 1:]
    height, width = high.shape[2] // block * block, high.shape[3] // block * block
    inside = -F.max_pool2d(-where[..., :height, :width], block) if height and width else where[:0]
    flat = (inside > 0).flatten()
    if int(flat.sum()) < 4:
        return None
    power = F.avg_pool2d(high[..., :height, :width].square(), block).flatten(2)[0][:, flat]
    return (power.quantile(0.1, dim=1) / 4).sqrt()


@dataclass(frozen=True)
class _Features:
    """What is compared: 48 values around each block, half as fine as the reduced picture."""

    values: Tensor  # 48 x h x w, for the block whose first pixel is there

    def at(self, places: Tensor) -> Tensor:
        """N x 2 places, row and column, to N x 48."""
        return self.values[:, places[:, 0], places[:, 1]].T


def _features(base: Tensor) -> _Features:
    halves = F.avg_pool2d(F.pad(base, (0, 1, 0, 1), mode="replicate"), 2, stride=1)[0]
    pad = F.pad(halves[None], (_AROUND, BLOCK, _AROUND, BLOCK), mode="replicate")[0]
    height, width = base.shape[2:]
    side = BLOCK + 2 * _AROUND
    shifted = [
        pad[:, dy : dy + height, dx : dx + width]
        for dy in range(0, side, 2)
        for dx in range(0, side, 2)
    ]
    return _Features(torch.cat(shifted))


def _matches(base: Tensor, whole: Tensor) -> tuple[Ints, Ints] | None:
    """Blocks of the hole and where to borrow from: N x 2 rows and columns each."""
    height, width = base.shape[2:]
    targets = F.max_pool2d((~whole).to(base.dtype), BLOCK)[0, 0].nonzero() * BLOCK
    side = BLOCK + 2 * _AROUND
    usable = torch.zeros(height, width, dtype=torch.bool, device=base.device)
    if min(height, width) >= side:
        full = -F.max_pool2d(-whole.to(base.dtype), side, stride=1)[0, 0] > 0
        usable[_AROUND : _AROUND + full.shape[0], _AROUND : _AROUND + full.shape[1]] = full
    stride = max(1, math.ceil(math.sqrt(float(usable.sum()) / _SOURCES)))
    places = usable[::stride, ::stride].nonzero() * stride
    if not len(places) or not len(targets):
        return None
    features = _features(base)
    sources = _nearest(features, targets, places, max(height, width))
    sources = _coherent(features, targets, sources, usable)
    return targets.cpu().numpy(), sources.cpu().numpy()


def _nearest(features: _Features, targets: Tensor, places: Tensor, length: int) -> Tensor:
    theirs = features.at(places)
    where = places.to(theirs.dtype) * math.sqrt(_FAR) / length
    theirs = torch.cat([theirs, where], dim=1)
    norms = theirs.square().sum(dim=1)
    best = []
    for chunk in torch.split(targets, _CHUNK):
        mine = torch.cat([features.at(chunk), chunk.to(where.dtype) * math.sqrt(_FAR) / length], 1)
        best.append((norms - 2 * (mine @ theirs.T)).argmin(dim=1))
    return places[torch.cat(best)]


def _coherent(features: _Features, targets: Tensor, sources: Tensor, usable: Tensor) -> Tensor:
    """Let neighbours agree on where to borrow, where it costs little (iterated conditional modes)."""
    height, width = usable.shape
    rows, columns = height // BLOCK, width // BLOCK
    cell = targets // BLOCK
    index = torch.full((rows + 2, columns + 2), -1, device=targets.device)
    index[cell[:, 0] + 1, cell[:, 1] + 1] = torch.arange(len(targets), device=targets.device)
    steps = ((0, 1), (1, 0), (1, 2), (2, 1))
    beside = torch.stack([index[cell[:, 0] + dy, cell[:, 1] + dx] for dy, dx in steps], dim=1)
    mine = features.at(targets)
    offsets = sources - targets
    limit = torch.tensor([height - 1, width - 1], device=targets.device)
    for turn in range(2 * _ROUNDS):
        now = (cell.sum(dim=1) % 2 == turn % 2).nonzero()[:, 0]
        theirs = offsets[beside[now].clamp(min=0)]
        exists = beside[now] >= 0
        choices = torch.cat([offsets[now][:, None], theirs], dim=1)
        at = targets[now][:, None] + choices
        inside = ((at >= 0) & (at <= limit)).all(dim=2)
        at = at.clamp(min=0).minimum(limit)
        good = inside & usable[at[..., 0], at[..., 1]]
        other = torch.unflatten(features.at(at.flatten(0, 1)), 0, at.shape[:2])
        cost = (other - mine[now][:, None]).square().sum(dim=2)
        differs = (choices[:, :, None] != theirs[:, None]).any(dim=3) & exists[:, None]
        cost = cost + _BROKEN * differs.sum(dim=2)
        valid = good & torch.cat([torch.ones_like(exists[:, :1]), exists], dim=1)
        pick = torch.where(valid, cost, torch.inf).argmin(dim=1)
        offsets[now] = choices[torch.arange(len(now), device=now.device), pick]
    return targets + offsets


def _borrowed(residual: Floats, targets: Ints, sources: Ints, reduction: int) -> Floats:
    """Lay the blocks side by side, each running out over half a block into its neighbours."""
    run = reduction * BLOCK // 4
    side = reduction * BLOCK + 2 * run
    ramp = np.sin(np.linspace(0, np.pi / 2, 2 * run + 2, dtype=np.float32)[1:-1]) ** 2
    line = np.concatenate([ramp, np.ones(side - 4 * run, dtype=np.float32), ramp[::-1]])
    window = line[:, None] * line[None, :]
    padding = ((0, 0), (run, run), (run, run))
    given = np.pad(residual, padding)
    out = np.zeros_like(given)
    for (y, x), (v, u) in zip(targets * reduction, sources * reduction, strict=True):
        out[:, y : y + side, x : x + side] += window * given[:, v : v + side, u : u + side]
    return out[:, run:-run, run:-run]
