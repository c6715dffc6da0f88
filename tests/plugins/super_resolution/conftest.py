from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio_plugins.super_resolution.networks import CompactEDSR

Array = np.ndarray[Any, Any]


def tiny(scale: int) -> CompactEDSR:
    """A bicubic enlargement with a little that an untrained network makes up."""
    torch.manual_seed(scale)
    network = CompactEDSR(scale, channels=4, blocks=1)
    torch.nn.init.normal_(network.tail.weight, std=0.01)
    return network.eval()


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundled models: the names of the real ones, seeded weights of a tiny size."""
    folder = tmp_path_factory.mktemp("bundled")
    for scale in (2, 4):
        state = {key: value.half() for key, value in tiny(scale).state_dict().items()}
        save_file(state, folder / f"super_resolution_x{scale}.safetensors")
    return folder


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


@pytest.fixture
def store(bundled: Path, registry: PluginRegistry, tmp_path: Path) -> ModelStore:
    cards = []
    for card in registry.cards():
        if card.source.startswith("bundled:super_resolution"):
            data = (bundled / card.files[0].name).read_bytes()
            known = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            card = card.model_copy(update={"files": (card.files[0].model_copy(update=known),)})  # noqa: PLW2901 - the card with the hash of its tiny file
        cards.append(card)
    return ModelStore(tmp_path / "models", bundled, cards)


@pytest.fixture
def runner(registry: PluginRegistry, store: ModelStore) -> Runner:
    return Runner(registry, store)


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """Makes a picture of RGB or RGBA arrays, one layer each."""

    def make(*arrays: Array) -> Picture:
        layers = []
        for number, array in enumerate(arrays):
            if array.shape[2] == 3:
                opaque = np.full((*array.shape[:2], 1), np.iinfo(array.dtype).max, array.dtype)
                array = np.concatenate([array, opaque], axis=2)  # noqa: PLW2901 - the same with alpha
            layers.append(Layer(f"layer {number}", Raster.from_array(np.ascontiguousarray(array))))
        height, width = arrays[0].shape[:2]
        return Picture(width, height, tuple(layers), layers[-1].id, None)

    return make


@pytest.fixture
def run(runner: Runner, picture: Callable[..., Picture]) -> Callable[..., RunResult]:
    """Runs the upscaler on arrays, in float32 unless told otherwise."""

    def upscale(*arrays: Array, precision: str = "float32", **parameters: Any) -> RunResult:
        request = RunRequest(
            "super-resolution.upscale",
            parameters,
            picture(*arrays),
            device="cpu",
            precision=precision,  # type: ignore[arg-type]  # a plain string in tests
        )
        return runner.execute(request)

    return upscale


@pytest.fixture
def upscaled(run: Callable[..., RunResult]) -> Callable[..., Array]:
    """Pixels of the enlarged first layer."""

    def enlarge(*arrays: Array, **parameters: Any) -> Array:
        return run(*arrays, **parameters).images[0].pixels

    return enlarge


@pytest.fixture
def photo() -> Callable[..., Array]:
    """Smooth seeded RGB with structure, h x w x 3 uint8."""

    def make(height: int, width: int, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        waves = [
            np.sin(x / random.uniform(3, 20) + y / random.uniform(3, 20) + random.uniform(0, 6))
            for _ in range(3)
        ]
        return np.clip(128 + 80 * np.stack(waves, axis=2), 0, 255).round().astype(np.uint8)

    return make


@pytest.fixture
def disc() -> Callable[..., Array]:
    """A red disc with a soft edge, over fully transparent pixels of another colour."""

    def make(side: int, hidden: tuple[int, int, int]) -> Array:
        y, x = np.mgrid[:side, :side]
        distance = np.hypot(y - (side - 1) / 2, x - (side - 1) / 2)
        alpha = np.clip(side * 0.33 + 0.5 - distance, 0, 1)
        out = np.zeros((side, side, 4), np.uint8)
        out[..., :3] = (230, 20, 20)
        out[alpha == 0, :3] = hidden
        out[..., 3] = (alpha * 255).round()
        return out

    return make


@pytest.fixture
def tiny_network() -> Callable[[int], CompactEDSR]:
    """The network that the bundled fixture saved for a scale, weights rounded to float16."""

    def make(scale: int) -> CompactEDSR:
        network = tiny(scale)
        state = {key: value.half().float() for key, value in network.state_dict().items()}
        network.load_state_dict(state)
        return network

    return make
