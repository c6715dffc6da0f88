"""The operation `inpainting.fill`: what is selected, filled from what is around it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from torch import Tensor

from studio.api import Context, Pixels, UserError
from studio.nn.transparency import filled as spread
from studio_plugins.inpainting.parameters import FillParameters

Engine = Callable[[Tensor, Tensor, int, FillParameters, Context], Tensor]
_ENGINES = {
    "network": "network_fill",
    "patchmatch": "exemplars",
    "prior": "prior",
    "diffusion": "diffusion",
}


def fill(
    pixels: Tensor, mask: Tensor | None, parameters: FillParameters, context: Context
) -> list[Pixels]:
    """Replace what lies under the mask; the host weighs the result with the mask's soft edge.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1]: everything above 0 is filled.
        parameters: of the form.
        context: of the run.

    Returns:
        The variations: pictures that differ from ``pixels`` only where the mask is above 0. What was
        transparent stays so.

    Raises:
        UserError: if nothing is selected, or the engine lacks something.
    """
    if mask is None or not bool((mask > 0).any()):
        raise UserError(
            "Nothing is selected, so there is nothing to fill.",
            "Paint over what is to go, or select it.",
        )
    if bool((mask > 0).all()):
        context.note("Everything is selected: with nothing to go by, one flat color is left.")
    if context.alpha is not None:
        pixels = spread(pixels, context.alpha)
    module = import_module(f"studio_plugins.inpainting.{_ENGINES[parameters.engine]}")
    engine: Engine = module.fill
    made: list[Pixels] = []
    for number in range(parameters.variations):
        if made and context.stopping:
            break
        part = context.part(number / parameters.variations, (number + 1) / parameters.variations)
        title = "" if parameters.variations == 1 else f"Fill {number + 1}"
        made.append(Pixels(engine(pixels, mask, number, parameters, part), None, title))
    return made
