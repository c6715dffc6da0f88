from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def _one_thread(_steady_torch: None) -> None:
    """Networks this small gain nothing from two, and wait for each other on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture
def lonely(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hub's library with an empty cache, and nobody who answers."""
    constants = pytest.importorskip("huggingface_hub").constants
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    nowhere = "http://127.0.0.1:9/{repo_id}/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", nowhere)
    return constants


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A host without any model."""
    folder = tmp_path_factory.mktemp("none")
    return Runner(discover(None), ModelStore(folder / "models", folder, ()))


@pytest.fixture
def paint(
    community: Runner, diffusion: Callable[..., Any], lonely: Any
) -> Callable[..., RunResult]:
    """Runs ``sampling.diffusers`` with a model by its kind or path, or redraws a picture."""

    def execute(
        model: Any = "sd",
        picture: Picture | None = None,
        seed: int = 3,
        observer: Observer | None = None,
        **parameters: Any,
    ) -> RunResult:
        path = diffusion(model) if model in ("sd", "xl", "fills") else model
        given = {"model": str(path), "prompt": "a", "steps": 3, **parameters}
        operation = "sampling.diffusers" if picture is None else "sampling.diffusers-redraw"
        request = RunRequest(
            operation, given, picture, seed=seed, device="cpu", precision="float32"
        )
        return community.execute(request, observer)

    return execute


@pytest.fixture
def drawn(paint: Callable[..., RunResult]) -> Callable[..., Array]:
    """The pixels of the first picture."""
    return lambda *args, **given: paint(*args, **given).images[0].pixels


def photo(
    width: int = 60, height: int = 40, selected: tuple[int, int, int, int] | None = None,
    clear: bool = False,
) -> Picture:  # fmt: skip
    """A picture of one layer of smooth colors, perhaps with a selection (top, left, bottom, right)."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + k) * np.cos(y / 7 - k) for k in range(3)]
    made = np.dstack([*((wave * 110 + 128) for wave in waves), np.full((height, width), 255)])
    pixels = made.round().astype(np.uint8)
    if clear:
        pixels[:, : width // 2, 3] = 0
    layer = Layer("photo", Raster.from_array(pixels))
    mask = None
    if selected is not None:
        top, left, bottom, right = selected
        area = np.zeros((height, width, 1), np.uint8)
        area[top:bottom, left:right] = 255
        mask = Raster.from_array(area)
    return Picture(width, height, (layer,), layer.id, selection=mask)
