"""A first filling from the picture itself: PatchMatch.

Barnes et al. 2009, "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing",
with the multi-scale voting of Wexler et al. 2007, "Space-Time Completion of Video", as the library
pypatchmatch has it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_RADIUS = 3  # patches of 7 x 7 pixels
TRIES = 3
"""Of which the mean is taken where that takes no time."""
_QUICK = 20_000  # pixels of a hole; larger ones take seconds, and are filled once
_ONE_AT_A_TIME = threading.Lock()  # the library's seed belongs to the whole process


def available() -> bool:
    """Whether the library is there and has a working build on this system."""
    try:
        import patchmatch
    except ImportError:
        return False
    return bool(patchmatch.patchmatch_available)


def matched(
    image: Tensor,
    mask: Tensor,
    seed: int,
    tries: int = 1,
    before: Callable[[], None] = lambda: None,
) -> Tensor | None:
    """Fill holes with patches from the known part, in 8 bits.

    Several tries find the same where the picture says what is behind the hole, and different things
    where it does not: their mean is sharp here and smooth there.

    Args:
        image: N x 3 x H x W in [0, 1].
        mask: N x 1 x H x W, above 0 where to fill.
        seed: where the random search begins.
        tries: of which the mean is taken.
        before: called before each try, which cannot be interrupted; what it raises ends the filling.

    Returns:
        N x 3 x H x W, the known pixels as they are; None if the library is missing, or somewhere
        nothing is known that a whole patch could be taken from.
    """
    hole = (mask > 0).to(image.dtype)
    side = 2 * _RADIUS + 1
    if min(image.shape[2:]) < side or not available():
        return None
    free = -F.max_pool2d(hole, side, stride=1) > -1
    if not bool(free.flatten(1).any(1).all()):
        return None
    total = torch.zeros_like(image)
    for number in range(tries):
        before()
        total += torch.stack([_one(*pair, seed + number) for pair in zip(image, hole, strict=True)])
    return torch.where(hole > 0, total / tries, image)


def first_filling(
    seed: int, tries: int = TRIES, before: Callable[[], None] = lambda: None
) -> Callable[[Tensor, Tensor], Tensor | None]:
    """`matched` as a function of picture and mask, as `studio.nn.filling.filled` takes it.

    Args:
        seed: see `matched`.
        tries: see `matched`; of small holes.
        before: see `matched`.
    """

    def first(image: Tensor, mask: Tensor) -> Tensor | None:
        often = tries if float((mask > 0).sum()) <= _QUICK * len(mask) else 1
        return matched(image, mask, seed, often, before)

    return first


def _one(image: Tensor, hole: Tensor, seed: int) -> Tensor:
    """3 x H x W and 1 x H x W to 3 x H x W."""
    import patchmatch

    pixels = (image.permute(1, 2, 0).float() * 255).round().to(torch.uint8).cpu().numpy()
    gap = hole[0].to(torch.uint8).cpu().numpy()
    with _ONE_AT_A_TIME:
        patchmatch.set_random_seed(seed % 2**32)
        found = patchmatch.inpaint(np.ascontiguousarray(pixels), gap, patch_size=_RADIUS)
    return torch.from_numpy(found).to(image).permute(2, 0, 1) / 255
