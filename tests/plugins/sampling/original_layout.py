"""A tiny diffusers model as the single file that its weights were first published in."""

from __future__ import annotations

import re
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip


def write_single_file(folder: Path, path: Path, *, per_block: int = 1, blocks: int = 2) -> Path:
    """Write the weights of a Stable Diffusion folder, with the names that CompVis gave them."""
    state: dict[str, Tensor] = {}
    for name, part in (("unet", _unet), ("vae", _vae), ("text_encoder", _text)):
        (file,) = (folder / name).glob("*.safetensors")
        for key, value in load_file(file).items():
            state[part(key, per_block, blocks)] = value.clone().contiguous()
    save_file(state, path)
    return path


def _unet(key: str, per_block: int, _blocks: int) -> str:
    name, _, kind = key.rpartition(".")
    found = _ENDS.get(name) or _block(name, per_block)
    return f"model.diffusion_model.{found}.{kind}"


def _block(name: str, per_block: int) -> str:
    match = re.fullmatch(r"(down|mid|up)_blocks?\.(?:(\d+)\.)?(\w+?)\.(\d+)\.(.+)", name)
    assert match is not None, name
    side, block, kind, number, rest = match.groups()
    rest = _RESNET.get(rest, rest) if kind == "resnets" else rest
    if side == "mid":
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}.{rest}"
    where = "input_blocks" if side == "down" else "output_blocks"
    first = int(block) * (per_block + 1) + (1 if side == "down" else 0)
    if kind == "downsamplers":
        return f"{where}.{first + per_block}.0.op"
    if kind == "upsamplers":
        return f"{where}.{first + per_block}.2.conv"
    return f"{where}.{first + int(number)}.{1 if kind == 'attentions' else 0}.{rest}"


def _vae(key: str, _per_block: int, blocks: int) -> str:
    def turned(match: re.Match[str]) -> str:
        return f"decoder.up.{blocks - 1 - int(match[1])}.{match[2]}"

    for pattern, new in (
        (r"encoder\.down_blocks\.(\d+)\.resnets\.", r"encoder.down.\1.block."),
        (r"(encoder\.down)_blocks\.(\d+)\.downsamplers\.0\.", r"\1.\2.downsample."),
        (r"mid_block\.attentions\.0\.", "mid.attn_1."),
        (r"mid_block\.resnets\.0\.", "mid.block_1."),
        (r"mid_block\.resnets\.1\.", "mid.block_2."),
        (r"conv_norm_out", "norm_out"),
        (r"conv_shortcut", "nin_shortcut"),
        (r"(attn_1)\.group_norm", r"\1.norm"),
        (r"(attn_1)\.to_([qkv])\b", r"\1.\2"),
        (r"(attn_1)\.to_out\.0", r"\1.proj_out"),
    ):
        key = re.sub(pattern, new, key)
    key = re.sub(r"decoder\.up_blocks\.(\d+)\.(.+)", turned, key)
    key = key.replace(".resnets.", ".block.").replace(".upsamplers.0.", ".upsample.")
    return f"first_stage_model.{key}"


def _text(key: str, _per_block: int, _blocks: int) -> str:
    bare = key.removeprefix("text_model.")
    return f"cond_stage_model.transformer.text_model.{bare}"
