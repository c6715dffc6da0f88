"""Filling with texture from elsewhere in the picture alone; see `studio_plugins.inpainting.patches`."""

from __future__ import annotations

from torch import Tensor

from studio.api import Context, UserError
from studio.nn.filling import filled
from studio.nn.transparency import filled as spread
from studio_plugins.inpainting.parameters import FillParameters
from studio_plugins.inpainting.patches import available, matched

SIZE = 512
SEED = 1_000_003
"""Seeds of variations are apart by this prime, so that they never meet a neighbour's."""


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
    if not available():
        raise UserError(
            "The library pypatchmatch has no working build on this system.",
            "Choose another engine, or install pypatchmatch again.",
        )
    seed = context.seed + variation * SEED

    def found(seen: Tensor, hole: Tensor) -> Tensor:
        made = matched(seen, hole, seed)
        # Too little is known to take patches from: its colors, spread.
        return spread(seen, 1 - hole) if made is None else made

    context.progress(0, "Looking for texture")
    return filled(
        image,
        mask,
        found,
        size=parameters.size or SIZE,
        ring=0,
        progress=lambda done: context.progress(done, "Looking for texture"),
    )
