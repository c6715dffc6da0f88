from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.api import ModelCard, ModelFile
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio.nn.inpainting import InpaintingNetwork

Array = np.ndarray[Any, Any]


def tiny() -> InpaintingNetwork:
    """A smooth fill with a little that an untrained network makes up."""
    torch.manual_seed(4)
    network = InpaintingNetwork(width=12, blocks=1)
    torch.nn.init.normal_(network.last.weight, std=0.02)
    return network.eval()


@pytest.fixture(autouse=True)
def _one_thread(_steady_torch: None) -> None:
    """Networks this small only wait for each other's threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundled") / "tiny.safetensors"
    save_file(tiny().state_dict(), path)
    return path


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


def card_of(path: Path, name: str, architecture: str) -> ModelCard:
    data = path.read_bytes()
    return ModelCard(
        id=name,
        title=name.capitalize(),
        task="inpainting",
        architecture=architecture,
        format="safetensors" if path.suffix == ".safetensors" else "pth",
        source=f"bundled:{path.name}",
        files=(
            ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)),
        ),
        licence="CC0-1.0",
        origin="made for the test",
    )


@pytest.fixture
def runner(registry: PluginRegistry, network_file: Path, tmp_path: Path) -> Runner:
    card = card_of(network_file, "tiny", "InpaintingNetwork")
    return Runner(registry, ModelStore(tmp_path / "models", network_file.parent, [card]))


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """A picture of one layer, with a selection if a mask of h x w in 0 to 255 is given."""

    def make(pixels: Array, mask: Array | None = None) -> Picture:
        if pixels.shape[2] == 3:
            opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
            pixels = np.concatenate([pixels, opaque], axis=2)
        layer = Layer("photo", Raster.from_array(np.ascontiguousarray(pixels)))
        made = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, None)
        if mask is None:
            return made
        return replace(made, selection=Raster.from_array(np.ascontiguousarray(mask[..., None])))

    return make


@pytest.fixture
def run(runner: Runner) -> Callable[..., RunResult]:
    """Runs an operation of the plugin on a picture."""

    def execute(
        picture: Picture,
        operation: str = "inpainting.fill",
        observer: Observer | None = None,
        seed: int = 0,
        **parameters: Any,
    ) -> RunResult:
        request = RunRequest(
            operation, parameters, picture, device="cpu", precision="float32", seed=seed
        )
        return runner.execute(request, observer)

    return execute


@pytest.fixture(scope="session")
def photo() -> Callable[..., Array]:
    """Blotches with grain: h x w x 3."""

    def make(height: int, width: int, dtype: Any = np.uint8, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        waves = [
            np.sin(x / random.uniform(7, 30) + y / random.uniform(7, 30) + random.uniform(0, 6))
            for _ in range(3)
        ]
        values = 0.5 + 0.3 * np.stack(waves, axis=2) + random.normal(0, 0.01, (height, width, 3))
        top = np.iinfo(dtype).max
        return (values.clip(0, 1) * top).round().astype(dtype)

    return make


def disc(height: int, width: int, radius: float, soft: float = 0.0) -> Array:
    """A mask in 0 to 255 with a disc in its middle, whose edge fades over ``soft`` pixels."""
    y, x = np.mgrid[:height, :width]
    away = radius - np.hypot(y - height / 2, x - width / 2)
    share = np.clip(away / soft, 0, 1) if soft else away > 0
    made: Array = (share * 255).round().astype(np.uint8)
    return made
