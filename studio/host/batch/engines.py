"""Who does the work of a batch. An engine gets items and gives back outcomes, and no more."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from studio.api.errors import Cancelled
from studio.host.batch.items import Item, Outcome
from studio.host.batch.work import Loaded, Made, Worker
from studio.host.observer import Observer

AHEAD_BYTES = 1 << 30
"""Pictures that were read before their turn hold about so much memory at most."""


class Watcher(Observer):
    """Hears of a batch and may stop or hold it; the base does neither."""

    def begun(self, item: Item) -> None:
        """A picture's recipe begins; progress is its own from now on."""

    def hold(self) -> None:
        """Returns once the batch may go on; called before each picture."""

    def finished(self, outcome: Outcome) -> None:
        """A picture is done, was skipped, or failed."""

    def found(self, count: int) -> None:
        """So many more pictures are to be done."""


class Engine(Protocol):
    """Spreads a batch over what it has: threads of this process, or others."""

    def run(self, items: Iterable[Item], watcher: Watcher) -> Generator[Outcome]:
        """The outcome of each item, in any order, as they come.

        Files still have their passing names: whoever asks gives them their own.

        Raises:
            Cancelled: if the watcher asked to stop, after the outcomes of what was finished.
        """
        ...


class LocalEngine:
    """This process: pictures are read and written on threads while the network runs on the next one.

    Args:
        worker: does the work.
        threads: that read, and as many that write; by the number of processors if None.
    """

    def __init__(self, worker: Worker, threads: int | None = None) -> None:
        self._worker = worker
        self._threads = threads or max(min((os.cpu_count() or 1) // 2, 4), 1)

    def run(self, items: Iterable[Item], watcher: Watcher) -> Generator[Outcome]:
        """Outcomes in the order of the items."""
        with _pool(self._threads, "read") as readers, _pool(self._threads, "write") as writers:
            written: deque[Future[Outcome]] = deque()
            cancelled = False
            for reading in _ahead(readers, self._worker, items, self._threads + 1):
                watcher.hold()
                if watcher.cancelled():
                    cancelled = True
                    break
                try:
                    made = self._run(reading.result(), watcher)
                except Cancelled:
                    cancelled = True
                    break
                # What was skipped or failed keeps its place in the order.
                written.append(writers.submit(self._written, made))
                while written and (written[0].done() or len(written) > self._threads + 1):
                    yield written.popleft().result()
            while written:
                yield written.popleft().result()
            if cancelled:
                raise Cancelled

    def _run(self, loaded: Loaded | Outcome, watcher: Watcher) -> Made | Outcome:
        if isinstance(loaded, Outcome):
            return loaded
        watcher.begun(loaded.item)
        return self._worker.run(loaded, watcher)

    def _written(self, made: Made | Outcome) -> Outcome:
        return made if isinstance(made, Outcome) else self._worker.write(made)


def _ahead(
    readers: ThreadPoolExecutor, worker: Worker, items: Iterable[Item], count: int
) -> Iterator[Future[Loaded | Outcome]]:
    """The pictures of all items, ``count`` of them read before they are asked for; large ones fewer."""
    waiting: deque[Future[Loaded | Outcome]] = deque()
    for item in items:
        waiting.append(readers.submit(worker.read, item))
        while len(waiting) > count or (len(waiting) > 1 and _held(waiting) > AHEAD_BYTES):
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def _held(reading: Iterable[Future[Loaded | Outcome]]) -> int:
    """Bytes of the pictures that wait."""
    found = (each.result() for each in reading if each.done())
    pictures = (each.picture for each in found if isinstance(each, Loaded))
    return sum(raster.nbytes for picture in pictures for raster in picture.rasters)


@contextmanager
def _pool(threads: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool whose work that has not begun is dropped at the end."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=f"impasto-batch-{name}")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
