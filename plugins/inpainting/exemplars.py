"""Filling with texture from elsewhere in the picture: PatchMatch.

Barnes et al. 2009, "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing",
with the multi-scale voting of Wexler et al. 2007, "Space-Time Completion of Video", as the library
pypatchmatch has it.
"""

from __future__ import annotations

import threading

import numpy as np
import torch
from torch import Tensor

from studio.api import Context, UserError
from studio.nn.filling import filled
from studio_plugins.inpainting.parameters import FillParameters

SIZE = 512
_PATCH = 3  # radius: patches of 7 x 7 pixels
_SEED = 1_000_003  # apart from each other by a prime, seeds of variations never meet a neighbour's
_ONE_AT_A_TIME = threading.Lock()  # the library's seed belongs to the whole process


def fill(
    image: Tensor, mask: Tensor, variation: int, parameters: FillParameters, context: Context
) -> Tensor:
    """One variation of a filling; see `studio.nn.filling.filled`.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1].
        variation: from 0: each begins its random search elsewhere.
        parameters: with the working size.
        context: of this variation's part of the run.

    Raises:
        UserError: if the library has no build for this system.
    """
    import patchmatch

    if not patchmatch.patchmatch_available:
        raise UserError(
            "The library pypatchmatch has no working build on this system.",
            "Choose another engine, or install pypatchmatch again.",
        )
    seed = context.seed + variation * _SEED
    context.progress(0, "Looking for texture")
    return filled(
        image,
        mask,
        lambda seen, hole: _matched(seen, hole, seed),
        size=parameters.size or SIZE,
        progress=lambda done: context.progress(done, "Looking for texture"),
    )


def _matched(image: Tensor, mask: Tensor, seed: int) -> Tensor:
    """Fill one window, 1 x 3 x h x w in [0, 1], in 8 bits."""
    import patchmatch

    pixels = (image[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
    hole = (mask[0, 0] > 0).to(torch.uint8).cpu().numpy()
    with _ONE_AT_A_TIME:
        patchmatch.set_random_seed(seed % 2**32)
        found = patchmatch.inpaint(np.ascontiguousarray(pixels), hole, patch_size=_PATCH)
    made = torch.from_numpy(found).to(image) / 255
    return torch.where(mask > 0, made.permute(2, 0, 1)[None], image)
