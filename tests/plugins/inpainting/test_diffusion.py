"""Diffusion pipelines of the user's own: a tiny one, made from its configuration, fills a hole."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from studio.api import UserError
from studio.document import composite

from .conftest import disc


def test_no_pipeline_is_told(run, picture, photo):
    with pytest.raises(UserError, match="No diffusion model is chosen"):
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion")


def test_a_missing_folder_is_told(run, picture, photo, tmp_path):
    with pytest.raises(UserError, match="There is no"):
        run(
            picture(photo(40, 40), disc(40, 40, 8)),
            engine="diffusion",
            pipeline=str(tmp_path / "nowhere"),
        )


def test_a_missing_library_is_told(run, picture, photo, tmp_path, monkeypatch):
    pytest.importorskip("diffusers")  # which looks for transformers once, when it is imported
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match="transformers") as caught:
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion", pipeline=str(tmp_path))
    assert "impasto[diffusion]" in caught.value.hint


@pytest.fixture
def pipeline(tmp_path):
    """A Stable Diffusion inpainting pipeline of a few thousand weights, saved as a folder."""
    transformers = pytest.importorskip("transformers")
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=8, in_channels=9,
        out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=8,
        attention_head_dim=2, norm_num_groups=4,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, norm_num_groups=4,
    )  # fmt: skip
    words = tmp_path / "words"
    words.mkdir()
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "a": 3}
    (words / "vocab.json").write_text(json.dumps(vocabulary))
    (words / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=8
    )
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=4, hidden_size=8, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=8, bos_token_id=0, eos_token_id=1,
            pad_token_id=1,
        )
    )  # fmt: skip
    made = diffusers.StableDiffusionInpaintPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    folder = tmp_path / "pipeline"
    made.save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_tiny_pipeline_fills_the_hole_and_nothing_else(run, picture, photo, pipeline):
    pixels, mask = photo(100, 100), disc(100, 100, 15)
    given = {"engine": "diffusion", "pipeline": str(pipeline), "prompt": "a", "steps": 2}
    result = run(picture(pixels, mask), variations=2, **given)
    assert result.variations == 2
    after = [composite(result.after(n))[..., :3] for n in range(2)]
    assert not np.array_equal(*after)
    for each in after:
        assert np.array_equal(each[mask == 0], pixels[mask == 0])
        assert not np.array_equal(each[mask > 0], pixels[mask > 0])
    again = composite(run(picture(pixels, mask), **given).after())[..., :3]
    assert np.array_equal(again, after[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_folder_without_a_pipeline_is_told(run, picture, photo, tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(UserError, match="cannot be read as a diffusion model"):
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion", pipeline=str(tmp_path))
