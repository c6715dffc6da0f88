"""Style transfer in one pass: any picture as the style, and the built-in styles."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from studio.api import Context, UserError
from studio.nn.transparency import filled
from studio_plugins.style_transfer.arbitrary import ARBITRARY, ArbitraryStyle
from studio_plugins.style_transfer.presets import NONE, PRESETS, PresetStyle
from studio_plugins.style_transfer.rendering import finished, rendered
from studio_plugins.style_transfer.styles import (
    MODELS,
    PresetStyles,
    StyleModel,
    blended,
    load_style_model,
    shares,
)

_FADE = 0.25
"""Strength below which the result also fades into the picture: at the picture's own style a network
still redraws it, and 0 must be the picture itself."""
_RENDERING = 0.9  # share of the progress bar


def restyle(
    pixels: Tensor, _mask: Tensor | None, parameters: ArbitraryStyle, context: Context
) -> Tensor:
    """The picture in the style of one or several others.

    Between strengths the network goes from the picture's own style to the chosen one, in the space
    of style codes (Ghiasi et al. 2017, section 4).

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the host writes where it is above 0.
        parameters: what was chosen.
        context: of the run.

    Raises:
        UserError: if no style was chosen, or a picture cannot be read.
    """
    if not parameters.style:
        raise UserError("No style is chosen.", "Choose a picture whose style is to be taken.")
    strength = parameters.strength
    if strength == 0:
        return pixels
    model = _model(parameters.model, ARBITRARY, context)
    with torch.inference_mode():
        codes = [
            model.encode(model.seen(context.picture(each.source), parameters.style_scale))
            for each in parameters.style
        ]
        code = blended(codes, [each.weight for each in parameters.style])
        if strength < 1:
            code = torch.lerp(model.encode(model.seen(pixels)), code, strength)
        return _drawn(
            pixels,
            model,
            lambda part: model(part, code.to(part.device)),
            parameters,
            min(1.0, strength / _FADE),
            context,
        )


def preset(
    pixels: Tensor, _mask: Tensor | None, parameters: PresetStyle, context: Context
) -> Tensor:
    """The picture in one of the built-in styles, or between two of them.

    The network knows no style that is none: strength is a blend with the picture.

    Raises:
        UserError: if the model has fewer styles.
    """
    if parameters.strength == 0:
        return pixels
    model = _model(parameters.model, PRESETS, context)
    if not isinstance(model, PresetStyles):
        raise UserError("This model has no built-in styles.", "Use: style-transfer.arbitrary")
    chosen = [(int(parameters.style), 1.0)]
    if parameters.second != NONE and parameters.share > 0:
        chosen = [(chosen[0][0], 1 - parameters.share), (int(parameters.second), parameters.share)]
    if max(number for number, _ in chosen) >= model.count:
        raise UserError(f"The model has {model.count} styles.", "Choose one of them.")
    with torch.inference_mode():
        code = shares(model.count, chosen, pixels.device)
        return _drawn(
            pixels,
            model,
            lambda part: model(part, code.to(part.device)),
            parameters,
            parameters.strength,
            context,
        )


def _model(model_id: str | None, task: str, context: Context) -> StyleModel:
    card = context.card(model_id, task)
    paths = context.files(card.id)
    key = f"{task}/{card.id}/{'/'.join(file.sha256 for file in card.files)}"
    exact = MODELS[card.architecture].exact if card.architecture in MODELS else ()
    network = context.network(key, lambda: load_style_model(card, paths), float32=exact)
    if not isinstance(network, StyleModel):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network


def _drawn(
    pixels: Tensor,
    model: StyleModel,
    render: Callable[[Tensor], Tensor],
    parameters: ArbitraryStyle | PresetStyle,
    share: float,
    context: Context,
) -> Tensor:
    if context.alpha is not None:
        pixels = filled(pixels, context.alpha)
    styled = rendered(
        pixels,
        model,
        render,
        context.part(0, _RENDERING),
        strokes=parameters.strokes,
        overlap=model.overlap,
        multiple=model.multiple,
    )
    ending = context.part(_RENDERING, 1)
    return finished(pixels, styled, ending, share=share, colors=parameters.preserve_colors)
