"""Every recipe, small: it learns, goes on after an interruption, and refuses bad data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from torch import nn

from studio.api import validate
from studio.host.plugins import PluginRegistry, discover
from studio.nn.training import ConsoleContext, TrainingError, TrainingPaused

SIDE = 72


@dataclass(frozen=True)
class Case:
    """A trainer and what makes it small."""

    id: str
    parameters: Mapping[str, Any]
    steps: int = 12


CASES = [
    Case("pix2pix", {"size": 32, "width": 4, "widest": 8, "batch": 2, "perceptual": 1.0}),
    Case(
        "pix2pix",
        {"size": 32, "width": 4, "blocks": 1, "batch": 2, "architecture": "resnet", "features": ""},
    ),
    Case("cyclegan", {"size": 32, "width": 4, "blocks": 1, "features": ""}),
    Case("cyclegan", {"size": 32, "width": 4, "blocks": 1, "judge": "features"}),
    Case("style-transfer.arbitrary", {"size": 64, "width": 4, "blocks": 1, "batch": 2}),
    Case("style-transfer.fast", {"size": 64, "width": 4, "blocks": 1, "batch": 2}),
    Case("inpainting", {"size": 32, "width": 6, "blocks": 1, "batch": 2, "exemplars": 6}),
    Case("colorization", {"size": 32, "width": 4, "batch": 4, "distance": 1.0}),
    Case("super-resolution", {"channels": 8, "blocks": 1, "patch": 8, "batch": 2}),
]
NAMES = [f"{case.id}-{number}" for number, case in enumerate(CASES)]


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    found = discover(None)
    assert not found.failures
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Three folders of 24 pictures: outlines, the same shapes in color, stripes."""
    root = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(3)
    for kind in ("lines", "colors", "stripes"):
        (root / kind).mkdir()
    for number in range(24):
        box = [int(x) for x in random.integers(4, 20, 2)]
        box += [b + int(random.integers(24, 44)) for b in box]
        color = tuple(int(x) for x in random.integers(0, 256, 3))
        for kind, fill in (("lines", "white"), ("colors", color)):
            image = Image.new("RGB", (SIDE, SIDE), "white")
            ImageDraw.Draw(image).ellipse(box, fill=fill, outline="black", width=2)
            image.save(root / kind / f"{number:02}.png")
        waves = np.sin(np.arange(SIDE) * random.uniform(0.2, 1))[None, :, None] * 80 + 128
        stripes = np.clip(waves + random.normal(0, 20, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(stripes).save(root / "stripes" / f"{number:02}.png")
    return root


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Path:
    """A VGG-19 of random weights, two channels wide."""
    torch.manual_seed(5)
    state, given, index = {}, 3, 0
    for depth in (2, 2, 4, 4, 1):
        for _ in range(depth):
            weight = torch.empty(2, given, 3, 3)
            state[f"features.{index}.weight"] = nn.init.kaiming_normal_(weight)
            state[f"features.{index}.bias"] = torch.full((2,), 0.1)
            given, index = 2, index + 2
        index += 1
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    save_file(state, path)
    return path


def data_of(trainer, pictures):
    if trainer.folders[0].kind == "pairs":
        return (pictures / "lines", pictures / "colors")
    return (pictures / "colors", pictures / "stripes")[: len(trainer.folders)]


def enlarged(folder, root):
    """Copies that are large enough for every trainer."""
    made = root / f"large-{folder.name}"
    made.mkdir()
    for file in folder.glob("*.png"):
        with Image.open(file) as picture:
            picture.resize((192, 192), Image.Resampling.NEAREST).save(made / file.name)
    return made


def values_of(case, trainer, features, pictures, **more):
    values = {"steps": case.steps, **case.parameters, **more}
    if case.id == "style-transfer.fast":
        values["style"] = str(pictures / "stripes" / "00.png")
    if "features" in trainer.parameters.model_fields:
        values.setdefault("features", str(features))
    return values


class Context(ConsoleContext):
    """Pauses at the given report."""

    pause_at: int | None = None
    reports = 0

    def progress(self, fraction: float, message: str) -> None:
        self.reports += 1
        if self.reports == self.pause_at:
            raise TrainingPaused


def context(folder, pause_at=None):
    made = Context(folder, torch.device("cpu"))
    made.pause_at = pause_at
    return made


@pytest.mark.parametrize(
    ("case", "pause_at"),
    [*((case, 7) for case in CASES), (CASES[2], 11)],  # that one keeps the last, not the best
    ids=[*NAMES, f"{NAMES[2]}-late"],
)
def test_a_recipe_that_is_paused_ends_with_the_same_weights(
    case, pause_at, registry, pictures, features, tmp_path
):
    trainer = registry.trainer(case.id)
    function, data = registry.training_function(trainer), data_of(trainer, pictures)
    parameters = validate(trainer.parameters, values_of(case, trainer, features, pictures))
    whole = function(data, parameters, context(tmp_path / "whole"))
    with pytest.raises(TrainingPaused):
        function(data, parameters, context(tmp_path / "parts", pause_at=pause_at))
    resumed = function(data, parameters, context(tmp_path / "parts"))
    expected, found = load_file(whole.path), load_file(resumed.path)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert whole.steps == resumed.steps
    assert whole.metrics == pytest.approx(resumed.metrics)
    assert all(np.isfinite(value) for value in whole.metrics.values())
    assert (tmp_path / "parts" / "samples.png").is_file()


@pytest.mark.parametrize(
    "case", [CASES[i] for i in (0, 2, 4, 6, 7)], ids=[NAMES[i] for i in (0, 2, 4, 6, 7)]
)
def test_a_recipe_goes_on_from_finished_weights(case, registry, pictures, features, tmp_path):
    trainer = registry.trainer(case.id)
    function, data = registry.training_function(trainer), data_of(trainer, pictures)
    values = values_of(case, trainer, features, pictures, steps=3, rate=1e-6)
    first = function(data, validate(trainer.parameters, values), context(tmp_path / "first"))
    more = {**values, "start": str(first.path)}
    second = function(
        data, validate(trainer.parameters, more), Context(tmp_path / "second", seed=5)
    )
    before, after = load_file(first.path), load_file(second.path)
    learned = [name for name in before if "running" not in name and "batches" not in name]
    assert all(torch.allclose(after[name], before[name], atol=1e-3) for name in learned)
    wider = validate(trainer.parameters, {**more, "width": 12})
    with pytest.raises(TrainingError, match=r"start from best.safetensors, which is another"):
        function(data, wider, context(tmp_path / "third"))


@pytest.mark.parametrize(
    ("case", "loss", "share"),
    [
        (CASES[0], "distance", 0.7),
        (CASES[2], "discriminators", 0.7),
        (CASES[4], "style", 0.7),
        (CASES[7], "classes", 0.95),  # hundreds of them: chance alone costs 5.4
    ],
    ids=[NAMES[i] for i in (0, 2, 4, 7)],
)
def test_a_recipe_learns(case, loss, share, registry, pictures, features, tmp_path):
    trainer = registry.trainer(case.id)
    values = values_of(case, trainer, features, pictures, steps=120, rate=2e-3)
    parameters = validate(trainer.parameters, values)
    registry.training_function(trainer)(data_of(trainer, pictures), parameters, context(tmp_path))
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    course = [entry[loss] for entry in log if loss in entry]
    assert np.mean(course[-3:]) < share * course[0]


def test_label_maps_leave_their_palette(registry, features, tmp_path):
    random = np.random.default_rng(0)
    for number in range(24):
        both = np.zeros((40, 80, 3), np.uint8)
        both[:, :40] = (200, 16, 16)
        both[: int(random.integers(5, 15)), :40] = (16, 16, 200)
        both[:, 40:] = random.integers(0, 256, (40, 40, 3))
        Image.fromarray(both).save(tmp_path / f"{number:02}.png")
    trainer = registry.trainer("pix2pix")
    values = values_of(CASES[0], trainer, features, tmp_path, steps=1, prepares="labels")
    made = registry.training_function(trainer)(
        (tmp_path,), validate(trainer.parameters, values), context(tmp_path / "run")
    )
    assert made.extra["prepares"] == "labels"
    assert made.extra["palette"].split()[:2] == ["#c81010", "#1010c8"]


@pytest.mark.parametrize("case", CASES[:-1], ids=NAMES[:-1])
def test_a_recipe_refuses_an_empty_folder(case, registry, pictures, features, tmp_path):
    trainer = registry.trainer(case.id)
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    parameters = validate(trainer.parameters, values_of(case, trainer, features, pictures))
    with pytest.raises(TrainingError, match="too few"):
        registry.training_function(trainer)(folders, parameters, context(tmp_path / "run"))


@pytest.mark.parametrize("case", [CASES[3], CASES[4]], ids=[NAMES[3], NAMES[4]])
def test_a_recipe_that_needs_features_says_so(case, registry, pictures, tmp_path):
    trainer = registry.trainer(case.id)
    parameters = validate(trainer.parameters, {**case.parameters, "features": ""})
    with pytest.raises(TrainingError, match="needs a feature network"):
        registry.training_function(trainer)(
            data_of(trainer, pictures), parameters, context(tmp_path)
        )


@pytest.mark.slow
@pytest.mark.timeout(500)  # three processes that import torch, on a machine that may be busy
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
@pytest.mark.parametrize(
    "case", [CASES[i] for i in (0, 2, 4, 5, 6, 7, 8)], ids=[NAMES[i] for i in (0, 2, 4, 5, 6, 7, 8)]
)
def test_a_recipe_survives_kill_9(case, registry, pictures, features, tmp_path):
    trainer = registry.trainer(case.id)
    values = values_of(case, trainer, features, pictures, steps=120)
    folders = [enlarged(folder, tmp_path) for folder in data_of(trainer, pictures)]

    def command(name):
        words = [sys.executable, "-m", "studio", "train", case.id, "-o", str(tmp_path / name)]
        words += [part for folder in folders for part in ("--data", str(folder))]
        for key, value in values.items():
            words += [f"--{key.replace('_', '-')}", str(value)]
        return [*words, "--folder", str(tmp_path / f"{name}-run")]

    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if case.id == "style-transfer.fast":
        bring = [sys.executable, "-m", "studio", "models", "import", str(features)]
        subprocess.run(bring, env=environment, check=True, timeout=100)
        values["features"] = "vgg"  # the model's id: the name of its file
    subprocess.run(command("whole.safetensors"), env=environment, check=True, timeout=300)
    run = tmp_path / "parts.safetensors-run"
    process = subprocess.Popen(
        command("parts.safetensors"), env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 200
    while not (run / "checkpoint.pt").is_file() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "parts.safetensors").exists()
    subprocess.run(command("parts.safetensors"), env=environment, check=True, timeout=300)
    expected, found = (load_file(tmp_path / f"{n}.safetensors") for n in ("whole", "parts"))
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
