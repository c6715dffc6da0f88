"""Filling by a diffusion model of the user's own, after a description (Rombach et al. 2022)."""

from __future__ import annotations

import json
import math
from pathlib import Path

from torch import Tensor

from studio.api import Context
from studio.nn.filling import filled
from studio.nn.filling_parts import Part
from studio_plugins.inpainting.parameters import FillParameters

STEPS = 30
SIZE = 512
"""Side of the pictures, in pixels, that a model of which nothing else is known was made for."""
_MULTIPLE = 64  # three halvings in front of a latent an eighth of the size
_PAINTS = "sampling.diffusers-redraw"


def fill(
    image: Tensor, mask: Tensor, variation: int, parameters: FillParameters, context: Context
) -> Tensor:
    """One variation of a filling; see `studio.nn.filling.filled`.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1].
        variation: from 0: each begins from other noise.
        parameters: with the model, the description and the steps.
        context: of this variation's part of the run.

    Raises:
        UserError: if no model was chosen, it cannot be read, or a library is missing.
    """
    side = parameters.size or made_for(Path(parameters.pipeline.strip()).expanduser())
    painting = _Painting(side, parameters, variation, context)
    return filled(
        image,
        mask,
        painting,
        size=side,
        multiple=_MULTIPLE,
        begin=painting.begin,
        progress=painting.finish,
    )


def made_for(folder: Path) -> int:
    """Side of the pictures, in pixels, that a diffusers folder was made for; `SIZE` if unknown."""
    try:
        unet, vae = (
            json.loads((folder / part / "config.json").read_text(encoding="utf-8"))
            for part in ("unet", "vae")
        )
        return int(unet["sample_size"] * 2 ** (len(vae["block_out_channels"]) - 1))
    except (OSError, ValueError, KeyError, TypeError):
        return SIZE


class _Painting:
    """Has windows painted by the operation that redraws with such models."""

    def __init__(
        self, side: int, parameters: FillParameters, variation: int, context: Context
    ) -> None:
        self._side, self._parameters = side, parameters
        self._variation, self._context = variation, context
        self._before, self._share = 0.0, 1.0

    def begin(self, _part: Part, share: float) -> None:
        self._share = share

    def finish(self, done: float) -> None:
        self._before = done

    def __call__(self, image: Tensor, mask: Tensor) -> Tensor:
        """Fill one window, 1 x 3 x h x w in [0, 1]."""
        height, width = image.shape[2:]
        part = self._context.part(self._before, min(self._before + self._share, 1.0))
        made = part.run(
            _PAINTS,
            image,
            mask,
            model=self._parameters.pipeline.strip() or None,
            prompt=self._parameters.prompt,
            guidance=self._parameters.guidance,
            steps=min(self._parameters.steps or STEPS, 500),
            strength=1.0,
            # Smaller windows are enlarged, as a model paints badly below the size it knows.
            size=max(self._side, round(math.sqrt(height * width))),
            margin=2048,
            first=self._variation,
        )
        color: Tensor = made[0].color
        return color
