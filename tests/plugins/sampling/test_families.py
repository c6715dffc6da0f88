"""Latent spaces and completing, through the host, with tiny networks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import Cancelled, ModelCard, ModelFile, UserError
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import discover
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio.nn.autoencoders import Autoencoder
from studio.nn.autoregressive import TokenTransformer
from studio.nn.gans import DcganGenerator
from studio.nn.style_generator import StyleGenerator
from studio.nn.tokenizers import Tokenizer
from studio_plugins.sampling import latent_search
from studio_plugins.sampling.complete_network import Completer

SIZE = 16
MODELS = ("vae", "plain", "gan", "styles")


def tiny(name: str) -> torch.nn.Module:
    torch.manual_seed(len(name))
    return livelier(untrained(name))


def livelier(network: torch.nn.Module) -> torch.nn.Module:
    """Weights so large that other latents show."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d | torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=1.5 / module.weight[0].numel() ** 0.5)
        elif isinstance(module, torch.nn.Embedding):
            torch.nn.init.normal_(module.weight, std=1.0 if module.num_embeddings <= 3 else 0.15)
    return network


def untrained(name: str) -> torch.nn.Module:
    if name == "vae":
        return Autoencoder(SIZE, 4, 4, 6)
    if name == "plain":
        network = Autoencoder(SIZE, 3, 4, 6, variational=False)
        network.center.add_(0.5)
        return network
    if name == "gan":
        return DcganGenerator(SIZE, 3, 4, 6, classes=2)
    if name == "styles":
        return StyleGenerator(SIZE, 4, 4, 8, 6, classes=2)
    return Completer(Tokenizer(SIZE, 4, 4, 4, 12, 4, 1), TokenTransformer(12, 4, 32, 1, classes=2))


@pytest.fixture(autouse=True)
def _few_tried(monkeypatch):
    monkeypatch.setattr(latent_search, "_TRIED", 16)
    torch.set_num_threads(1)  # the networks are too small for more


@pytest.fixture(scope="module")
def registry():
    return discover(None)


@pytest.fixture
def runner(registry, tmp_path) -> Runner:
    folder = tmp_path / "bundled"
    folder.mkdir()
    cards = []
    for name in (*MODELS, "completer"):
        path = folder / f"{name}.safetensors"
        save_file(tiny(name).state_dict(), path)
        data = path.read_bytes()
        cards.append(
            ModelCard(
                id=name,
                title=name.capitalize(),
                task="completing" if name == "completer" else "latent-sampling",
                architecture=name,
                format="safetensors",
                source=f"bundled:{path.name}",
                files=(
                    ModelFile(
                        name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
                    ),
                ),
                licence="Apache-2.0",
                origin="made for the test",
                extra={"labels": "cats\nbig dogs", "spread": "0.2"},
            )
        )
    return Runner(registry, ModelStore(tmp_path / "models", folder, cards))


@pytest.fixture
def explored(runner):
    """Runs the operation; RGBA pixels of each variation, and the notes."""

    def run(seed: int = 1, **parameters: Any) -> list[Any]:
        request = RunRequest("sampling.latent", parameters, None, seed=seed, device="cpu")
        result = runner.execute(request)
        run.notes = result.notes
        return [np.asarray(variant[0].pixels) for variant in result.variants]

    return run


@pytest.fixture
def photo(tmp_path) -> Path:
    pixels = np.zeros((24, 40, 4), np.uint8)
    pixels[4:20, 8:32] = (200, 40, 90, 255)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("model", MODELS)
def test_new_pictures_follow_the_seed(explored, model):
    first, again, other = (explored(seed, model=model, count=2) for seed in (1, 1, 2))
    assert [each.shape for each in first] == [(SIZE, SIZE, 4)] * 2
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], first[1])


def test_the_first_model_is_the_default_and_a_count_tells_diversity(explored):
    assert np.array_equal(explored()[0], explored(model="vae")[0])
    explored(count=4)
    assert any("as varied as those it learned from" in note for note in explored.notes)


def test_no_truncation_left_is_the_same_picture_every_time(explored):
    for model in ("vae", "plain", "gan", "styles"):
        first, other = (explored(s, model=model, truncation=0.0, label="")[0] for s in (1, 5))
        if model in ("vae", "plain"):
            assert np.array_equal(first, other)
    one, two = (explored(s, model="styles", truncation=0.0, label="big dogs")[0] for s in (1, 5))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("model", MODELS)
def test_walks_are_strips_or_single_pictures(explored, model):
    (strip,) = explored(model=model, mode="walk", steps=3)
    assert strip.shape == (SIZE, 3 * SIZE, 4)
    single = explored(model=model, mode="walk", steps=3, strip=False)
    assert len(single) == 3
    assert np.array_equal(np.concatenate(single, 1), strip)
    (along,) = explored(model=model, mode="walk", steps=3, axis=1, reach=1.0)
    assert np.array_equal(along[:, SIZE : 2 * SIZE], strip[:, :SIZE])  # begins in the middle


@pytest.mark.parametrize("model", MODELS)
def test_sliders_and_single_numbers_change_the_picture(explored, model):
    plain = explored(model=model)[0]
    assert not np.array_equal(explored(model=model, direction_1=2.0)[0], plain)
    assert not np.array_equal(explored(model=model, changed=3, change=2.0)[0], plain)
    assert np.array_equal(explored(model=model, changed=3, change=0.0)[0], plain)


@pytest.mark.parametrize("model", MODELS)
def test_an_interpolation_ends_at_the_pictures_of_its_ends(explored, model, photo):
    values = {"model": model, "search": 10, "label": "cats" if model in ("gan", "styles") else ""}
    (one,) = explored(mode="reconstruct", from_=str(photo), **values)
    assert one.shape == (SIZE, SIZE, 4)
    (strip,) = explored(mode="interpolate", from_=str(photo), to=str(photo), steps=3, **values)
    if model in ("vae", "plain"):
        for start in range(0, 3 * SIZE, SIZE):
            assert np.abs(strip[:, start : start + SIZE].astype(int) - one).max() <= 1


def test_classes_are_chosen_by_name_beginning_or_number(explored):
    pictures = [
        explored(model="gan", label=label)[0] for label in ("big dogs", "Big_Dogs", "Bi", "1")
    ]
    assert all(np.array_equal(pictures[0], each) for each in pictures[1:])
    assert not np.array_equal(pictures[0], explored(model="gan", label="cats")[0])


def test_a_search_comes_nearer_to_the_picture(explored, photo):
    def error(steps):
        made = explored(model="gan", mode="reconstruct", from_=str(target), search=steps, label="0")
        return np.abs(made[0].astype(float) - np.asarray(Image.open(target))).mean()

    target = photo.parent / "target.png"
    Image.fromarray(explored(seed=9, model="gan", label="cats")[0]).save(target)
    assert error(60) < error(10)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": "vae", "mode": "reconstruct"}, "no picture to reconstruct"),
        ({"model": "vae", "mixing": 0.5}, "cannot mix styles"),
        ({"model": "vae", "changed": 7}, "has 6 numbers"),
        ({"model": "vae", "mode": "walk", "axis": 7}, "no direction 7"),
        ({"model": "vae", "label": "cats"}, "knows no classes"),
        ({"model": "gan", "label": "birds"}, "no class birds"),
    ],
)
def test_what_cannot_be_done_is_said(explored, values, message):
    with pytest.raises(UserError, match=message):
        explored(**values)


def test_styles_are_mixed(explored):
    pictures = [explored(model="styles", mixing=share)[0] for share in (0.0, 0.5, 1.0)]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


@pytest.fixture
def completed(runner):
    def run(pixels: Any, seed: int = 1, **parameters: Any) -> list[Any]:
        layer = Layer("drawing", Raster.from_array(np.ascontiguousarray(pixels)))
        picture = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, None)
        request = RunRequest("sampling.complete", parameters, picture, seed=seed, device="cpu")
        return [np.asarray(variant[0].pixels) for variant in runner.execute(request).variants]

    return run


@pytest.mark.parametrize("size", [(16, 16), (40, 56), (56, 40)])
def test_what_is_above_the_line_stays_and_the_rest_depends_on_it_alone(completed, size):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (*size, 4), dtype=np.uint8)
    line = size[0] // 2
    first, second = completed(pixels, from_row=line, count=2)
    shown = pixels[:line] * (pixels[:line, :, 3:] > 0)
    assert np.array_equal(first[:line] * (first[:line, :, 3:] > 0), shown)
    assert not np.array_equal(first[line:], pixels[line:])
    assert not np.array_equal(first, second)
    other = pixels.copy()
    other[line:] = 7
    assert np.array_equal(completed(other, from_row=line)[0], first)


def test_a_picture_from_nothing_depends_on_seed_and_class(completed):
    pixels = np.full((16, 16, 4), 255, np.uint8)
    one = completed(pixels, 1, label="cats")[0]
    assert np.array_equal(one, completed(pixels // 2, 1, label="cats")[0])
    assert not np.array_equal(one, completed(pixels, 2, label="cats")[0])
    assert not np.array_equal(one, completed(pixels, 1, label="big dogs")[0])


def test_a_row_below_the_picture_is_refused(completed):
    with pytest.raises(UserError, match="Row 16 is below the picture"):
        completed(np.zeros((16, 16, 4), np.uint8), from_row=16)


class Stopping(Observer):
    """Asks to stop after some reports."""

    def __init__(self, after: int) -> None:
        self.after, self.reports = after, 0

    def progress(self, fraction: float, message: str) -> None:
        self.reports += 1

    def cancelled(self) -> bool:
        return self.reports >= self.after


@pytest.mark.parametrize(
    ("operation", "values", "before"),
    [
        ("sampling.latent", {"mode": "walk", "steps": 30}, 4),
        ("sampling.latent", {"model": "gan", "mode": "reconstruct", "search": 500}, 4),
        ("sampling.complete", {}, 4),
    ],
)
def test_a_cancel_is_heard_within_a_step(runner, photo, operation, values, before):
    if values.get("mode") == "reconstruct":
        values = {**values, "from_": str(photo)}
    pixels = np.zeros((16, 16, 4), np.uint8)
    layer = Layer("drawing", Raster.from_array(pixels))
    picture = Picture(16, 16, (layer,), layer.id, None)
    request = RunRequest(operation, values, picture, device="cpu")
    observer = Stopping(before)
    with pytest.raises(Cancelled):
        runner.execute(request, observer)
    assert observer.reports == before
