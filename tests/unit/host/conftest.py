"""A host whose operations a test writes as a drop-in plugin, and pictures to run them on."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from studio.document import Layer, Picture, Raster
from studio.host.context import RunContext
from studio.host.models import ModelStore
from studio.host.networks import NetworkCache
from studio.host.observer import Observer
from studio.host.plugins import discover
from studio.host.previews import TilePreview
from studio.host.queue import JobQueue
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.run_state import RunState
from studio.host.runs import Runner

_HEADER = """
    import threading
    from collections import defaultdict

    import torch
    from torch import nn
    from torch.nn import functional as F

    from studio.api import (
        Cancelled, Operation, Parameters, Pixels, UserError, boolean, hookimpl, integer, number, text,
    )

    api_version = 1
    calls = []
    events = defaultdict(threading.Event)

    class P(Parameters):
        name: str = text("")
        value: float = number(1.0, minimum=0, maximum=100)
        count: int = integer(1, minimum=0, maximum=10000)

    class Same(nn.Module):
        '''One convolution that changes nothing.'''

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            nn.init.dirac_(self.conv.weight)
            nn.init.zeros_(self.conv.bias)

        def forward(self, x):
            return self.conv(x)

    def same(pixels, mask, parameters, context):
        return pixels

    def black(pixels, mask, parameters, context):
        return torch.zeros_like(pixels)

    def invert(pixels, mask, parameters, context):
        return 1 - pixels

    def double(pixels, mask, parameters, context):
        color = F.interpolate(pixels, scale_factor=2, mode="nearest")
        alpha = context.alpha
        return Pixels(color, None if alpha is None else F.interpolate(alpha, scale_factor=2))
"""
_FOOTER = """
    DECLARED = {declared!r}

    @hookimpl
    def operations():
        return [
            Operation(id="t." + name, title=name.title(), menu="Test", help="A test.",
                      function=":" + name, parameters=P, **fields)
            for name, fields in DECLARED.items()
        ]
"""
_BUILT_IN: dict[str, dict[str, Any]] = {
    "same": {},
    "black": {},
    "invert": {},
    "double": {"output": "canvas"},
}
_numbers = itertools.count()


class Recorder(Observer):
    """Keeps what it hears; stops the run once ``stop`` returns True."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.stop = stop
        self.fractions: list[float] = []
        self.messages: list[str] = []
        self.tiles: list[TilePreview] = []
        self.notes: list[str] = []

    def progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)
        self.messages.append(message)

    def tile(self, preview: TilePreview) -> None:
        self.tiles.append(preview)

    def note(self, message: str) -> None:
        self.notes.append(message)

    def cancelled(self) -> bool:
        return self.stop()


@dataclass
class Host:
    """A runner and the plugin module whose operations ``t.NAME`` it runs."""

    runner: Runner
    module: ModuleType
    queues: list[JobQueue] = field(default_factory=list)

    def request(self, name: str, picture: Picture | None = None, **fields: Any) -> RunRequest:
        return RunRequest(
            "t." + name, picture=picture, device=fields.pop("device", "cpu"), **fields
        )

    def run(
        self,
        name: str,
        picture: Picture | None = None,
        observer: Observer | None = None,
        **fields: Any,
    ) -> RunResult:
        return self.runner.execute(self.request(name, picture, **fields), observer)

    def queue(self) -> JobQueue:
        self.queues.append(JobQueue(self.runner))
        return self.queues[-1]


@pytest.fixture(scope="session")
def recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Make a host of a plugin's source and its operations: name to fields of their declaration."""
    made: list[Host] = []

    def make(source: str = "", **declared: Mapping[str, Any]) -> Host:
        folder = tmp_path / f"plugins{next(_numbers)}"
        folder.mkdir()
        name = f"probe{next(_numbers)}"
        body = textwrap.dedent(_HEADER) + textwrap.dedent(source)
        body += textwrap.dedent(_FOOTER).format(declared={**_BUILT_IN, **declared})
        (folder / f"{name}.py").write_text(body)
        registry = discover(folder)
        assert not [failure for failure in registry.failures if failure.name == name]
        store = ModelStore(tmp_path / "models", tmp_path / "bundled", ())
        host = Host(Runner(registry, store), registry.plugin_of("t.same").module)
        made.append(host)
        return host

    yield make
    for host in made:
        for event in getattr(host.module, "events", {}).values():
            event.set()
        for queue in host.queues:
            queue.close(10)


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[..., RunContext]]:
    """A context on the CPU as an operation gets it, with any arithmetic to start in."""
    import torch

    states: list[RunState] = []

    def make(
        dtype: torch.dtype = torch.float32,
        observer: Observer | None = None,
        cache: NetworkCache | None = None,
        **request: Any,
    ) -> RunContext:
        store = ModelStore(tmp_path / "models", tmp_path / "bundled", ())
        state = RunState(
            RunRequest("t.same", **request),
            observer or Observer(),
            cache or NetworkCache(),
            store,
            torch.device("cpu"),
            dtype,
            lambda *_: None,
        )
        states.append(state)
        return RunContext(state)

    yield make
    for state in states:
        state.watch.close()


def _picture(
    height: int = 40,
    width: int = 60,
    dtype: Any = np.uint8,
    *,
    seed: int = 0,
    opaque: bool = False,
    icc: bytes | None = None,
    layers: int = 1,
    selection: np.ndarray | None = None,
) -> Picture:
    rng = np.random.default_rng(seed)
    maximum = int(np.iinfo(dtype).max)
    made = []
    for number in range(layers):
        pixels = rng.integers(0, maximum, (height, width, 4), dtype, endpoint=True)
        if opaque:
            pixels[..., 3] = maximum
        made.append(Layer(f"Layer {number}", Raster.from_array(pixels)))
    mask = None if selection is None else Raster.from_array(selection[..., None])
    return Picture(width, height, tuple(made), made[-1].id, icc, mask)


@pytest.fixture(scope="session")
def random_picture() -> Callable[..., Picture]:
    """A picture of seeded noise: ``random_picture(height, width, dtype, ...)``."""
    return _picture


@pytest.fixture
def half() -> torch.dtype:  # noqa: F821 - torch is imported inside, as the host does
    """The half precision of this processor; skips where it has none."""
    import torch

    from studio.host.devices import preferred_dtype

    dtype = preferred_dtype(torch.device("cpu"))
    if dtype == torch.float32:
        pytest.skip("this processor has no half-precision arithmetic")
    return dtype
