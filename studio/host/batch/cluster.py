"""Starting Ray on this machine, or joining a cluster, and what a worker gets of it."""

from __future__ import annotations

import importlib
import logging
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from studio.api.errors import UserError
from studio.host.batch.tally import Tally

log = logging.getLogger(__name__)
OBJECT_STORE = 200_000_000
"""Bytes of shared memory for a cluster of this machine: what goes through it are names."""
_NONE_THERE = (
    "`ray start --head` starts one. If it asks for a token, RAY_AUTH_MODE=token has to be set here "
    "as well. Without --address this command starts its own."
)


@dataclass(frozen=True)
class Wanted:
    """What a batch asks of a cluster.

    Attributes:
        address: of a cluster that runs, ``auto`` for the one this machine is part of; "" for one on
            this machine that ends with the batch.
        workers: how many; None for as many as there is room for.
        cpus: processors for each.
        gpus: accelerators for each; None for one where the cluster has any.
        threads: each computes with; None for as many as it has processors.
    """

    address: str = ""
    workers: int | None = None
    cpus: float = 1.0
    gpus: float | None = None
    threads: int | None = None


class Cluster:
    """Ray, for the time of one batch. Enter it on the main thread: what it starts ends with that.

    Args:
        wanted: how much.
        quiet: whether Ray's own messages are kept back.

    Attributes:
        workers: how many there will be.
        cpus: processors for each.
        gpus: accelerators for each.
        threads: each computes with.

    Raises:
        UserError: if Ray is not installed, there is no cluster at the address, or none of its
            machines is large enough for a worker.
    """

    def __init__(self, wanted: Wanted, *, quiet: bool = True) -> None:
        self.wanted, self._quiet = wanted, quiet
        self.workers, self.cpus, self.gpus = wanted.workers or 1, wanted.cpus, wanted.gpus or 0.0
        self.threads = wanted.threads or max(int(wanted.cpus), 1)

    def __enter__(self) -> Self:
        self._ray = _ray(quiet=self._quiet, local=self.local)
        try:
            self._join() if self.wanted.address else self._start()
            self._measure()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def local(self) -> bool:
        """Whether it is this machine alone, and ends with the batch."""
        return not self.wanted.address

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here; workers of this batch end with it."""
        self._ray.shutdown()

    def tally(self) -> Any:
        """A new `Tally` that all workers share."""
        return self._ray.remote(num_cpus=0, max_restarts=-1)(Tally).remote()

    def _start(self) -> None:
        cpus = os.cpu_count() or 1
        if self.wanted.workers is not None:
            # Ray counts what it is told: workers may share processors if there are too few.
            cpus = max(cpus, math.ceil(self.wanted.workers * self.wanted.cpus))
        options = {
            "address": "local",
            "num_cpus": cpus,
            "object_store_memory": OBJECT_STORE,
            "include_dashboard": False,
        }
        self._init(options, "Ray did not start on this machine", "`ray stop` ends what is left.")

    def _join(self) -> None:
        where = self.wanted.address
        self._init({"address": where}, f"There is no Ray cluster at {where}", _NONE_THERE)

    def _init(self, options: dict[str, Any], failed: str, hint: str) -> None:
        level = logging.CRITICAL if self._quiet else logging.INFO
        try:
            with _hushed() if self._quiet else nullcontext():
                self._ray.init(**options, logging_level=level, log_to_driver=not self._quiet)
        except (OSError, RuntimeError, TimeoutError, ValueError) as error:
            raise UserError(f"{failed}: {' '.join(str(error).split())}", hint) from error

    def _measure(self) -> None:
        """Find out how many workers there is room for."""
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if self.wanted.gpus is None:
            self.gpus = 1.0 if any(node.get("GPU", 0) >= 1 for node in nodes) else 0.0
        room = sum(self._room(node) for node in nodes)
        if not room:
            gpus = f" and {self.gpus:g} GPUs" if self.gpus else ""
            raise UserError(
                f"No machine of the cluster has {self.cpus:g} processors{gpus} for a worker.",
                "Ask for less with --cpus and --gpus, or add a machine.",
            )
        if self.wanted.workers is None:
            self.workers = room

    def _room(self, node: dict[str, float]) -> int:
        room = node.get("CPU", 0.0) / self.cpus if self.cpus else math.inf
        if self.gpus:
            room = min(room, node.get("GPU", 0.0) / self.gpus)
        return int(min(room, 1e6))


def _ray(*, quiet: bool, local: bool) -> Any:
    """Ray itself, told what it reads from the environment.

    Raises:
        UserError: if it is not installed.
    """
    settings = {
        "RAY_USAGE_STATS_ENABLED": "0",  # it would tell its makers
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",  # we show our own
    }
    if local:
        # On every system, despite its name: Ray then listens to this machine alone.
        settings["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    if quiet:
        settings["RAY_BACKEND_LOG_LEVEL"] = "fatal"
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    try:
        ray: Any = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError as error:
        raise UserError(
            "The engine ray needs Ray, which is not installed.", '`pip install "impasto[cluster]"`.'
        ) from error
    if quiet:
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    worker: Any = importlib.import_module("ray._private.worker")
    # It prints what happens to workers between our results.
    worker.print_to_stdstream = _logged
    return ray


def _logged(data: dict[str, Any], **_: Any) -> None:
    for line in data.get("lines", ()):
        log.info("%s: %s", data.get("pid", "ray"), line)


@contextmanager
def _hushed() -> Iterator[None]:
    """While in here, what is written to standard error is lost.

    Ray's own library says there that it was told to be quiet. What fails is raised.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
