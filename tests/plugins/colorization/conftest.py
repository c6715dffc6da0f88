from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.api import ModelCard, ModelFile
from studio.document import Layer, Picture, Raster
from studio.host.hints import Hints
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio_plugins.colorization.networks import Colorizer

Array = np.ndarray[Any, Any]
ID = "colorization-tiny"


def tiny() -> Colorizer:
    """A network whose seeded weights color every picture, and differently at different places."""
    torch.manual_seed(3)
    network = Colorizer(width=4)
    torch.nn.init.normal_(network.last.weight, std=1.5)
    return network.eval()


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """A file of the tiny network, as training makes it."""
    path = tmp_path / "colors.safetensors"
    save_file(tiny().state_dict(), path)
    return path


@pytest.fixture
def store(registry: PluginRegistry, tmp_path: Path) -> ModelStore:
    """A store whose bundled model is the tiny one."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    save_file(tiny().state_dict(), bundled / f"{ID}.safetensors")
    others = [card for card in registry.cards() if card.task != "colorization"]
    card = _card(bundled / f"{ID}.safetensors", ID)
    return ModelStore(tmp_path / "models", bundled, [card, *others])


def _card(path: Path, name: str, source: str = "") -> ModelCard:
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return ModelCard(
        id=name,
        title=name,
        task="colorization",
        architecture="Colorizer",
        format="safetensors" if path.suffix == ".safetensors" else "pth",
        source=source or f"bundled:{path.name}",
        files=(file,),
        licence="Apache-2.0",
        origin="made by a test",
    )


@pytest.fixture
def card_of() -> Callable[..., ModelCard]:
    """The card of a file: (path, id, source)."""
    return _card


@pytest.fixture
def runner(registry: PluginRegistry, store: ModelStore) -> Runner:
    return Runner(registry, store)


@pytest.fixture
def run(runner: Runner) -> Callable[..., RunResult]:
    """Colors an array."""

    def execute(
        pixels: Array,
        mask: Array | None = None,
        hints: Hints = (),
        icc: bytes | None = None,
        **parameters: Any,
    ) -> RunResult:
        if pixels.shape[2] == 3:
            opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
            pixels = np.concatenate([pixels, opaque], axis=2)
        layer = Layer("layer", Raster.from_array(np.ascontiguousarray(pixels)))
        picture = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, icc)
        if mask is not None:
            picture = picture.replaced(selection=Raster.from_array(mask[..., None]))
        values = {"size": 128, **parameters}
        request = RunRequest("colorization.colorize", values, picture, device="cpu", hints=hints)
        return runner.execute(request)

    return execute


@pytest.fixture
def colored(run: Callable[..., RunResult]) -> Callable[..., Array]:
    """The pixels that come out, RGBA."""
    return lambda *arrays, **parameters: run(*arrays, **parameters).images[0].pixels


@pytest.fixture
def photo() -> Callable[..., Array]:
    """A seeded gray picture with areas, edges and fine structure, h x w x 3."""

    def make(height: int, width: int, dtype: Any = np.uint8, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        waves = np.sin(x / 17 + 2 * np.sin(y / 23)) + 0.3 * np.sin(x / 2.1 + y / 3.3)
        gray = 0.5 + 0.25 * waves + 0.02 * random.standard_normal((height, width))
        gray[y > height * 0.6] *= 0.6
        maximum = np.iinfo(dtype).max
        levels = np.clip(gray * maximum, 0, maximum).round().astype(dtype)
        return np.repeat(levels[..., None], 3, axis=2)

    return make
