"""What counts as a diffusion model: folders, single files, pickles, and what belongs elsewhere."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import Cancelled, UserError
from studio.cli import main
from studio_plugins.sampling.community_models import Components
from studio_plugins.sampling.community_offload import visit

from .original_layout import write_single_file

pytestmark = pytest.mark.filterwarnings(
    # Of the libraries, about themselves.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)


@pytest.fixture
def copied(diffusion, tmp_path):
    """A folder that may be changed."""
    return shutil.copytree(diffusion("sd"), tmp_path / "model")


def change_index(folder, **entries):
    path = folder / "model_index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


@pytest.mark.parametrize(
    ("model", "message"),
    [("", "No diffusion model is chosen"), ("/nowhere/at/all", "There is no"), ("x", "no model x")],
)
def test_no_model_is_told(model, message, paint):
    with pytest.raises(UserError, match=message):
        paint(model)


def test_a_missing_library_is_told(paint, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match="transformers") as caught:
        paint(tmp_path)
    assert "impasto[diffusion]" in caught.value.hint


def test_another_kind_of_pipeline_is_named(paint, copied):
    change_index(copied, _class_name="FluxPipeline")
    with pytest.raises(UserError, match="is a FluxPipeline"):
        paint(copied)


def test_code_in_a_folder_is_refused(paint, copied):
    change_index(copied, unet=["my_unet", "MyUNet"])
    (copied / "unet" / "my_unet.py").write_text("raise SystemExit('this ran')")
    with pytest.raises(UserError, match="brings code of its own along"):
        paint(copied)


def test_pickles_are_refused(paint, copied):
    weights = copied / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(UserError, match="keeps weights as a pickle"):
        paint(copied)


def test_damaged_folders_are_told(paint, copied):
    (copied / "unet" / "config.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be read as a diffusion model"):
        paint(copied)
    (copied / "model_index.json").unlink()
    with pytest.raises(UserError, match=r"model_index\.json is not there"):
        paint(copied)


def test_weights_in_half_precision_are_found(drawn, copied, diffusion):
    for path in [*copied.glob("*/*.safetensors")]:
        path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
    assert (drawn(copied, steps=1) == drawn(steps=1)).all()


FIRST = "model.diffusion_model.input_blocks.0.0.weight"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"double_blocks.0.a": (2,)}, "it holds FLUX"),
        ({"lora_unet_a.lora_down.weight": (2, 2)}, "it holds a LoRA"),
        ({"control_model.a": (2,)}, "it holds a ControlNet"),
        ({FIRST: (8, 4, 3, 3)}, "without its text encoder"),
        ({"layer.weight": (2,)}, "1 tensors, such as layer.weight"),
    ],
)
def test_files_of_other_kinds_are_named(keys, message, paint, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({key: torch.zeros(shape) for key, shape in keys.items()}, path)
    with pytest.raises(UserError, match=message):
        paint(path)


def test_a_pickled_file_is_refused(paint, tmp_path):
    path = tmp_path / "model.ckpt"
    path.write_bytes(b"\x80\x02")
    with pytest.raises(UserError, match="could run code"):
        paint(path)


def test_weights_visit_the_device_only_while_their_layer_runs():
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    weight = network[0].weight.detach().clone()
    pulse, seen = visit([network], torch.device("meta")), []
    network[0].register_forward_pre_hook(lambda layer, _: seen.append(layer.weight.device.type))
    assert network(torch.zeros(2, 3)).device.type == "meta"
    assert seen == ["meta"]
    assert torch.equal(network[0].weight, weight)
    assert network[1].running_mean.device.type == "cpu"

    def stop():
        raise Cancelled

    pulse.beat = stop
    with pytest.raises(Cancelled):
        network(torch.zeros(2, 3))
    assert torch.equal(network[0].weight, weight)


def test_a_model_whose_weights_visit_paints_the_same(diffusion):
    def made(device):
        pipeline = diffusers.StableDiffusionPipeline.from_pretrained(diffusion("sd"))
        parts = Components(pipeline, device)
        assert bool([*parts.parameters()]) == (device is None)
        assembled = parts.pipeline("", scheduler=parts["scheduler"])
        generator = torch.Generator().manual_seed(0)
        return assembled("a", num_inference_steps=1, generator=generator, output_type="pt").images

    diffusers = pytest.importorskip("diffusers")
    with torch.inference_mode():
        assert torch.equal(made(None), made(torch.device("cpu")))


@pytest.fixture
def single(diffusion, tmp_path):
    return write_single_file(diffusion("sd"), tmp_path / "My Model.safetensors")


def test_a_single_file_paints_as_its_folder_does(single, drawn, diffusion):
    made = drawn(single, configuration=str(diffusion("sd")), steps=2)
    assert (made == drawn(steps=2)).all()


def test_a_single_file_without_a_configuration_is_told_what_to_do(single, paint, diffusion):
    with pytest.raises(UserError, match="configuration that this file needs") as caught:
        paint(single)
    assert "stable-diffusion-v1-5" in caught.value.message
    assert "--configuration" in caught.value.hint
    with pytest.raises(UserError, match="not of the kind"):
        paint(single, configuration=str(diffusion("xl")))


def test_an_imported_file_is_a_model(single, community, drawn, diffusion):
    card = community.store.import_file(single, community.registry.loaders())
    assert (card.id, card.task, card.architecture) == (
        "my-model",
        "diffusion-pipeline",
        "Stable Diffusion 1",
    )
    made = drawn("my-model", configuration=str(diffusion("sd")), steps=2)
    assert (made == drawn(steps=2)).all()


def test_an_imported_lora_is_told_where_it_belongs(community, tmp_path):
    path = tmp_path / "style.safetensors"
    save_file({"lora_unet_a.lora_down.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(UserError, match="holds a LoRA") as caught:
        community.store.import_file(path, community.registry.loaders())
    assert "beside a model" in caught.value.hint


def test_the_command_line_takes_a_folder(diffusion, lonely, tmp_path, monkeypatch):
    monkeypatch.chdir(diffusion("sd").parent)
    out = tmp_path / "out.png"
    given = ["--model", "sd", "--prompt", "a", "--steps", "1", "--seed", "3", "-o", str(out)]
    assert main(["run", "sampling.diffusers", *given, "--device", "cpu"]) == 0
    with Image.open(out) as made:
        assert made.size == (32, 32)


@pytest.mark.parametrize(("model", "code"), [("nonsense", 2), ("/no/where", 1)])
def test_the_command_line_tells_of_models_that_are_not_there(model, code, tmp_path, capsys):
    given = ["--model", model, "-o", str(tmp_path / "out.png"), "--device", "cpu"]
    assert main(["run", "sampling.diffusers", *given]) == code
    assert "There is no" in capsys.readouterr().err
