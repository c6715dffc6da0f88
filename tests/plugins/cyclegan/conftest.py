from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.api import ModelCard, ModelFile
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio.nn.generators import ResnetGenerator

Array = np.ndarray[Any, Any]
BUNDLED = ("cyclegan-photo2painting", "cyclegan-painting2photo", "identity")


def tiny(seed: int) -> ResnetGenerator:
    """A generator whose seeded weights make something colorful of any picture."""
    torch.manual_seed(seed)
    network = ResnetGenerator(width=4, blocks=2, upsampling="resize")
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=1.4 / module.weight[0].numel() ** 0.5)
    return network.eval()


def identity() -> ResnetGenerator:
    """A generator that gives back what it gets."""
    network = ResnetGenerator(width=4, blocks=1, residual=True)
    last = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)][-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    return network.eval()


@pytest.fixture(scope="session")
def networks() -> dict[str, ResnetGenerator]:
    """The networks behind the bundled ids."""
    return dict(zip(BUNDLED, (tiny(1), tiny(2), identity()), strict=True))


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory, networks) -> Path:
    """A folder of bundled models: seeded weights of a tiny size."""
    folder = tmp_path_factory.mktemp("bundled")
    for name, network in networks.items():
        save_file(network.state_dict(), folder / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


@pytest.fixture
def store(bundled: Path, registry: PluginRegistry, tmp_path: Path) -> ModelStore:
    return ModelStore(
        tmp_path / "models",
        bundled,
        [
            *(_card(bundled / f"{name}.safetensors", name) for name in BUNDLED),
            *(card for card in registry.cards() if card.id not in BUNDLED),
        ],
    )


def _card(path: Path, name: str) -> ModelCard:
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return ModelCard(
        id=name,
        title=name,
        task="cyclegan",
        architecture="ResNet-2",
        format="safetensors",
        source=f"bundled:{path.name}",
        files=(file,),
        licence="Apache-2.0",
        origin="made by a test",
    )


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, dict[str, ResnetGenerator]]:
    """A file with a generator for each direction, as the recipe makes it, and the two."""
    pair = {"a_to_b": tiny(3), "b_to_a": tiny(4)}
    path = tmp_path / "day-and-night.safetensors"
    save_file(torch.nn.ModuleDict(pair).state_dict(), path)
    return path, pair


@pytest.fixture
def runner(registry: PluginRegistry, store: ModelStore) -> Runner:
    return Runner(registry, store)


@pytest.fixture
def request_for() -> Callable[..., RunRequest]:
    """The request to translate an array, in float32 unless told otherwise."""

    def make(
        pixels: Array, mask: Array | None = None, precision: str = "float32", **parameters: Any
    ) -> RunRequest:
        if pixels.shape[2] == 3:
            opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
            pixels = np.concatenate([pixels, opaque], axis=2)
        layer = Layer("layer", Raster.from_array(np.ascontiguousarray(pixels)))
        picture = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, None)
        if mask is not None:
            picture = picture.replaced(selection=Raster.from_array(mask[..., None]))
        return RunRequest(
            "cyclegan.translate",
            parameters,
            picture,
            device="cpu",
            precision=precision,  # type: ignore[arg-type]  # a plain string in tests
        )

    return make


@pytest.fixture
def run(runner: Runner, request_for: Callable[..., RunRequest]) -> Callable[..., RunResult]:
    """Translates an array."""
    return lambda *arrays, **parameters: runner.execute(request_for(*arrays, **parameters))


@pytest.fixture
def translated(run: Callable[..., RunResult]) -> Callable[..., Array]:
    """The pixels that come out, RGBA."""
    return lambda *arrays, **parameters: run(*arrays, **parameters).images[0].pixels


@pytest.fixture
def photo() -> Callable[..., Array]:
    """Smooth seeded RGB with structure, h x w x 3 uint8, whose left and right differ."""

    def make(height: int, width: int, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        waves = [
            np.sin(x / random.uniform(3, 20) + y / random.uniform(3, 20) + random.uniform(0, 6))
            for _ in range(3)
        ]
        strength = np.linspace(20, 80, width)[None, :, None]
        light = np.linspace(100, 160, width)[None, :, None]
        return np.clip(light + strength * np.stack(waves, axis=2), 0, 255).round().astype(np.uint8)

    return make


@pytest.fixture
def made_by() -> Callable[[ResnetGenerator, Array], Array]:
    """What a network alone makes of RGB whose sides are multiples of 4; float levels of 255."""

    def make(network: ResnetGenerator, pixels: Array) -> Array:
        image = as_tensor(pixels)
        with torch.inference_mode():
            out = (network(image * 2 - 1) + 1) / 2
        return as_levels(out)

    return make


def as_tensor(pixels: Array) -> Tensor:
    return torch.from_numpy(pixels[..., :3].astype(np.float32) / 255).permute(2, 0, 1)[None]


def as_levels(image: Tensor) -> Array:
    return (image[0].clamp(0, 1) * 255).permute(1, 2, 0).numpy()


@pytest.fixture
def tensor() -> Callable[[Array], Tensor]:
    """H x W x 3 or 4 uint8 to 1 x 3 x H x W in [0, 1]."""
    return as_tensor


@pytest.fixture
def levels() -> Callable[[Tensor], Array]:
    """1 x 3 x H x W in [0, 1] to H x W x 3 in [0, 255]."""
    return as_levels
