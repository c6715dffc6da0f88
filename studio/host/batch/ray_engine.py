"""Pictures of a batch spread over the workers of a Ray cluster, by Ray Data.

``map_batches`` with a pool of actors: each is a process that keeps its networks, one for each GPU or
share of processors, and is given one picture after another. Ray starts an actor that dies again and
has what it had done again; a `Tally` ends that for a picture that kills each worker. Outcomes come
back as they are made, and the ledger stays with whoever asked, as for the local engine.
"""

from __future__ import annotations

import importlib
import json
import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from studio.api.errors import Cancelled, UserError
from studio.host.batch.cluster import Cluster
from studio.host.batch.engines import Watcher
from studio.host.batch.items import Item, Outcome
from studio.host.batch.places import place
from studio.host.batch.ray_worker import COLUMN, Hand, outcome_of, to_json
from studio.host.batch.work import Worker

_LOOK = 0.1  # seconds between two looks at whether to stop
_Found = queue.SimpleQueue[str | Exception | None]


class RayEngine:
    """The workers of a cluster.

    Args:
        worker: of this process, which says what is to be done; it does nothing itself.
        cluster: entered.
    """

    def __init__(self, worker: Worker, cluster: Cluster) -> None:
        self._worker, self._cluster = worker, cluster

    def run(self, items: Iterable[Item], watcher: Watcher) -> Generator[Outcome]:
        """Outcomes in the order in which they are made.

        Raises:
            UserError: if a worker cannot do this batch at all, or the cluster is lost.
            Cancelled: if the watcher asked to stop.
        """
        waiting = {item.output: item for item in items}
        _refuse_memory(waiting.values(), self._worker.work.folder)
        if waiting:
            yield from self._outcomes(waiting, watcher)
        for item in waiting.values():
            hint = "Its worker may have been lost with its machine: add --resume to do it again."
            yield Outcome(item, "failed", message="No worker told what became of it.", hint=hint)

    def _outcomes(self, waiting: dict[str, Item], watcher: Watcher) -> Iterator[Outcome]:
        """Outcomes of those that wait, which then wait no longer."""
        dataset, found = self._dataset(list(waiting.values())), _Found()
        thread = threading.Thread(
            target=_collect, args=(dataset, found), name="impasto-ray", daemon=True
        )
        thread.start()
        try:
            while (outcome := _next(found, watcher)) is not None:
                # Ray does a picture again if the answer was lost with its machine.
                item = waiting.pop(outcome.item.output, None)
                if item is not None:
                    watcher.begun(item)
                    yield replace(outcome, item=item)
                watcher.hold()
        finally:
            _stop(dataset, self._cluster, thread)

    def _dataset(self, items: list[Item]) -> Any:
        data: Any = importlib.import_module("ray.data")
        context = data.DataContext.get_current()
        context.max_errored_blocks = -1  # what goes wrong with one picture stops no other
        context.enable_progress_bars = False
        context.execution_options.preserve_order = False
        cluster, work = self._cluster, self._worker.work
        # With one processor a worker reads, computes and writes in turn; with more at once.
        calls = 1 if cluster.cpus < 2 and not cluster.gpus else 2
        pool = data.ActorPoolStrategy(
            size=cluster.workers,
            max_tasks_in_flight_per_actor=2 * calls,
            max_concurrent_calls_per_actor=calls,
            enable_true_multi_threading=calls > 1,
        )
        work = replace(work, folder=_everywhere(work.folder))
        named = (replace(item, source=_everywhere(item.source)) for item in items)
        charge = to_json(work, self._worker.base, cluster.threads)
        rows = [{COLUMN: json.dumps(asdict(item))} for item in named]
        return data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            Hand,
            fn_constructor_args=(charge, cluster.tally()),
            batch_size=1,
            compute=pool,
            num_cpus=cluster.cpus,
            num_gpus=cluster.gpus,
        )


def _next(found: _Found, watcher: Watcher) -> Outcome | None:
    """The next outcome; None after the last."""
    while True:
        try:
            row = found.get(timeout=_LOOK)
        except queue.Empty:
            if watcher.cancelled():
                raise Cancelled from None
            continue
        if isinstance(row, UserError):
            raise row
        if isinstance(row, Exception):
            raise UserError(
                f"Ray ended the batch: {_first_line(row)}",
                "What is finished is kept; add --resume once the cluster works again.",
            ) from row
        return None if row is None else outcome_of(row)


def _collect(dataset: Any, found: _Found) -> None:
    """Bring rows as they come; on a thread, because Ray's own waiting cannot be interrupted."""
    try:
        for batch in dataset.iter_batches(batch_size=1, prefetch_batches=0):
            for row in batch[COLUMN]:
                found.put(str(row))
        found.put(None)
    except Exception as error:  # noqa: BLE001 - it is raised where the outcomes are asked for
        found.put(error)


def _stop(dataset: Any, cluster: Cluster, thread: threading.Thread) -> None:
    """End what still runs; nothing if all is done."""
    if thread.is_alive():
        executor = getattr(dataset, "_current_executor", None)  # there is no public way
        if executor is not None:
            with suppress(Exception):  # it may end at this moment by itself
                executor.shutdown(force=True)
        thread.join(5)
        if thread.is_alive():
            cluster.close()
            thread.join(5)


def _everywhere(text: str) -> str:
    """The same file by a name that does not depend on the folder a process is in."""
    where = place(text)
    return str(where.absolute()) if isinstance(where, Path) else text


def _refuse_memory(items: Iterable[Item], folder: str) -> None:
    for text in (folder, *(item.source for item in items)):
        if "memory://" in text:
            raise UserError(
                f"{text} is in the memory of this process, where workers cannot reach it.",
                "Take a folder that all machines share, or an address such as s3://….",
            )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
