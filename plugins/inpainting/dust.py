"""The operation `inpainting.dust`: old photos without specks and scratches."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.api import Context
from studio.nn.filling import filled
from studio.nn.filling_detail import add_grain
from studio.nn.transparency import filled as spread
from studio_plugins.inpainting.detecting import find
from studio_plugins.inpainting.network_fill import filler_for
from studio_plugins.inpainting.parameters import DustParameters

_SIZE = 256
_MARGIN = 32  # pixels of context that a speck needs
_RED = (1.0, 0.1, 0.1)


def repair(
    pixels: Tensor, mask: Tensor | None, parameters: DustParameters, context: Context
) -> Tensor:
    """Find what looks like dust or scratches, and fill it.

    While only a preview is wanted it is filled smoothly, which is quick, or shown in red.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        mask: where to look; everywhere if None.
        parameters: of the form.
        context: of the run.

    Returns:
        ``pixels``, with other values only where something was found.
    """
    context.progress(0, "Looking for dust")
    image = pixels if context.alpha is None else spread(pixels, context.alpha)
    largest = max(3, round(parameters.largest * context.scale))
    found = find(image, parameters.sensitivity, largest, parameters.kind)
    if mask is not None:
        found &= mask > 0
    if context.previewing and parameters.show == "found":
        red = torch.tensor(_RED, device=pixels.device).view(1, 3, 1, 1)
        return torch.where(found, red, pixels)
    if not bool(found.any()):
        if not context.previewing:
            context.note("Nothing was found: raise the sensitivity or the largest width.")
        return pixels
    hole = found.to(image.dtype)
    if context.previewing or parameters.engine == "smooth":
        return torch.where(found, _smooth(image, hole), pixels)
    filler = filler_for(parameters.model, context)
    made = filled(
        image,
        hole,
        filler,
        size=min(_SIZE, filler.size),
        multiple=filler.multiple,
        margin=_MARGIN,
        progress=lambda done: context.progress(done, "Filling"),
    )
    return torch.where(found, made, pixels)


def _smooth(image: Tensor, hole: Tensor) -> Tensor:
    known = 1 - hole
    return add_grain(spread(image, known), image, known).clamp(0, 1)
