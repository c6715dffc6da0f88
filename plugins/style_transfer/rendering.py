"""Running a style network over a picture of any size, and what is done with its result."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from studio.api import Context
from studio.nn.resample import bicubic_resize, bicubic_rows
from studio.nn.statistics import CROPS, SIDE, samples, shared_statistics

Render = Callable[[Tensor], Tensor]

SEEN = 1536
"""Long side in pixels at which the networks' strokes have the size of a painting's."""
_TILE = 1024  # what is shared between tiles is computed twice: large ones waste less
_WHOLE = 2.5 * 1024**2  # pixels that are run in one piece
_SAMPLED = 2.5  # pixels of which statistics are taken, for each pixel of a tile
_ROWS = 256  # finished at a time
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def rendered(
    pixels: Tensor,
    network: nn.Module,
    render: Render,
    context: Context,
    *,
    strokes: float = 1.0,
    overlap: int = 64,
    multiple: int = 4,
) -> Tensor:
    """Restyle a picture in tiles that match, as their normalizations share their statistics.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        network: whose instance norms are to be shared.
        render: runs it, N x 3 x h x w to the same size.
        context: of the run.
        strokes: how many times smaller the network sees the picture: its strokes become as much
            larger. 0: as suits the size of the picture.
        overlap: pixels that tiles share.
        multiple: the network takes sides that are multiples of this.

    Returns:
        1 x 3 x h x w: the size at which the network saw it, for `finished` to enlarge.
    """
    height, width = pixels.shape[2:]
    factor = strokes * context.scale if strokes else max(height, width) / SEEN
    image = pixels
    if factor > 1:
        size = [max(1, round(side / factor)) for side in (height, width)]
        image = bicubic_resize(pixels, *size).clamp_(0, 1)
    area = image.shape[2] * image.shape[3]
    with ExitStack() as stack:
        entered = False

        def tile(part: Tensor) -> Tensor:
            nonlocal entered
            # Not before a tile is smaller than the picture: also one of the memory ladder's may be.
            if not entered and part.shape[2] * part.shape[3] < area:
                # No more pixels at once than the tiles leave room for, also when memory runs short.
                crops = int(_SAMPLED * part.shape[2] * part.shape[3] / SIDE**2)
                seen = samples(image, crops=max(1, min(crops, CROPS)))
                stack.enter_context(shared_statistics(network, seen.to(part), render))
                entered = True
            return render(part)

        side = max(image.shape[2:]) if area <= _WHOLE else _TILE
        return context.tiled(tile, image, overlap=overlap, multiple=multiple, tile=side)


def finished(
    pixels: Tensor, styled: Tensor, context: Context, *, share: float = 1.0, colors: bool = False
) -> Tensor:
    """The size of the picture, its colors if they are to stay, blended with it; in [0, 1].

    Args:
        pixels: the picture, 1 x 3 x H x W.
        styled: 1 x 3 x h x w, from `rendered`; may be written into.
        context: of the run.
        share: of the result; the rest is the picture.
        colors: whether the picture's colors stay and only its lightness is restyled (Gatys et al.
            2016, "Preserving color in neural artistic style transfer", luminance-only transfer).
    """
    height, width = pixels.shape[2:]
    fits = styled.shape == pixels.shape
    out = styled if fits else styled.new_empty(pixels.shape)
    luma = torch.tensor(_LUMA, device=styled.device).reshape(1, 3, 1, 1)
    for start in range(0, height, _ROWS):
        stop = min(start + _ROWS, height)
        context.progress(start / height)
        rows = (
            styled[..., start:stop, :] if fits else bicubic_rows(styled, height, width, start, stop)
        )
        plain = pixels[..., start:stop, :].to(rows)
        if colors:
            rows = plain + ((rows - plain) * luma).sum(dim=1, keepdim=True)
        if share < 1:
            rows = torch.lerp(plain, rows, share)
        out[..., start:stop, :] = rows.clamp(0, 1)
    return out
