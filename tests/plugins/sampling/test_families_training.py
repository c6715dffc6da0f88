"""The recipes of the families, tiny: they learn, go on after an interruption, and refuse bad data."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from studio.api import validate
from studio.host.plugins import discover
from studio.nn.training import ConsoleContext, TrainingError, TrainingPaused
from studio_plugins.sampling.families_data import read_albums
from studio_plugins.sampling.families_loading import read_completer, read_latent_model

CASES = {
    "vae": ("sampling.autoencoder", {"width": 4, "latent": 6}),
    "plain": ("sampling.autoencoder", {"width": 4, "latent": 6, "kind": "plain"}),
    "dcgan": ("sampling.gan", {"width": 2, "judge": 4, "latent": 6}),
    "style": (
        "sampling.gan",
        {"width": 4, "widest": 8, "judge": 4, "latent": 6, "kind": "style", "classes": False},
    ),
    "tokens": (
        "sampling.autoregressive",
        {"width": 4, "codes": 16, "channels": 32, "depth": 1, "patch": "8"},
    ),
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)  # the networks are too small for more


@pytest.fixture(scope="module")
def registry():
    return discover(None)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Discs and boxes of some colors on a transparent ground, each in a folder of its own."""
    root = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(3)
    for kind in ("boxes", "discs"):
        (root / kind).mkdir()
        for number in range(12):
            image = Image.new("RGBA", (40, 32))
            box = [int(x) for x in random.integers(2, 12, 2)]
            box += [side + 16 for side in box]
            draw = ImageDraw.Draw(image)
            shape = draw.ellipse if kind == "discs" else draw.rectangle
            shape(box, fill=tuple(int(x) for x in random.integers(60, 256, 3)))
            image.save(root / kind / f"{kind}-{number:02}.png")
    return root


@pytest.fixture
def trained(registry, pictures):
    def train(name, folder, pause_at=None, data=pictures, **more):
        trainer_id, parameters = CASES[name]
        trainer = registry.trainer(trainer_id)
        values = {"size": "32", "batch": 4, "steps": 12, "validation": 0.2, **parameters, **more}
        context = Context(folder, torch.device("cpu"))
        context.pause_at = pause_at
        function = registry.training_function(trainer)
        return function((data,), validate(trainer.parameters, values), context)

    return train


class Context(ConsoleContext):
    """Pauses at the given report."""

    pause_at: int | None = None
    reports = 0

    def progress(self, fraction: float, message: str) -> None:
        self.reports += 1
        if self.reports == self.pause_at:
            raise TrainingPaused


@pytest.mark.parametrize("name", CASES)
def test_a_recipe_that_is_paused_ends_with_the_same_weights(name, trained, tmp_path):
    whole = trained(name, tmp_path / "whole")
    with pytest.raises(TrainingPaused):
        trained(name, tmp_path / "parts", pause_at=9)
    resumed = trained(name, tmp_path / "parts")
    expected, found = load_file(whole.path), load_file(resumed.path)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert whole.metrics == pytest.approx(resumed.metrics)
    assert all(np.isfinite(value) for value in whole.metrics.values())
    assert (tmp_path / "parts" / "samples.png").is_file()
    classes = {"dcgan": "boxes\ndiscs", "tokens": "boxes\ndiscs"}
    assert whole.extra.get("labels") == classes.get(name)
    assert 0 < float(whole.extra["spread"]) < 1
    if name == "tokens":
        assert read_completer(whole.path).tokenizer.size == 32
    else:
        model = read_latent_model(whole.path)
        assert (model.size, model.channels, model.length) == (32, 4, 6)
        assert model.classes == (2 if name == "dcgan" else 0)


@pytest.mark.parametrize(
    ("name", "loss", "more"),
    [
        ("plain", "distance", {}),
        ("vae", "distance", {"warmup": 1000}),
        ("tokens", "distance", {"tokens_first": 0.8}),
        ("tokens", "nats of a token", {"tokens_first": 0.2}),
    ],
)
def test_a_recipe_learns(name, loss, more, trained, tmp_path):
    trained(name, tmp_path, steps=120, rate=5e-3, precision="float32", **more)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    course = [entry[loss] for entry in log if loss in entry]
    assert min(course[1:]) < 0.8 * course[0]


def test_a_training_goes_on_from_finished_weights(trained, tmp_path):
    first = trained("dcgan", tmp_path / "first", steps=2)
    second = trained("dcgan", tmp_path / "second", steps=1, rate=1e-6, start=str(first.path))
    before, after = load_file(first.path), load_file(second.path)
    learned = [key for key in before if key.endswith("weight")]
    assert all(torch.allclose(after[key], before[key], atol=1e-3) for key in learned)
    with pytest.raises(TrainingError, match="start from best.safetensors, which is another"):
        trained("dcgan", tmp_path / "third", width=3, start=str(first.path))


@pytest.mark.parametrize("name", ["vae", "dcgan", "tokens"])
def test_a_recipe_refuses_an_empty_folder(name, trained, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="too few"):
        trained(name, tmp_path / "run", data=tmp_path / "empty")


def test_a_training_that_ends_before_its_second_part_says_so(trained, tmp_path):
    with pytest.raises(TrainingError, match="tokens were still being learned"):
        trained("tokens", tmp_path, steps=1)


def test_folders_are_classes_and_pictures_keep_what_they_have(pictures, tmp_path):
    albums = read_albums(pictures, 32, 0.2)
    assert albums.classes == ("boxes", "discs")
    assert albums.channels == 4
    assert len(albums.training) + len(albums.held) == 24
    planes, labels = albums.training.batch(slice(None))
    assert set(labels.tolist()) == {0, 1}
    assert planes.min() == -1
    assert planes.max() <= 1
    flat = tmp_path / "gray"
    flat.mkdir()
    for number in range(10):
        Image.new("L", (20, 30), number * 20).save(flat / f"{number}.png")
    gray = read_albums(flat, 16, 0.2)
    assert (gray.channels, gray.classes) == (1, ())
    for number in range(10):
        Image.new("RGB", (20, 30), (number * 20, 3, 7)).save(flat / f"{number}.png")
    assert read_albums(flat, 16, 0.2).channels == 3
