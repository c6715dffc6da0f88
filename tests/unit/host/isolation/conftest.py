"""A host with two dropped-in plugins, of which one may run in a process of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.document import Layer, Picture, Raster
from studio.files.profiles import wide_gamut_profile
from studio.host.isolation.isolation import Isolation
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry, discover
from studio.host.previews import TilePreview
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner

DROPINS = Path(__file__).parents[3] / "dropins"


@dataclass
class Watcher(Observer):
    """Keeps what it hears; wishes what ``cancel`` and ``stop`` say of it."""

    cancel: Callable[[Watcher], bool] = lambda _: False
    stop: Callable[[Watcher], bool] = lambda _: False
    urgent: Callable[[Watcher], bool] = lambda _: False
    fractions: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tiles: list[TilePreview] = field(default_factory=list)

    def progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)
        self.messages.append(message)

    def tile(self, preview: TilePreview) -> None:
        self.tiles.append(preview)

    def note(self, message: str) -> None:
        self.notes.append(message)

    def cancelled(self) -> bool:
        return self.cancel(self)

    def stopping(self) -> bool:
        return self.stop(self)

    def give_way(self) -> bool:
        return self.urgent(self)


@dataclass
class Bench:
    """Runs ``unsteady.NAME`` in a process of its own, or here."""

    registry: PluginRegistry
    store: ModelStore
    isolation: Isolation

    def runner(self, isolated: bool = True) -> Runner:
        return Runner(self.registry, self.store, isolation=self.isolation if isolated else None)

    def run(
        self,
        name: str,
        picture: Picture,
        parameters: dict[str, Any] | None = None,
        observer: Observer | None = None,
        *,
        isolated: bool = True,
        **fields: Any,
    ) -> RunResult:
        operation = name if "." in name else f"unsteady.{name}"
        request = RunRequest(operation, parameters or {}, picture, device="cpu", **fields)
        return self.runner(isolated).execute(request, observer)


def make_picture(width: int = 150, height: int = 130, dtype: Any = np.uint8) -> Picture:
    """Three layers, one hidden and one half transparent, and a selection."""
    rng = np.random.default_rng(3)
    top = np.iinfo(dtype).max
    layers = []
    for number in range(3):
        pixels = rng.integers(0, top, (height, width, 4), dtype)
        if number == 0:
            pixels[..., 3] = top
        name, shown = f"layer {number}", number != 1
        layers.append(
            Layer(name, Raster.from_array(pixels), visible=shown, opacity=1 - 0.2 * number)
        )
    selection = np.zeros((height, width, 1), np.uint8)
    selection[20:100, 30:120] = 255
    whole = Picture(width, height, tuple(layers), layers[2].id)
    return whole.replaced(selection=Raster.from_array(selection))


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> None:
    """In place of the check after each test: the tests of a module share a process, and its threads."""


@pytest.fixture(scope="session")
def watcher() -> type[Watcher]:
    return Watcher


@pytest.fixture(scope="session")
def picture() -> Picture:
    return make_picture()


@pytest.fixture(scope="session")
def deep_picture() -> Picture:
    return make_picture(90, 70, np.uint16).replaced(icc=wide_gamut_profile())


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugins")
    for name in ("unsteady.py", "caller.py"):
        shutil.copy(DROPINS / name, folder)
    return folder


@pytest.fixture(scope="module")
def bench(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    registry = discover(plugins)
    assert not registry.failures
    models = tmp_path_factory.mktemp("models")
    isolation = Isolation(lambda: ("unsteady",), plugins, memory=600 << 20)
    yield Bench(registry, ModelStore(models / "m", models / "b", registry.cards()), isolation)
    isolation.close()
    assert not [t.name for t in threading.enumerate() if t.name.endswith("-unsteady")]
