"""Filling the masked part of a picture of any size with a network of a fixed working size.

Each connected part of the mask is cut out with context, reduced to what the network sees at once and
filled there. What the reduction lost comes back from known places that look alike
(`studio.nn.filling_detail`), and color and grain are matched at the border.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.filling_detail import add_detail, add_grain
from studio.nn.filling_parts import MARGIN, Part, belongs, split
from studio.nn.transparency import filled as spread

RING = 2
"""Known pixels of the reduced window that are predicted, too, to compare with."""
_TRUSTED = 0.12  # difference beyond which what is behind the border counts as something else
_SMOOTH = 7  # pixels over which the difference at the border is averaged

Fill = Callable[..., Tensor]
First = Callable[[Tensor, Tensor], Tensor | None]


def filled(
    picture: Tensor,
    mask: Tensor,
    fill: Fill,
    *,
    size: int = 512,
    multiple: int = 16,
    margin: int = MARGIN,
    ring: int = RING,
    first: First | None = None,
    begin: Callable[[Part, float], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Tensor:
    """Replace what lies under a mask.

    Every part is seen with its box plus ``max(margin, half its mean side)`` around it, moved inward at
    the borders of the picture, and is never enlarged. Parts that are filled already are context for
    later ones. A window in which nothing is known gets the mean color of what is under the mask.

    Args:
        picture: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1]. All that is above 0 is replaced in full: who wants its soft
            edge to blend weighs with it afterwards, as the host does with an operation's result.
        fill: a network ``(image, mask) -> image`` over 1 x 3 x h x w in [0, 1] and 1 x 1 x h x w of 0
            and 1; ``image`` is 0 under the mask. With ``first`` it is given what that made as well.
        size: sides of about as many pixels are given to it; a quarter more at most.
        multiple: its sides are multiples of this.
        margin: least context, in pixels.
        ring: known pixels around the hole that ``fill`` is made to predict, too, so that its colors
            can be put right by how far it is off there; 0 for one whose colors are those of the
            picture anyway, as they are patches of it.
        first: makes a first filling, or none, from the same without a ring.
        begin: called before each part, with it and the share of all that it is.
        progress: called with the share that is done, in [0, 1].

    Returns:
        1 x 3 x H x W in [0, 1] where the mask is above 0, and ``picture``, bit for bit, elsewhere.
    """
    result = picture.clone()
    hole = mask[0, 0] > 0
    small_fill = partial(_filled_small, fill=fill, ring=ring, first=first)
    parts, grid = split(hole, size, multiple, margin)
    total = sum(part.box.height * part.box.width for part in parts)
    done = 0
    for part in parts:
        area = part.box.height * part.box.width
        if begin is not None:
            begin(part, area / total)
        own = belongs(grid, part, hole)
        seen = part.window.of(result)
        within = part.window.of(hole)
        made = _filled_window(seen, within, small_fill, part.reduction, multiple)
        seen.copy_(torch.where(own, made, seen))
        within.logical_and_(~own)
        done += area
        if progress is not None:
            progress(done / total)
    return result


def _filled_window(
    image: Tensor, hole: Tensor, small_fill: Fill, reduction: int, multiple: int
) -> Tensor:
    """A window, 1 x 3 x h x w, with its hole, h x w, filled; known pixels come out as they like."""
    height, width = hole.shape
    if bool(hole.all()):
        return image.mean(dim=(2, 3), keepdim=True).expand_as(image)
    unit = reduction * multiple
    padding = (0, -width % unit, 0, -height % unit)
    image = F.pad(image, padding, mode="replicate")
    known = 1 - F.pad(hole[None, None].to(image.dtype), padding, mode="replicate")
    share = F.avg_pool2d(known, reduction)
    small = F.avg_pool2d(image * known, reduction) / share.clamp(min=1e-6)
    base = small_fill(small, share)
    add = partial(add_detail, reduction=reduction) if reduction > 1 else add_grain
    return add(base, image, known)[..., :height, :width].clamp_(0, 1)


def _filled_small(
    small: Tensor, share: Tensor, fill: Fill, ring: int, first: First | None
) -> Tensor:
    """Fill a reduced window, in the colors of its surroundings.

    The network is made to predict a ring of known pixels as well. How far it is off there tells how
    far it is off behind them: a membrane over the differences is added, as in Poisson editing
    (Pérez et al. 2003), without those that are too large to be a matter of color.
    """
    side = 2 * ring + 1
    gap = (share < 1).to(small.dtype)
    hole = F.max_pool2d(gap, side, stride=1, padding=ring)
    given = (small * (1 - hole), hole)
    made = fill(*given) if first is None else fill(*given, first(small * (1 - gap), gap))
    made = made.to(small.dtype).clamp(0, 1)
    true = share >= 0.5
    if ring == 0:
        return torch.where(true, small, made)
    near = (true & (hole > 0)).to(small.dtype)
    off = small - made
    trust = near * torch.exp(-off.square().mean(dim=1, keepdim=True) / _TRUSTED**2)
    weight = _blurred(trust)
    mean = _blurred(off * trust) / weight.clamp(min=1e-6)
    membrane = _blurred(spread(mean, torch.where(weight > 1e-3, weight, 0.0)))
    return torch.where(true, small, made + membrane)


def _blurred(image: Tensor) -> Tensor:
    half = _SMOOTH // 2
    padded = F.pad(image, (half, half, half, half), mode="replicate")
    return F.avg_pool2d(padded, _SMOOTH, stride=1)
