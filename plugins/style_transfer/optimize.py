"""The operation `style-transfer.optimize`: a picture painted step by step, seen as it goes on."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, UserError
from studio.nn.resample import bicubic_rows
from studio.nn.transparency import filled
from studio_plugins.style_transfer.feature_networks import chosen, network_for
from studio_plugins.style_transfer.gatys import (
    Descent,
    Objective,
    Weights,
    fitted,
    pyramid,
    recolored,
    shares,
)
from studio_plugins.style_transfer.optimizing import OptimizeParameters
from studio_plugins.style_transfer.rendering import finished

_PAINTING = 0.95  # share of the progress bar
_ROWS = 256  # joined at a time
_LUMA = (0.299, 0.587, 0.114)


def optimize(
    pixels: Tensor, _mask: Tensor | None, parameters: OptimizeParameters, context: Context
) -> Tensor:
    """The picture, changed until its features have the style of another (Gatys et al. 2016).

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the host writes where it is above 0.
        parameters: what was chosen.
        context: of the run.

    Raises:
        UserError: if no style was chosen, or there is no feature network.
    """
    if parameters.style is None:
        raise UserError("No style is chosen.", "Choose a picture whose style is to be taken.")
    if parameters.strength == 0:
        return pixels
    style = context.picture(parameters.style)
    network = network_for(chosen(parameters.features, context), context)
    weights = Weights(parameters.content_weight, parameters.style_weight, parameters.smoothness)
    objective = Objective(network, network.layers, weights)
    if context.alpha is not None:
        pixels = filled(pixels, context.alpha)
    with torch.inference_mode(False), torch.enable_grad():
        painting = _Painting(pixels.clone(), style.clone(), objective, parameters, context)
        made = painting.run()
    ending = context.part(_PAINTING, 1)
    whole = _joined(pixels, painting.small, made, parameters.detail, ending.part(0, 0.5))
    return finished(
        pixels,
        whole,
        ending.part(0.5, 1),
        share=parameters.strength,
        colors=parameters.preserve_colors,
    )


class _Painting:
    """One run over the levels of the pyramid; keeps what it has when it is asked to stop."""

    def __init__(
        self,
        content: Tensor,
        style: Tensor,
        objective: Objective,
        parameters: OptimizeParameters,
        context: Context,
    ) -> None:
        self._parameters, self._context, self._objective = parameters, context, objective
        self._longest = min(parameters.size, max(content.shape[2:]))
        self.small = fitted(content, self._longest)
        self._content, self._style = content, style
        if parameters.preserve_colors:
            self._content = _gray(content)
            self._style = _like(_gray(style), self._content)
        self._done = 0

    def run(self) -> Tensor:
        """The painting, 1 x 3 x h x w in [0, 1] at the largest level."""
        sides = pyramid(self._longest)
        parts = shares(len(sides))
        image: Tensor | None = None
        for number, side in enumerate(sides):
            until = round(self._parameters.steps * sum(parts[: number + 1]))
            image = self._level(image, side, until)
            if self._context.stopping:
                self._context.note(f"Stopped after {self._done} of {self._parameters.steps} steps.")
                break
        if image is None:
            raise ValueError("a pyramid without levels")
        return image if image.shape == self.small.shape else fitted(image, self._longest)

    def _level(self, image: Tensor | None, side: int, until: int) -> Tensor:
        content = fitted(self._content, side)
        # The style as large as the content is: its strokes keep their share of the picture.
        style = fitted(self._style, max(round(side * self._parameters.style_scale), 32))
        self._context.progress(self._fraction, "Looking at the style")
        toned = content if self._parameters.preserve_colors else recolored(content, style)
        targets = self._objective.targets(content, style, toned)
        if image is not None:
            size = list(content.shape[2:])
            start = F.interpolate(image, size=size, mode="bicubic").clamp(0, 1)
        elif self._parameters.start == "noise":
            # One of its own: loading a network draws numbers, too, but only the first time.
            generator = torch.Generator().manual_seed(self._context.seed)
            start = torch.rand(content.shape, generator=generator).to(content.device)
        else:
            start = toned
        descent = Descent(
            start,
            lambda made: self._objective(made, targets, self._alive),
            self._parameters.optimizer,
        )
        while self._done < until and not self._context.stopping:
            loss = descent.step()
            self._done += 1
            made = descent.image.detach()
            steps = self._parameters.steps
            self._context.progress(
                self._fraction, f"Step {self._done} of {steps}: loss {loss:.3g}", made
            )
        return descent.image.detach()

    @property
    def _fraction(self) -> float:
        return _PAINTING * self._done / self._parameters.steps

    def _alive(self) -> None:
        """Called while gradients are computed, where no layer's hook would notice a cancel."""
        self._context.progress(self._fraction)


def _joined(pixels: Tensor, small: Tensor, made: Tensor, detail: float, context: Context) -> Tensor:
    """The painting at the size of the picture, with what reducing the picture took away.

    Args:
        pixels: the picture, 1 x 3 x H x W.
        small: the same, reduced to h x w.
        made: the painting, 1 x 3 x h x w.
        detail: how much of the difference between the picture and its reduction comes back.
        context: of the run.
    """
    height, width = pixels.shape[2:]
    if made.shape == pixels.shape:
        return made.clone()
    out = torch.empty_like(pixels)
    for start in range(0, height, _ROWS):
        stop = min(start + _ROWS, height)
        context.progress(start / height, "Joining")
        rows = bicubic_rows(made, height, width, start, stop)
        if detail > 0:
            lost = pixels[:, :, start:stop] - bicubic_rows(small, height, width, start, stop)
            rows = rows + detail * lost
        out[:, :, start:stop] = rows
    return out


def _gray(image: Tensor) -> Tensor:
    """Lightness in all three channels."""
    weights = image.new_tensor(_LUMA)[:, None, None]
    return (image * weights).sum(dim=1, keepdim=True).expand(-1, 3, -1, -1)


def _like(image: Tensor, other: Tensor) -> Tensor:
    """With mean and deviation of another picture (Gatys et al. 2017, luminance-only transfer)."""
    scaled = (image - image.mean()) * (other.std() / image.std().clamp_min(1e-3)) + other.mean()
    return scaled.clamp(0, 1)
