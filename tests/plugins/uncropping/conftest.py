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
from studio.document import Picture
from studio.host.models import ModelStore
from studio.host.plugins import discover
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


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundled models with seeded weights of a tiny size."""
    folder = tmp_path_factory.mktemp("bundled")
    save_file(tiny().state_dict(), folder / "tiny.safetensors")
    return folder


@pytest.fixture
def runner(bundled: Path, tmp_path: Path) -> Runner:
    data = (bundled / "tiny.safetensors").read_bytes()
    file = ModelFile(
        name="tiny.safetensors", sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
    )
    card = ModelCard(
        id="tiny",
        title="Tiny",
        task="inpainting",
        architecture="InpaintingNetwork",
        format="safetensors",
        source="bundled:tiny.safetensors",
        files=(file,),
        licence="CC0-1.0",
        origin="made for the test",
    )
    return Runner(discover(None), ModelStore(tmp_path / "models", bundled, (card,)))


Extend = Callable[..., RunResult]


@pytest.fixture
def extend(runner: Runner) -> Extend:
    """Run the operation on a picture with parameters."""

    def run(picture: Picture, observer: Any = None, **parameters: Any) -> RunResult:
        request = RunRequest("uncropping.extend", parameters, picture, device="cpu")
        return runner.execute(request, observer)

    return run


@pytest.fixture(scope="session")
def photograph() -> Callable[..., Array]:
    """Makes a landscape: ``photograph(height, width, dtype)``."""
    return _photograph


def _photograph(height: int, width: int, dtype: Any = np.uint8, seed: int = 0) -> Array:
    """Sky over land: smooth, with texture below the horizon and an opaque alpha."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    sky = np.stack([0.4 + 0.2 * y / height, 0.6 + 0.2 * y / height, 0.9 - 0.1 * x / width], 2)
    land = np.stack([0.3 + 0.1 * np.sin(x / 3), 0.4 + 0.1 * np.cos(y / 2), 0.2 + 0 * x], 2)
    rgb = np.where((y > 0.6 * height)[..., None], land, sky) + random.normal(0, 0.02, (*x.shape, 3))
    rgba = np.concatenate([np.clip(rgb, 0, 1), np.ones((height, width, 1))], 2)
    return np.rint(rgba * np.iinfo(dtype).max).astype(dtype)
