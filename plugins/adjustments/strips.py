"""Working through a picture in strips of rows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from studio.api import Context

ROWS = 128


def in_strips(
    pixels: Tensor, function: Callable[[Tensor], Tensor], context: Context, margin: int = 0
) -> Tensor:
    """``function`` of every strip: temporaries stay in the cache, and a cancel is answered soon.

    Args:
        pixels: 1 x C x H x W.
        function: 1 x C x h x W to 1 x C' x h x W.
        context: of the run; its progress goes from 0 to 1.
        margin: rows above and below that ``function`` must see for a row to come out right.
    """
    height = pixels.shape[2]
    rows = ROWS if pixels.device.type == "cpu" else max(height, 1)
    out: Tensor | None = None
    for top in range(0, height, rows):
        context.progress(top / height)
        bottom = min(top + rows, height)
        first, last = max(top - margin, 0), min(bottom + margin, height)
        strip = function(pixels[:, :, first:last])[:, :, top - first : bottom - first]
        if out is None:
            out = torch.empty((1, strip.shape[1], *pixels.shape[2:]), device=pixels.device)
        out[:, :, top:bottom] = strip
    return pixels if out is None else out
