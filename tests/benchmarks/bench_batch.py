"""A local batch against the bare network: super-resolution of photos, reading and writing included.

Run with ``pytest tests/benchmarks/bench_batch.py -m benchmark -s`` on a quiet machine. The bare network
is called again and again with the tensor that the operation gives it, in the same process, turn by
turn with batches of ``BATCH_PICTURES`` photos of ``BATCH_SIDE`` pixels (JPEG in, JPEG out). Prints
pictures a second of both, their ratio by the clock, and the ratio of processor time, which other
programs on the machine disturb less.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
import skimage
import torch
from PIL import Image

from studio.host import devices
from studio.host.batch.batch import Order, Tools, run_batch
from studio.host.recipes import OperationStep, Recipe
from studio.host.services import Services, build_services

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

PICTURES = int(os.environ.get("BATCH_PICTURES", "16"))
SIDE = int(os.environ.get("BATCH_SIDE", "256"))
ROUNDS = int(os.environ.get("BATCH_ROUNDS", "3"))
TARGET = 0.9
RECIPE = Recipe(
    name="Enlarge", steps=(OperationStep(operation="super-resolution.upscale", title="Enlarge"),)
)


class Captured:
    """The outermost network that a run calls, and with what."""

    def __init__(self) -> None:
        self.call: tuple[torch.nn.Module, tuple[Any, ...]] | None = None

    def __enter__(self) -> Self:
        self._hook = torch.nn.modules.module.register_module_forward_pre_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()

    def _keep(self, module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        if self.call is None:
            copies = tuple(x.clone() if isinstance(x, torch.Tensor) else x for x in inputs)
            self.call = module, copies


def photos(folder: Path) -> Path:
    folder.mkdir()
    whole = Image.fromarray(skimage.data.astronaut())
    for number in range(PICTURES):
        place = number * 5 % (512 - SIDE)
        part = whole.crop((place, 128 - place // 4, place + SIDE, 128 - place // 4 + SIDE))
        part.save(folder / f"{number:03d}.jpg", quality=92)
    return folder


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    clock, busy = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - clock, time.process_time() - busy


def batch_of(services: Services, inputs: Path, folder: Path) -> Callable[[], object]:
    runner = services.runner
    tools = Tools(runner.execute, services.registry, services.store)

    def work() -> None:
        summary = run_batch(Order(RECIPE, (inputs,), folder), tools)
        assert len(summary.of("done")) == PICTURES

    return work


def test_a_batch_is_as_fast_as_its_network(tmp_path: Path) -> None:
    services = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    batch = batch_of(services, photos(tmp_path / "in"), tmp_path / "out")
    with Captured() as captured:
        batch()
    assert captured.call is not None
    network, inputs = captured.call

    def bare() -> None:
        with torch.inference_mode(), devices.arithmetic(exact=False):
            for _ in range(PICTURES):
                network(*inputs)

    bare()
    rounds = [(measured(bare), measured(batch)) for _ in range(ROUNDS)]
    clock = statistics.median(alone[0] / whole[0] for alone, whole in rounds)
    busy = statistics.median(alone[1] / whole[1] for alone, whole in rounds)
    alone, whole = (min(turn[i][0] for turn in rounds) for i in (0, 1))
    size = tuple(inputs[0].shape)
    print(f"\n{PICTURES} photos of {SIDE} x {SIDE}; the network is given {size}")
    print(
        f"bare network {PICTURES / alone:.2f} pictures/s, batch {PICTURES / whole:.2f} pictures/s"
    )
    print(f"ratio by the clock {clock:.3f}, of processor time {busy:.3f} (target {TARGET})")
    assert clock >= TARGET
