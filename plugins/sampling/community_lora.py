"""LoRA files: small changes to a model's weights (Hu et al. 2021), added to them as they are read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from studio.api import UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict

_KEY = re.compile(
    r"(?P<layer>.+?)[._](?P<part>lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up|"
    r"lora_linear_layer\.down|lora_linear_layer\.up)(\.default)?\.weight"
)
_DOWN = ("down", "A")
_PREFIXES = {
    "unet": ("lora_unet_", "unet_"),
    "text_encoder": ("lora_te_", "lora_te1_", "text_encoder_"),
    "text_encoder_2": ("lora_te2_", "text_encoder_2_"),
}
_FOREIGN = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "dora_scale": "DoRA",
    "lora_mid": "Tucker",
    "oft_": "OFT",
}
_RESNET = {
    "in_layers_2": "conv1", "out_layers_3": "conv2", "emb_layers_1": "time_emb_proj",
    "skip_connection": "conv_shortcut",
}  # fmt: skip


@dataclass(frozen=True)
class Lora:
    """One file, and how strongly it counts.

    Attributes:
        path: of a safetensors file.
        strength: 1: as it was made.
        stamp: time of its last change.
    """

    path: Path
    strength: float
    stamp: int


def chosen_loras(words: str, strength: float) -> tuple[Lora, ...]:
    """The files that are named, as ``a.safetensors*0.8; b.safetensors``.

    Args:
        words: of the form.
        strength: of those that name none.

    Raises:
        UserError: if there is no such file, or it is none that can be read safely.
    """
    found = []
    for each in filter(None, (part.strip() for part in re.split(r"[;\n]", words))):
        name, _, factor = each.rpartition("*")
        try:
            path, own = (Path(name), float(factor)) if name else (Path(each), strength)
        except ValueError:
            path, own = Path(each), strength
        path = path.expanduser()
        if not path.is_file():
            raise UserError(f"There is no LoRA {path}.", "Name a .safetensors file.")
        if path.suffix.lower() != ".safetensors":
            raise UserError(
                f"{path.name} could run code when it is opened.", "Get it as .safetensors."
            )
        found.append(Lora(path.resolve(), own, path.stat().st_mtime_ns))
    return tuple(found)


def add_loras(pipeline: Any, loras: Sequence[Lora]) -> None:
    """Add what the files hold to the weights of a pipeline's networks, in place.

    Args:
        pipeline: of diffusers.
        loras: layouts of diffusers, PEFT and kohya are read, for U-Net and text encoders.

    Raises:
        UserError: if one is for another model, or of a kind that is not read.
    """
    if not loras:
        return
    layers = {
        part: _layers(pipeline.components[part])
        for part in _PREFIXES
        if pipeline.components.get(part) is not None
    }
    per_block = int(pipeline.unet.config.layers_per_block)
    for lora in loras:
        if lora.strength:
            _add(lora, layers, per_block)


def _layers(network: nn.Module) -> dict[str, nn.Module]:
    """Layers with a weight, by their name with underscores."""
    return {
        name.replace(".", "_"): layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


def _add(lora: Lora, layers: Mapping[str, Mapping[str, nn.Module]], per_block: int) -> None:
    hint = "Choose a LoRA that was made for this kind of model."
    try:
        state = read_state_dict(lora.path)
    except CheckpointError as error:
        raise UserError(error.message, error.hint) from error
    for sign, title in _FOREIGN.items():
        if any(sign in key for key in state):
            raise UserError(f"{lora.path.name} is a {title}, which is not read here.", hint)
    missed: list[str] = []
    count = 0
    for name, (down, up, alpha) in _pairs(state).items():
        layer = _layer(name, layers, per_block)
        if layer is None:
            missed.append(name)
            continue
        scale = lora.strength * (alpha / down.shape[0])
        _change(layer, down, up, scale, f"{lora.path.name} does not fit this model ({name})", hint)
        count += 1
    if not count or len(missed) > count:
        what = f"its {missed[0]} is not in it" if missed else "it holds no LoRA"
        raise UserError(f"{lora.path.name} does not fit this model: {what}.", hint)


def _pairs(state: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor, float]]:
    """Down, up and alpha of each layer; without an alpha it is the rank."""
    found: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in state.items():
        match = _KEY.fullmatch(key)
        if match is not None:
            side = "down" if match["part"].endswith(_DOWN) else "up"
            found[match["layer"]][side] = tensor.float()
    pairs = {}
    for name, sides in found.items():
        if len(sides) == 2:
            alpha = state.get(f"{name}.alpha")
            rank = sides["down"].shape[0]
            pairs[name] = sides["down"], sides["up"], rank if alpha is None else float(alpha)
    return pairs


def _layer(
    name: str, layers: Mapping[str, Mapping[str, nn.Module]], per_block: int
) -> nn.Module | None:
    flat = name.removeprefix("base_model.model.").replace(".", "_")
    flat = re.sub(r"_processor_(to_[qkv]|to_out)_?$", r"_\1", flat)
    flat = re.sub(r"_to_out$", "_to_out_0", flat)
    part = "unet"
    # The longest prefix that fits: that of the second text encoder begins as that of the first.
    for each, prefixes in reversed(_PREFIXES.items()):
        prefix = next((p for p in prefixes if flat.startswith(p)), None)
        if prefix is not None:
            part, flat = each, flat.removeprefix(prefix)
            break
    known = layers.get(part, {})
    if part == "unet":
        return known.get(flat) or known.get(_diffusers_name(flat, per_block))
    bare = flat.removeprefix("text_model_")
    return known.get(flat) or known.get(bare) or known.get(f"text_model_{bare}")


def _diffusers_name(flat: str, per_block: int) -> str:
    """The name that a layer of the original U-Net (``input_blocks_4_1_...``) has in diffusers."""
    match = re.fullmatch(r"(input_blocks|middle_block|output_blocks)_(\d+)(?:_(\d+))?_(.+)", flat)
    if match is None:
        return flat
    where, first, second, rest = match.groups()
    if where == "middle_block":
        if second is not None:  # its parts have no second number: that belongs to what follows
            rest = f"{second}_{rest}"
        place = ("resnets_0", "attentions_0", "resnets_1")[min(int(first), 2)]
        return f"mid_block_{place}_{_RESNET.get(rest, rest)}"
    number, kind = int(first), int(second or 0)
    if where == "input_blocks":
        if number == 0:
            return "conv_in"
        block, layer = divmod(number - 1, per_block + 1)
        if layer == per_block:
            return f"down_blocks_{block}_downsamplers_0_conv"
        place = ("resnets", "attentions")[min(kind, 1)]
        return f"down_blocks_{block}_{place}_{layer}_{_RESNET.get(rest, rest)}"
    block, layer = divmod(number, per_block + 1)
    if rest == "conv":
        return f"up_blocks_{block}_upsamplers_0_conv"
    place = ("resnets", "attentions")[min(kind, 1)]
    return f"up_blocks_{block}_{place}_{layer}_{_RESNET.get(rest, rest)}"


def _change(
    layer: nn.Module, down: Tensor, up: Tensor, scale: float, problem: str, hint: str
) -> None:
    weight = layer.get_parameter("weight").data
    rank = down.shape[0]
    try:
        product = up.reshape(up.shape[0], rank) @ down.reshape(rank, -1)
        change = product.reshape(weight.shape)
    except RuntimeError as error:
        raise UserError(f"{problem}.", hint) from error
    weight.copy_(weight.float() + scale * change.to(weight.device))
