"""Restyling with networks that know one style, and recognising their checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.api import Context, ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.transparency import filled
from studio_plugins.style_transfer.fast import FAST, FastParameters
from studio_plugins.style_transfer.fast_networks import TransformerNet, from_state
from studio_plugins.style_transfer.rendering import finished, rendered

_RENDERING = 0.9  # share of the progress bar
_MICROAST = {
    "enc2.0.conv1.conv_layer.weight": "an encoder",
    "weight1.0.conv_layer.weight": "the modulator",
    "dec1.conv1.conv_layer.weight": "the decoder",
}


def restyle(
    pixels: Tensor, _mask: Tensor | None, parameters: FastParameters, context: Context
) -> Tensor:
    """The picture in the style that a network learned.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the host writes where it is above 0.
        parameters: what was chosen.
        context: of the run.

    Raises:
        UserError: if there is no such network.
    """
    if parameters.strength == 0:
        return pixels
    network = _network(parameters.model, context)
    if context.alpha is not None:
        pixels = filled(pixels, context.alpha)
    with torch.inference_mode():
        styled = rendered(
            pixels,
            network,
            network,
            context.part(0, _RENDERING),
            strokes=parameters.strokes,
            overlap=network.overlap,
            multiple=network.multiple,
        )
        return finished(
            pixels,
            styled,
            context.part(_RENDERING, 1),
            share=parameters.strength,
            colors=parameters.preserve_colors,
        )


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What a fast-neural-style checkpoint is; None if it is of another kind.

    Raises:
        CheckpointError: if it is damaged, could run code, or is a part of MicroAST.
    """
    state = read_state_dict(paths[0])
    part = next((words for key, words in _MICROAST.items() if key in state), None)
    if part is not None:
        raise CheckpointError(
            f"{paths[0].name} is {part} of MicroAST (Wang et al. 2023), one of its four parts, and "
            f"not a whole network. It holds {describe_keys(state)}.",
            "For any picture as the style there is style-transfer.arbitrary.",
        )
    network = _build(state, paths[0].name)
    if network is None:
        return None
    wide = network.last.in_channels
    order = "BGR" if network.bgr else "RGB"
    return Recognised(
        architecture="TransformerNet",
        summary=f"One style in real time: width {wide}, {len(network.blocks)} blocks, {order}.",
    )


def load_network(card: ModelCard, paths: Sequence[Path]) -> TransformerNet:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if its file holds no such network.
    """
    try:
        state = read_state_dict(paths[0])
        network = _build(state, paths[0].name)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
    if network is None:
        raise UserError(
            f"{card.title} is no fast-neural-style network. It holds {describe_keys(state)}.",
            "Known are the layouts of pytorch/examples and of fast-neural-style-pytorch.",
        )
    return network


def _build(state: Mapping[str, Tensor], name: str) -> TransformerNet | None:
    try:
        return from_state(state)
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{name} looks like a fast-neural-style network, but does not fit one: it holds "
            f"{describe_keys(state)}.",
            "It may be a variant that is not known, or cut off.",
        ) from error


def _network(model_id: str | None, context: Context) -> TransformerNet:
    card = _card(model_id, context)
    paths = context.files(card.id)
    key = f"{FAST}/{card.files[0].sha256}"
    # In half precision the last layer would round to half a level of 255.
    network = context.network(key, lambda: load_network(card, paths), float32=("last",))
    if not isinstance(network, TransformerNet):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network


def _card(model_id: str | None, context: Context) -> ModelCard:
    if model_id is not None:
        return context.card(model_id, FAST)
    here = context.available(FAST)
    if not here:
        raise UserError(
            "There is no network with a style of its own yet.",
            "Import a fast-neural-style checkpoint, or train one from a painting: "
            "impasto train style-transfer.fast",
        )
    return here[0]
