"""Pictures from words by diffusion models of the user's own: tiny ones, run whole."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import Cancelled, UserError, describe
from studio.host.galleries import Galleries
from studio.host.observer import Observer
from studio_plugins.sampling.community_lora import add_loras, chosen_loras
from studio_plugins.sampling.community_models import Components
from studio_plugins.sampling.community_preview import preview

SIDE = 32  # of the pictures that the tiny models are made for

pytestmark = pytest.mark.filterwarnings(
    # Of the libraries, about themselves.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)


class Watching(Observer):
    """Keeps the messages, and cancels a number of layers after one."""

    def __init__(self, after=None, layers=0):
        self.messages, self.fractions, self.previews = [], [], []
        self.after, self.layers, self.asked = after, layers, 0

    def progress(self, fraction, message):
        self.messages.append(message)
        self.fractions.append(fraction)

    def tile(self, preview):
        self.previews.append(preview)

    def cancelled(self):
        if self.after is None or self.after not in self.messages:
            return False
        self.asked += 1
        return self.asked > self.layers


@pytest.mark.parametrize("kind", ["sd", "xl"])
def test_words_become_a_picture_that_the_seed_decides(kind, paint, drawn):
    result = paint(kind)
    (image,) = result.images
    assert image.pixels.shape == (SIDE, SIDE, 4)
    assert image.title == "a (3)"
    assert image.pixels[..., :3].std() > 5
    assert np.array_equal(image.pixels, drawn(kind))
    assert not np.array_equal(image.pixels, drawn(kind, seed=4))


def test_a_picture_does_not_depend_on_how_many_there_are(paint, drawn):
    made = [images[0].pixels for images in paint(count=3).variants]
    assert np.array_equal(made[2], drawn(seed=5))
    assert np.array_equal(made[2], drawn(first=2))


@pytest.mark.parametrize("sampler", ["ddim", "dpm", "euler", "euler-a", "unipc", "lcm"])
def test_each_sampler_paints_and_keeps_to_the_seed(sampler, drawn):
    first = drawn(sampler=sampler)
    assert np.array_equal(first, drawn(sampler=sampler))
    own = drawn().astype(int)  # DDIM, which Euler's method comes to, but for rounding
    assert (np.abs(own - first).max() <= 1) == (sampler in {"ddim", "euler"})


def test_words_and_guidance_matter(drawn):
    plain = drawn()
    for change in ({"prompt": "a a a"}, {"negative": "a a a"}, {"guidance": 2.0}):
        assert not np.array_equal(plain, drawn(**change)), change
    alone = drawn(guidance=1.0)
    assert np.array_equal(alone, drawn(guidance=1.0, negative="a a a"))


@pytest.mark.parametrize(("width", "height"), [(50, 30), (33, 64), (16, 16)])
def test_any_size_is_painted_exactly(width, height, drawn):
    assert drawn(width=width, height=height, steps=1).shape == (height, width, 4)


def test_decoding_in_tiles_is_nearly_the_same(drawn):
    whole = drawn(width=96, height=96, steps=1)
    tiled = drawn(width=96, height=96, steps=1, tiling=True)
    assert 0 < np.abs(whole.astype(int) - tiled).mean() < 20
    assert np.array_equal(whole, drawn(width=96, height=96, steps=1))


def test_steps_are_reported(paint):
    watching = Watching()
    paint(observer=watching, count=2)
    assert "Picture 2 of 2, step 3 of 3" in watching.messages
    assert watching.fractions == sorted(watching.fractions)


def test_a_cancel_answers_within_a_step(paint):
    watching = Watching(after="Step 1 of 3", layers=10)
    with pytest.raises(Cancelled):
        paint(observer=watching)
    assert watching.asked == 11
    assert "Step 2 of 3" not in watching.messages
    paint()  # and the model can be used again


def test_words_that_are_not_read_are_told(paint):
    (note,) = paint(prompt="a " * 9, steps=1).notes
    assert "reads 6 pieces" in note
    assert "(3 more)" in note


@pytest.fixture
def squares(tmp_path):
    """A picture to go by."""
    pixels = np.zeros((48, 48, 3), np.uint8)
    pixels[10:30, 12:40] = 255
    path = tmp_path / "squares.png"
    Image.fromarray(pixels).save(path)
    return path


def test_a_controlnet_goes_by_edges_or_a_map(drawn, squares, diffusion):
    given = {"controlnet": str(diffusion("control")), "control_picture": str(squares)}
    edges = drawn(**given)
    assert edges.shape == (SIDE, SIDE, 4)
    assert not np.array_equal(edges, drawn())
    assert not np.array_equal(edges, drawn(control="map", **given))
    assert np.array_equal(drawn(), drawn(control_strength=0.0, **given))


def test_a_controlnet_goes_by_what_was_kept_from_a_layer(drawn, squares, diffusion, community):
    (gallery,) = {
        spec.gallery
        for name in ("sampling.diffusers", "sampling.diffusers-redraw")
        for spec in describe(community.registry.operation(name).parameters)
        if spec.name == "control_picture"
    }
    kept = Galleries(community.registry.galleries()).add(
        gallery, "My map", np.asarray(Image.open(squares).convert("RGBA"))
    )
    given = {"controlnet": str(diffusion("control")), "control": "map"}
    by_layer = drawn(control_picture=kept.source, **given)
    assert np.array_equal(by_layer, drawn(control_picture=str(squares), **given))


def test_a_controlnet_can_be_a_file(drawn, squares, diffusion):
    folder, given = diffusion("control"), {"control_picture": str(squares)}
    file = folder / "diffusion_pytorch_model.safetensors"
    expected = drawn(controlnet=str(folder), **given)
    assert np.array_equal(drawn(controlnet=str(file), **given), expected)


def test_a_controlnet_of_another_kind_is_told(paint, diffusion, squares, tmp_path):
    given = {"control_picture": str(squares)}
    with pytest.raises(UserError, match="another kind of model"):
        paint("xl", controlnet=str(diffusion("control")), **given)
    with pytest.raises(UserError, match="no picture to go by"):
        paint(controlnet=str(diffusion("control")))
    with pytest.raises(UserError, match="There is no ControlNet"):
        paint(controlnet=str(tmp_path / "nowhere"), **given)
    with pytest.raises(UserError, match="cannot be read as a ControlNet"):
        paint(controlnet=str(tmp_path), **given)


def lora(path, layout):
    """A LoRA of one layer of the U-Net and one of the text encoder, in the layout of a library."""
    torch.manual_seed(2)
    unet = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    text = "text_model.encoder.layers.0.self_attn.q_proj"
    down, up = torch.randn(2, 16), torch.randn(16, 2)
    text_down, text_up = torch.randn(2, 8), torch.randn(8, 2)
    if layout == "kohya":
        state = {
            f"lora_{part}_{name.replace('.', '_')}.{key}": value
            for part, name, pair in (
                ("unet", unet, (down, up)),
                ("te", text, (text_down, text_up)),
            )
            for key, value in zip(("lora_down.weight", "lora_up.weight"), pair, strict=True)
        }
        state |= {
            key.replace("lora_down.weight", "alpha"): torch.tensor(4.0)
            for key in state
            if "down" in key.rpartition("lora_")[2]
        }
        # The name that kohya's scripts give XL's layers, of which this model has the same.
        if path.stem == "original":
            old = f"lora_unet_{unet.replace('.', '_')}"
            new = "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q"
            state = {key.replace(old, new): value for key, value in state.items()}
    else:
        # Without an alpha, the up part is as strong as alpha over rank made it.
        pair = {"diffusers": ("lora.down", "lora.up"), "peft": ("lora_A", "lora_B")}[layout]
        state = {
            f"{part}.{name}.{key}.weight": value.contiguous()
            for part, name, values in (
                ("unet", unet, (down, up * 2)),
                ("text_encoder", text, (text_down, text_up * 2)),
            )
            for key, value in zip(pair, values, strict=True)
        }
    save_file(state, path)
    return path


def test_loras_of_all_layouts_mean_the_same(drawn, tmp_path):
    layouts = {"kohya": "kohya", "original": "kohya", "diffusers": "diffusers", "peft": "peft"}
    made = [
        drawn(lora=str(lora(tmp_path / f"{name}.safetensors", layout)), steps=2)
        for name, layout in layouts.items()
    ]
    assert not np.array_equal(made[0], drawn(steps=2))
    for name, other in zip(layouts, made, strict=True):
        assert np.abs(made[0].astype(int) - other).max() <= 1, name


def test_the_strength_of_a_lora_counts(drawn, tmp_path):
    path = lora(tmp_path / "a.safetensors", "kohya")
    plain = drawn(steps=2)
    assert np.array_equal(plain, drawn(lora=str(path), lora_strength=0.0, steps=2))
    half = drawn(lora=f"{path}*0.5", steps=2)
    assert np.array_equal(half, drawn(lora=str(path), lora_strength=0.5, steps=2))
    twice = drawn(lora=f"{path}*0.5; {path}*0.5", steps=2)
    whole = drawn(lora=str(path), steps=2)
    assert np.abs(twice.astype(int) - whole).max() <= 1
    assert not np.array_equal(half, whole)


def test_loras_that_do_not_fit_are_told(paint, tmp_path):
    with pytest.raises(UserError, match="There is no LoRA"):
        paint(lora=str(tmp_path / "none.safetensors"))
    pickle = tmp_path / "a.pt"
    pickle.write_bytes(b"x")
    with pytest.raises(UserError, match="could run code"):
        paint(lora=str(pickle))
    path = tmp_path / "b.safetensors"
    name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    for states, message in (
        ({"lora_unet_far.lora_down.weight": (2, 9), "lora_unet_far.lora_up.weight": (9, 2)}, "far"),
        ({f"{name}.lora_down.weight": (2, 9), f"{name}.lora_up.weight": (9, 2)}, "does not fit"),
        ({f"{name}.hada_w1_a": (2, 9)}, "LoHa"),
    ):
        save_file({key: torch.zeros(shape) for key, shape in states.items()}, path)
        with pytest.raises(UserError, match=message):
            paint(lora=str(path))


def test_a_model_that_fills_holes_cannot_begin_with_nothing(paint):
    with pytest.raises(UserError, match="fills holes") as caught:
        paint("fills")
    assert "Redraw" in caught.value.hint


def test_a_recipe_keeps_what_was_chosen(paint, diffusion):
    record = json.loads(json.dumps(paint(sampler="dpm", steps=1).record))
    assert str(diffusion("sd")) in json.dumps(record)
    assert "dpm" in json.dumps(record)


LAYERS = {
    "lora_unet_input_blocks_0_0": "conv_in",
    "lora_unet_input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
    "lora_unet_input_blocks_2_0_op": "down_blocks.0.downsamplers.0.conv",
    "lora_unet_middle_block_1_proj_in": "mid_block.attentions.0.proj_in",
    "lora_unet_middle_block_2_emb_layers_1": "mid_block.resnets.1.time_emb_proj",
    "lora_unet_output_blocks_1_2_conv": "up_blocks.0.upsamplers.0.conv",
    "lora_unet_output_blocks_0_1_proj_out": "up_blocks.0.attentions.0.proj_out",
    "lora_unet_up_blocks_1_resnets_0_conv_shortcut": "up_blocks.1.resnets.0.conv_shortcut",
    "unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_out_lora": (
        "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"
    ),
}


def test_each_kind_of_layer_is_found_and_changed_alone(diffusion, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(diffusion("sd"))
    before = {key: value.clone() for key, value in pipeline.unet.state_dict().items()}
    path = tmp_path / "a.safetensors"
    for name, layer in LAYERS.items():
        weight = before[f"{layer}.weight"]
        down, up = torch.randn(2, *weight.shape[1:]), torch.randn(weight.shape[0], 2)
        joints = (".down", ".up") if name.endswith("_lora") else (".lora_down", ".lora_up")
        grown = up.reshape(*up.shape, 1, 1) if weight.dim() == 4 else up
        pair = zip(joints, (down, grown), strict=True)
        save_file({f"{name}{joint}.weight": value for joint, value in pair}, path)
        add_loras(pipeline, chosen_loras(str(path), 0.5))
        after = pipeline.unet.state_dict()
        changed = [key for key, value in after.items() if not torch.equal(value, before[key])]
        assert changed == [f"{layer}.weight"], name
        wanted = weight + 0.5 * torch.einsum("or,r...->o...", up, down)
        assert torch.allclose(after[changed[0]], wanted, atol=1e-5), name
        pipeline.unet.load_state_dict(before)


class Averages(torch.nn.Module):
    """An autoencoder whose latents are average colors, mixed and moved."""

    def __init__(self, kind):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.mixing = torch.nn.Parameter(torch.randn(4, 3, generator=generator))
        self.config = kind({"scaling_factor": 0.3, "block_out_channels": (1, 1)})

    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels, 2)
        latents = torch.einsum("nchw,dc->ndhw", means, self.mixing) + 0.7
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))


def test_a_preview_has_the_colors_of_what_is_drawn(diffusion):
    diffusers = pytest.importorskip("diffusers")
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(diffusion("sd"))
    pipeline.vae = Averages(diffusers.configuration_utils.FrozenDict)
    parts = Components(pipeline)
    colors = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    large = colors.repeat_interleave(2, 2).repeat_interleave(2, 3)
    latents = pipeline.vae.encode(large * 2 - 1).latent_dist.mode() * 0.3
    shown = preview(parts, latents)
    assert shown.shape == (1, 3, 4, 4)
    assert (shown - colors).abs().max() < 0.02
