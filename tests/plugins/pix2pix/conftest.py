from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.api import ModelCard, ModelFile
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio.nn.generators import Norm, UnetGenerator

Array = np.ndarray[Any, Any]
SIZE = 32


def tiny(seed: int, norm: Norm = "instance") -> UnetGenerator:
    """A U-Net of 32 pixels whose seeded weights make something colorful of any picture."""
    torch.manual_seed(seed)
    network = UnetGenerator(downs=5, width=4, widest=16, norm=norm)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            torch.nn.init.normal_(module.weight, std=1.4 / module.weight[0].numel() ** 0.5)
    return network.eval()


@pytest.fixture(scope="session")
def network() -> UnetGenerator:
    """The one behind the model ``doodles``."""
    return tiny(1)


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


@pytest.fixture
def card(tmp_path: Path) -> Callable[..., ModelCard]:
    """Saves a network as a bundled model and makes its card."""
    folder = tmp_path / "bundled"
    folder.mkdir()

    def make(name: str, network: torch.nn.Module, **extra: str) -> ModelCard:
        path = folder / f"{name}.safetensors"
        save_file(network.state_dict(), path)
        data = path.read_bytes()
        return ModelCard(
            id=name,
            title=name.capitalize(),
            task="pix2pix",
            architecture="UnetGenerator",
            format="safetensors",
            source=f"bundled:{path.name}",
            files=(
                ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)),
            ),
            licence="Apache-2.0",
            origin="made for the test",
            extra={"size": str(SIZE), **extra},
        )

    return make


@pytest.fixture
def store(tmp_path: Path, card: Callable[..., ModelCard], network: UnetGenerator) -> ModelStore:
    palette = "#ff0000 #00ff00 #0000ff"
    cards = [
        card("doodles", network, prepares="lines"),
        card("plain", tiny(2)),
        card("labels", tiny(3), prepares="labels", palette=palette),
        card("edges", tiny(4), prepares="edges"),
        card("averages", tiny(5, "batch")),
    ]
    return ModelStore(tmp_path / "models", tmp_path / "bundled", cards)


@pytest.fixture
def runner(registry: PluginRegistry, store: ModelStore) -> Runner:
    return Runner(registry, store)


@pytest.fixture
def run(runner: Runner) -> Callable[..., RunResult]:
    """Runs the operation on RGBA pixels in a layer of their own."""

    def translate(pixels: Array, **parameters: Any) -> RunResult:
        layer = Layer("drawing", Raster.from_array(np.ascontiguousarray(pixels)))
        picture = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, None)
        return runner.execute(
            RunRequest("pix2pix.translate", parameters, picture, device="cpu", precision="float32")
        )

    return translate


@pytest.fixture
def translated(run: Callable[..., RunResult]) -> Callable[..., Array]:
    """RGBA pixels of the layer that it makes."""

    def pixels(given: Array, **parameters: Any) -> Array:
        return run(given, **parameters).images[0].pixels

    return pixels


@pytest.fixture
def doodle() -> Callable[..., Array]:
    """A disc in a box, drawn with strokes on a transparent layer."""

    def make(
        height: int = 96,
        width: int = 96,
        stroke: int = 3,
        ink: tuple[int, int, int] = (0, 0, 0),
        paper: tuple[int, int, int] | None = None,
    ) -> Array:
        coverage = np.zeros((height, width), np.uint8)
        side = min(height, width)
        middle = (width // 2, height // 2)
        reach = int(side * 0.35)
        corners = [(c - reach, d + reach) for c, d in zip(middle, middle, strict=True)]
        cv2.rectangle(
            coverage, (corners[0][0], corners[1][0]), (corners[0][1], corners[1][1]), 255, stroke
        )
        cv2.circle(coverage, middle, int(side * 0.2), 255, stroke, cv2.LINE_AA)
        pixels = np.zeros((height, width, 4), np.uint8)
        pixels[..., :3] = ink
        pixels[..., 3] = coverage
        if paper is not None:
            share = coverage[..., None] / 255
            pixels[..., :3] = (np.array(ink) * share + np.array(paper) * (1 - share)).round()
            pixels[..., 3] = 255
        return pixels

    return make
