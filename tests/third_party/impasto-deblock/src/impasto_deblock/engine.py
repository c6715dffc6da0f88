"""What runs; imported at the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors.torch import load_file
from torch import Tensor

from impasto_deblock.networks import Deblocker
from studio.api import Context, ModelCard

if TYPE_CHECKING:
    from impasto_deblock import DeblockParameters


def deblock(
    pixels: Tensor, _mask: Tensor | None, parameters: DeblockParameters, context: Context
) -> Tensor:
    """The restored picture, as much of it as ``strength`` asks for."""
    card = context.card(parameters.model, "deblocking")
    network = context.network(card.id, lambda: load(card, context))
    restored = context.tiled(network, pixels, overlap=32, multiple=2)
    return pixels.lerp(restored.clamp(0, 1), parameters.strength / 100)


def load(card: ModelCard, context: Context) -> Deblocker:
    """The network of a card, with its weights."""
    network = Deblocker(int(card.extra["width"]), int(card.extra["depth"]))
    weights = load_file(context.files(card.id)[0])
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network
