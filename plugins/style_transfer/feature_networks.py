"""Choosing the network whose features say what is style and what is content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from studio.api import Context, ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.features import FeatureNetwork, build_features, load_features
from studio_plugins.style_transfer.optimizing import FEATURES

PUBLISHED = "torchvision-vgg19"
"""The network of the paper."""
SMALL = "hed-vgg16"
_PREFERRED = ("VGG-19", "VGG-16")


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What a VGG's checkpoint is; None if it is another network.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    state = read_state_dict(paths[0])
    try:
        network = build_features(state, paths[0].name)
    except (CheckpointError, KeyError, RuntimeError, IndexError):
        return None
    kind = architecture(network)
    return Recognised(
        architecture=kind,
        summary=f"{kind} features, to its layer {network.layers[-1]}: judges style and content.",
    )


def architecture(network: FeatureNetwork) -> str:
    """The name of what a feature network is a part of."""
    layers = network.layers
    if "5_1" not in layers or "5_2" not in layers:
        return "VGG, cut off"
    return "VGG-19" if "3_4" in layers else "VGG-16"


def chosen(model_id: str | None, context: Context) -> ModelCard:
    """The card of a feature network: the one named, or the best one that is here.

    Raises:
        UserError: if none is here.
    """
    if model_id is not None:
        return context.card(model_id, FEATURES)
    here = sorted(context.available(FEATURES), key=_rank)
    if not here:
        raise UserError(
            "There is no feature network on this computer to judge style by.",
            f"Choose one to fetch: {SMALL} (59 MB) or {PUBLISHED} (575 MB).",
        )
    if here[0].architecture != _PREFERRED[0]:
        context.note(
            f"VGG-19 is not on this computer: style is judged by {here[0].title}. "
            f"Choose {PUBLISHED} as the feature network to fetch it."
        )
    return here[0]


def network_for(card: ModelCard, context: Context) -> FeatureNetwork:
    """The network of a card, ready to run and to take gradients through.

    Raises:
        UserError: if its file holds no VGG that is known.
    """
    paths = context.files(card.id)
    # In float16 gradients would vanish; bfloat16 has the range of float32.
    half = context.dtype is torch.bfloat16
    key = f"{FEATURES}/{card.files[0].sha256}"
    network = context.network(key, lambda: _loaded(card, paths), half=half, float32=("input",))
    if not isinstance(network, FeatureNetwork):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network


def _loaded(card: ModelCard, paths: Sequence[Path]) -> FeatureNetwork:
    try:
        network = load_features(paths[0])
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):  # padded with zeros, the picture would get a frame
            layer.padding_mode = "reflect"
    return network


def _rank(card: ModelCard) -> int:
    kinds = (*_PREFERRED, card.architecture)
    return kinds.index(card.architecture)
