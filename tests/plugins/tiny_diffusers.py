"""Diffusion models of a few thousand weights, built from their configurations and saved as folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

SIDE = 32
"""Of the pictures that these models are made for, in pixels."""


def networks(folder: Path, *, xl: bool = False, channels: int = 4) -> dict[str, Any]:
    """The components of a pipeline; ``channels`` of what the U-Net is given."""
    import diffusers

    torch.manual_seed(0)
    context = 16 if xl else 8
    more: dict[str, Any] = {}
    if xl:
        more = dict(
            addition_embed_type="text_time", addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=4 * 6 + 8, use_linear_projection=True,
        )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=SIDE // 2, in_channels=channels,
        out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=context,
        attention_head_dim=2, norm_num_groups=4, **more,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, norm_num_groups=4,
        sample_size=SIDE, force_upcast=xl, scaling_factor=3.0,
    )  # fmt: skip
    with torch.no_grad():  # as a trained one, which hardly doubts what a picture's latents are
        vae.quant_conv.bias[4:] = -20
    made = {
        "vae": vae, "unet": unet, "scheduler": diffusers.DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            steps_offset=1,
        ),
        "text_encoder": text_encoder(False), "tokenizer": tokenizer(folder),
    }  # fmt: skip
    if xl:
        return {**made, "text_encoder_2": text_encoder(True), "tokenizer_2": tokenizer(folder)}
    return {**made, "safety_checker": None, "feature_extractor": None}


def text_encoder(projected: bool) -> Any:
    """A CLIP text encoder of one layer."""
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=4, hidden_size=8, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=8, bos_token_id=0, eos_token_id=1,
        pad_token_id=1, projection_dim=8,
    )  # fmt: skip
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(
        config
    )


def tokenizer(folder: Path) -> Any:
    """One that knows the letter a."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "a": 3}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=8
    )


def saved(folder: Path, name: str, *, xl: bool = False, channels: int = 4) -> Path:
    """A pipeline as a folder."""
    import diffusers

    parts = networks(folder / "words", xl=xl, channels=channels)
    kind = f"StableDiffusion{'XL' if xl else ''}{'Inpaint' if channels == 9 else ''}Pipeline"
    more = {} if xl else {"requires_safety_checker": False}
    pipeline = getattr(diffusers, kind)(**parts, **more)
    pipeline.save_pretrained(folder / name)
    return folder / name


def control(folder: Path, base: Path) -> Path:
    """A ControlNet for a model, whose outputs are not the zeros that training begins with."""
    import diffusers

    unet = diffusers.UNet2DConditionModel.from_pretrained(base / "unet", low_cpu_mem_usage=False)
    network = diffusers.ControlNetModel.from_unet(
        unet, load_weights_from_unet=False, conditioning_embedding_out_channels=(8, 16)
    )
    torch.manual_seed(1)
    for each in [*network.controlnet_down_blocks, network.controlnet_mid_block]:
        torch.nn.init.normal_(each.weight, std=0.5)
    torch.nn.init.normal_(network.controlnet_cond_embedding.conv_out.weight, std=0.5)
    network.save_pretrained(folder / "control")
    return folder / "control"
