from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from studio.api import UserError, validate
from studio.document import composite
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.training import ConsoleContext, TrainingError, TrainingPaused
from studio_plugins.style_transfer.fast_engine import recognise
from studio_plugins.style_transfer.fast_networks import TransformerNet, example_names, from_state
from studio_plugins.style_transfer.fast_training import TRAINER, FastTraining
from studio_plugins.style_transfer.train_fast import train

FAST = "style-transfer.fast"


def tiny() -> TransformerNet:
    """A network whose result is a picture, not one flat color."""
    torch.manual_seed(3)
    network = TransformerNet(4, 1)
    with torch.no_grad():
        network.last.weight.mul_(30)
        network.last.bias.fill_(120)
    return network.eval()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A tiny network as pytorch/examples saved them at first, with statistics nobody uses."""
    state = example_names(tiny().state_dict())
    for key in list(state):
        if key.startswith("in1."):
            new = {"weight": "in1.scale", "bias": "in1.shift"}[key.removeprefix("in1.")]
            state[new] = state.pop(key)
    state["res1.in1.running_mean"] = torch.zeros(16)
    state["res1.in1.running_var"] = torch.ones(16)
    path = tmp_path / "candy.pth"
    torch.save(state, path)
    return path


class Reference(nn.Module):
    """The layout of pytorch/examples, written from its names: for what the reader must agree with."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        sizes = [(3, wide, 9, 1), (wide, 2 * wide, 3, 2), (2 * wide, 4 * wide, 3, 2)]
        for number, (given, made, kernel, stride) in enumerate(sizes, 1):
            self._named(f"conv{number}", nn.Conv2d(given, made, kernel, stride))
            self.add_module(f"in{number}", nn.InstanceNorm2d(made, affine=True))
        self.res1 = nn.Module()
        for number in (1, 2):
            inner = nn.Module()
            inner.conv2d = nn.Conv2d(4 * wide, 4 * wide, 3)
            self.res1.add_module(f"conv{number}", inner)
            self.res1.add_module(f"in{number}", nn.InstanceNorm2d(4 * wide, affine=True))
        ups = [(4 * wide, 2 * wide, 3), (2 * wide, wide, 3), (wide, 3, 9)]
        for number, (given, made, kernel) in enumerate(ups, 1):
            self._named(f"deconv{number}", nn.Conv2d(given, made, kernel))
            if number < 3:
                self.add_module(f"in{number + 3}", nn.InstanceNorm2d(made, affine=True))

    def _named(self, name: str, layer: nn.Conv2d) -> None:
        inner = nn.Module()
        inner.conv2d = layer
        self.add_module(name, inner)

    def _conv(self, owner: nn.Module, x: torch.Tensor) -> torch.Tensor:
        border = owner.conv2d.kernel_size[0] // 2
        return owner.conv2d(nn.functional.pad(x, (border,) * 4, mode="reflect"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * 255
        for number in (1, 2, 3):
            conv, norm = getattr(self, f"conv{number}"), getattr(self, f"in{number}")
            x = torch.relu(norm(self._conv(conv, x)))
        inner = torch.relu(self.res1.in1(self._conv(self.res1.conv1, x)))
        x = x + self.res1.in2(self._conv(self.res1.conv2, inner))
        for number in (1, 2):
            x = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
            norm = getattr(self, f"in{number + 3}")
            x = torch.relu(norm(self._conv(getattr(self, f"deconv{number}"), x)))
        return self._conv(self.deconv3, x) / 255


def test_the_layout_of_pytorch_examples_gives_its_pictures():
    torch.manual_seed(1)
    reference = Reference(4).eval()
    for name, parameter in reference.named_parameters():
        if ".weight" in name and parameter.dim() == 1:
            nn.init.uniform_(parameter, 0.5, 1.5)
    network = from_state(reference.state_dict())
    assert network is not None
    image = torch.rand(2, 3, 24, 32)
    torch.testing.assert_close(network(image), reference(image), atol=1e-5, rtol=1e-4)


def test_old_names_and_stale_statistics_are_read(checkpoint):
    network, image = from_state(read_state_dict(checkpoint)), torch.rand(1, 3, 16, 16)
    assert network is not None
    torch.testing.assert_close(network(image), tiny()(image))


def test_names_go_there_and_back():
    state = tiny().state_dict()
    assert {"conv1.conv2d.weight", "res1.in2.bias", "deconv3.conv2d.bias"} <= example_names(
        state
    ).keys()
    back = from_state(example_names(state))
    assert back is not None
    for key, value in back.state_dict().items():
        torch.testing.assert_close(value, state[key])


def test_a_network_with_resnext_blocks_is_recognised_and_redraws_a_photo(shared):
    path = shared / "checkpoints" / "style" / "mosaic_TransformerResNext.pth"
    found = recognise((path,))
    assert found is not None
    assert "width 32, 5 blocks, BGR" in found.summary
    network = from_state(read_state_dict(path))
    assert network is not None
    from studio_resources.samples import samples

    photo = next(s for s in samples() if s.kind == "photo").load()[:192, :192, :3]
    image = torch.from_numpy(photo.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        made = network(image).clamp(0, 1)
        swapped = network(image.flip(1)).clamp(0, 1)
    assert 0.2 < float(made.mean()) < 0.9
    assert float(made.std()) > 0.1
    # The layout of the photo is kept, and red is not taken for blue.
    gray = torch.stack([x.mean(1).flatten() for x in (made, image)])
    assert float(torch.corrcoef(gray)[0, 1]) > 0.4
    assert float((made - swapped).abs().mean()) > 0.01


def test_others_are_refused_with_what_they_hold(shared, tmp_path):
    folder = shared / "checkpoints"
    assert recognise((folder / "vgg" / "vgg_normalised_conv3_1.pth",)) is None
    for part in ("content_encoder", "style_encoder", "modulator", "decoder"):
        with pytest.raises(CheckpointError, match="of MicroAST .*one of its four parts"):
            recognise((folder / "style" / f"microast_{part}.pth.tar",))
    state = example_names(tiny().state_dict())
    del state["res1.in2.weight"]
    save_file(state, tmp_path / "cut.safetensors")
    with pytest.raises(CheckpointError, match="does not fit one: it holds 29 tensors"):
        recognise((tmp_path / "cut.safetensors",))


def test_an_imported_network_restyles_and_is_the_default(run, store, registry, checkpoint, photo):
    with pytest.raises(UserError, match="no network with a style of its own") as caught:
        run(FAST, photo())
    assert "impasto train style-transfer.fast" in caught.value.hint
    name = store.import_file(checkpoint, registry.loaders()).id
    given = photo(48, 64)
    made = composite(run(FAST, given).after())[..., :3]
    np.testing.assert_array_equal(made, composite(run(FAST, given, model=name).after())[..., :3])
    image = torch.from_numpy(given.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        wanted = tiny()(image).clamp(0, 1)[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(made - wanted).max() <= 1


def test_strength_and_colors(run, store, registry, checkpoint, photo):
    store.import_file(checkpoint, registry.loaders())
    given = photo(48, 64)

    def made(**parameters: Any) -> np.ndarray[Any, Any]:
        return composite(run(FAST, given, **parameters).after())[..., :3].astype(int)

    np.testing.assert_array_equal(made(strength=0.0), given)
    half, full = made(strength=0.5), made()
    assert np.abs(half - (given.astype(int) + full) / 2).max() <= 1
    kept = made(preserve_colors=True, strength=0.2) - given
    inside = (np.abs(kept) > 0).all(axis=2)
    assert np.abs(kept - kept.mean(axis=2, keepdims=True))[inside].mean() < 1.5


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder, random = tmp_path / "photographs", np.random.default_rng(3)
    folder.mkdir()
    y, x = np.mgrid[:80, :80]
    for number in range(20):
        a, b, c = random.uniform(0.05, 0.4, 3)
        waves = np.stack([np.sin(a * x + number), np.sin(b * y), np.sin(c * (x + y))], axis=2)
        Image.fromarray((120 + 90 * waves).astype("u1")).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def values(style, tmp_path: Path) -> dict[str, Any]:
    torch.manual_seed(5)
    state, given, index = {}, 3, 0
    for depth in (2, 2, 4, 4, 1):
        for _ in range(depth):
            state[f"features.{index}.weight"] = nn.init.kaiming_normal_(torch.empty(4, given, 3, 3))
            state[f"features.{index}.bias"] = torch.full((4,), 0.1)
            given, index = 4, index + 2
        index += 1
    save_file(state, tmp_path / "vgg.safetensors")
    return {
        "style": style(3),
        "features": str(tmp_path / "vgg.safetensors"),
        "size": 64,
        "width": 4,
        "blocks": 1,
        "batch": 2,
        "steps": 12,
        "precision": "float32",
    }


class Pausing(ConsoleContext):
    """Pauses at a report, once."""

    pause_at: int = 0
    reports = 0

    def progress(self, fraction: float, message: str) -> None:
        self.reports += 1
        if self.reports == self.pause_at:
            raise TrainingPaused


def context(folder: Path, pause_at: int = 0) -> Pausing:
    made = Pausing(folder, torch.device("cpu"))
    made.pause_at = pause_at
    return made


def test_training_learns_and_its_network_is_one_that_can_be_chosen(photographs, values, tmp_path):
    parameters = validate(FastTraining, {**values, "steps": 60, "rate": 0.01})
    trained = train((photographs,), parameters, context(tmp_path / "run"))
    lines = [json.loads(x) for x in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    scores = [line["held-out style"] for line in lines if "held-out style" in line]
    first = next(line["style"] for line in lines if "style" in line)
    assert scores[-1] < 0.2 * first
    assert (tmp_path / "run" / "samples.png").is_file()
    assert trained.architecture == "TransformerNet"
    assert trained.extra["style"] == "style3"
    found = recognise((trained.path,))
    assert found is not None
    assert "width 4, 1 blocks, RGB" in found.summary
    assert TRAINER.task == "style-transfer-fast"


def test_a_training_that_is_paused_ends_with_the_same_weights(photographs, values, tmp_path):
    parameters = validate(FastTraining, values)
    whole = train((photographs,), parameters, context(tmp_path / "whole"))
    with pytest.raises(TrainingPaused):
        train((photographs,), parameters, context(tmp_path / "parts", pause_at=7))
    resumed = train((photographs,), parameters, context(tmp_path / "parts"))
    expected, found = load_file(whole.path), load_file(resumed.path)
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"style": None}, "No painting is chosen"),
        ({"style": "missing.png"}, "missing.png cannot be read"),
        ({"features": None}, "needs a feature network"),
    ],
)
def test_what_is_missing_is_told_before_it_starts(photographs, values, tmp_path, change, message):
    parameters = validate(FastTraining, {**values, **change})
    with pytest.raises(TrainingError, match=message):
        train((photographs,), parameters, context(tmp_path / "run"))
