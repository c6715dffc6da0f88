"""How a batch scales with the workers of a Ray cluster, and whether a model foretells it.

    python tests/benchmarks/report_cluster.py
    python tests/benchmarks/report_cluster.py --workers 1 2 --pictures 64 --side 256 --pin

Super-resolution of photographs (JPEG in, JPEG out), each worker with one processor and one thread. The
processors have to be free. With --pin all that belongs to a run, Ray itself included, gets as many of
them as there are workers, otherwise all of them. Measured are:

  io        seconds to read and write a picture, in this process
  net       seconds of a processor to do the recipe to it, in this process
  driver    seconds from one result to the next when there is nearly nothing to do to a picture
  start     seconds until the first result, less a picture's own
  rate      pictures a second, once every worker has its network and until the first has nothing left

The model is  start + pictures * max((net + io) / workers, driver).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import skimage
from PIL import Image

from studio.host.batch.batch import Order, Tools, run_batch
from studio.host.batch.cluster import Cluster, Wanted
from studio.host.batch.engines import Watcher
from studio.host.batch.items import Item, Outcome
from studio.host.batch.ray_engine import RayEngine
from studio.host.batch.threads import limit_threads
from studio.host.batch.work import Loaded, Made, Work, Worker
from studio.host.memory import keep_pages
from studio.host.observer import Observer
from studio.host.recipes import EditStep, OperationStep, Recipe
from studio.host.recipes.replay import Manner
from studio.host.services import Services, build_services

EMPTY = Recipe(name="Flip", steps=(EditStep(edit="flip", values={"axis": "horizontal"}),))
RECIPE = Recipe(
    name="Enlarge", steps=(OperationStep(operation="super-resolution.upscale", title="Enlarge"),)
)
MANNER = Manner(device="cpu")
TARGET = 1.7
ALONE = 8  # pictures that are done in this process
FLIPPED = 200  # pictures with nearly nothing to do
WARM = 4  # results of each worker that are left out at the start


@dataclass(frozen=True)
class Parts:
    """What one picture takes in one process, in seconds: medians."""

    io: float
    net: float


@dataclass(frozen=True)
class Run:
    """One batch, in seconds from its start, which the start of Ray comes before."""

    workers: int
    start: float
    total: float
    rate: float


class Clock(Watcher):
    """When each picture came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def finished(self, outcome: Outcome) -> None:
        if outcome.state != "done":
            sys.exit(f"{outcome.item.source}: {outcome.message}")
        self.times.append(time.perf_counter())


def photos(folder: Path, count: int, side: int) -> Path:
    folder.mkdir()
    whole = Image.fromarray(skimage.data.astronaut())
    for number in range(count):
        x, y = number * 5 % (513 - side), number * 11 % (513 - side)
        part = whole.crop((x, y, x + side, y + side))
        part.save(folder / f"{number:04d}.jpg", quality=92)
    return folder


def parts(services: Services, inputs: Path, folder: Path) -> Parts:
    """Each stage by itself, one picture after another."""
    keep_pages()
    limit_threads(1)
    work = Work(RECIPE, str(folder), MANNER)
    worker = Worker(work, services.runner.execute, services.registry, services.store)
    io, net = [], []
    for number, path in enumerate(sorted(inputs.iterdir())[: ALONE + 1]):
        times = [time.perf_counter()]
        loaded = worker.read(Item(str(path), path.name))
        times.append(time.perf_counter())
        busy = time.process_time()
        made = worker.run(loaded, Observer()) if isinstance(loaded, Loaded) else loaded
        busy = time.process_time() - busy
        times.append(time.perf_counter())
        done = worker.write(made) if isinstance(made, Made) else made
        times.append(time.perf_counter())
        if done.state != "done":
            sys.exit(done.message)
        if number:  # the first one loads the network
            io.append(times[1] - times[0] + times[3] - times[2])
            net.append(busy)
    return Parts(statistics.median(io), statistics.median(net))


def run(services: Services, order: Order, workers: int, one: float) -> Run:
    """One batch with so many workers; ``one``: seconds that a picture takes."""
    tools = Tools(services.runner.execute, services.registry, services.store)
    clock, started = Clock(), time.perf_counter()
    with Cluster(Wanted(workers=workers, cpus=1, gpus=0, threads=1)) as cluster:
        run_batch(order, tools, clock, lambda worker: RayEngine(worker, cluster))
    times = clock.times
    # Until the first worker has nothing left to do: the last ones are not all at work.
    first, last = min(WARM * workers, len(times) // 3), len(times) - workers
    rate = (last - first) / (times[last] - times[first])
    start = times[0] - started - one
    return Run(workers, start, times[-1] - started, rate)


def pin(count: int) -> None:
    """Give this process and what it starts the first processors."""
    os.sched_setaffinity(0, set(sorted(ALL)[:count]))


ALL = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def tell(part: Parts, runs: Sequence[Run], pictures: int, driver: float) -> Mapping[int, float]:
    """Print what was measured beside what the model says; speed-ups by number of workers."""
    one = part.io + part.net
    print(f"a picture: net {part.net:.3f} s, io {part.io:.3f} s; driver {driver * 1000:.1f} ms")
    ratios = {}
    for each in runs:
        rate = min(each.workers / one, 1 / driver)
        total = each.start + pictures / rate
        ratios[each.workers] = each.rate / runs[0].rate
        print(
            f"{each.workers} workers: start {each.start:.1f} s, {each.rate:.3f} pictures/s "
            f"(model {rate:.3f}), all in {each.total:.1f} s (model {total:.1f}); "
            f"{ratios[each.workers]:.2f} times as fast as {runs[0].workers}"
        )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--pin", action="store_true", help="as many processors as workers")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="impasto-cluster-") as name:
        folder, services = Path(name), build_services()
        inputs = photos(folder / "in", wish.pictures, wish.side)
        if wish.pin:
            pin(1)
        part = parts(services, inputs, folder / "alone")
        runs = []
        for workers in wish.workers:
            if wish.pin:
                pin(workers)
            order = Order(RECIPE, (inputs,), folder / f"out-{workers}", manner=MANNER)
            runs.append(run(services, order, workers, part.io + part.net))
        small = photos(folder / "small", FLIPPED, 16)
        order = Order(EMPTY, (small,), folder / "flipped", manner=MANNER)
        driver = 1 / run(services, order, max(wish.workers), 0.0).rate
    print(f"{wish.pictures} photos of {wish.side} x {wish.side}, {len(ALL)} processors")
    ratios = tell(part, runs, wish.pictures, driver)
    if ratios.get(2, TARGET) < TARGET:
        sys.exit(f"Two workers are less than {TARGET} times as fast as one.")


if __name__ == "__main__":
    main()
