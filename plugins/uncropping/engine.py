"""Extending a picture: by a network, or by what is there already."""

from __future__ import annotations

from torch import Tensor

from studio.api import Context, Pixels
from studio.nn.filling_parts import Box
from studio.nn.transparency import filled as spread
from studio_plugins.uncropping import cheap, network
from studio_plugins.uncropping.parameters import ExtendParameters
from studio_plugins.uncropping.places import box_of

INVENTED = ("network", "texture", "diffusion")


def extend(
    pixels: Tensor, mask: Tensor, parameters: ExtendParameters, context: Context
) -> Tensor | Pixels:
    """Fill the margins of a canvas.

    Args:
        pixels: 1 x 3 x H x W in [0, 1]: the larger canvas, black in the margins.
        mask: 1 x 1 x H x W: 1 in the margins, 0 in the picture, between them in the overlap.
        parameters: of the form.
        context: of the run.

    Returns:
        The canvas filled; with alpha if the picture is transparent somewhere.
    """
    old = box_of(mask[0, 0] < 1)
    alpha = context.alpha
    result = pixels.clone()
    if alpha is not None:
        alpha = alpha.clone()
        old.of(result).copy_(spread(old.of(pixels), old.of(alpha)))
        cheap.around(alpha, old, "smear" if parameters.fill in INVENTED else parameters.fill)
    if parameters.fill in INVENTED:
        _invent(result, mask, old, parameters, context)
    else:
        context.progress(0.1, "Filling")
        cheap.around(result, old, parameters.fill)
    return result.clamp_(0, 1) if alpha is None else Pixels(result.clamp_(0, 1), alpha)


def _invent(
    result: Tensor, mask: Tensor, old: Box, parameters: ExtendParameters, context: Context
) -> None:
    kept = mask[0, 0] == 0
    if not bool(kept.any()):
        context.note("The overlap leaves nothing of the picture to go by: it was left out.")
        network.extend(result, old, parameters, context)
        return
    known = box_of(kept)
    if known != old:  # what is faded over is to be invented, too
        result.mul_(kept)
    network.extend(result, known, parameters, context)
