"""What all parts of one run share: request, observer, models, networks and the memory ladder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studio.api.errors import Cancelled
from studio.api.models import ModelCard
from studio.document import Array, Rect
from studio.host import devices
from studio.host.galleries import Galleries
from studio.host.hints import given, hint_tensor
from studio.host.ladder import Ladder
from studio.host.models import ModelStore
from studio.host.networks import NetworkCache, Placement, Watch
from studio.host.observer import Observer
from studio.host.previews import TilePreview
from studio.host.references import References
from studio.host.requests import RunRequest

if TYPE_CHECKING:
    import torch
    from torch import nn

T = TypeVar("T")
_REPORT_EVERY = 0.1  # seconds between two reports from inside a tile
_PREVIEW_EVERY = 0.1  # the same of intermediate pictures
Nested = Callable[[Any, str, tuple[Any, ...], Mapping[str, Any]], Any]


class RunState:
    """Shared by the contexts of one run.

    Args:
        request: what was asked for.
        observer: who hears of progress and may cancel.
        networks: cache of loaded networks.
        store: where model files are.
        device: where to start.
        dtype: arithmetic to start in.
        nested: how to run another operation inside this run.
        references: reads the reference pictures; by default from files alone.
    """

    def __init__(
        self,
        request: RunRequest,
        observer: Observer,
        networks: NetworkCache,
        store: ModelStore,
        device: torch.device,
        dtype: torch.dtype,
        nested: Nested,
        references: References | None = None,
    ) -> None:
        self.request, self.observer = request, observer
        self.networks, self.store, self.nested = networks, store, nested
        self.references = references or References(Galleries())
        self.watch = Watch(self._inside)
        self.notes: list[str] = []
        self.models: dict[str, str] = {}
        self._opened: dict[str, str] = {}  # of the models, what the network being loaded asked for
        self.area: Rect | None = None
        self.share: Array | None = None  # of the mask, over the area
        exact = request.precision == "float32"
        self.ladder = Ladder(device, dtype, networks, self.watch, self.note, exact)
        self._stretch: tuple[float, float, str] | None = None
        self._layers_seen = 0
        self._layers_expected = 1
        self._reported = 0.0
        self._next_preview = 0.0

    def restart(self) -> None:
        """Forget the networks of a failed attempt, so that the next one places its own."""
        self.watch.close()
        self.ladder.forget()
        self._layers_expected = 1

    def progress(self, fraction: float, message: str = "") -> None:
        """Report the fraction of the whole run; raises Cancelled when asked to stop."""
        self.check()
        self.observer.progress(fraction, message)

    def show(self, make: Callable[[], TilePreview]) -> None:
        """Offer an intermediate picture to the canvas, unless one was offered a moment ago.

        Steps of an optimization may come faster than previews can be made: making them takes at
        most a tenth of the time.
        """
        started = time.monotonic()
        if started < self._next_preview:
            return
        self.observer.tile(make())
        now = time.monotonic()
        self._next_preview = now + max(_PREVIEW_EVERY, 9 * (now - started))

    def check(self) -> None:
        """Give way to more urgent work, then raise Cancelled if this run is to stop."""
        self.give_way()
        if self.observer.cancelled():
            raise Cancelled

    def give_way(self) -> bool:
        """Let more urgent work go first, if there is any; whether there was."""
        with self.watch.silent():
            given = self.observer.give_way()
            if given:
                self.ladder.restore()
        return given

    def note(self, message: str) -> None:
        """Keep a note for the result and tell the observer; each only once."""
        if message not in self.notes:
            self.notes.append(message)
            self.observer.note(message)

    @contextmanager
    def stretch(self, start: float, end: float, message: str) -> Iterator[None]:
        """While a tile runs: layers of the network move the progress from ``start`` to ``end``."""
        self._stretch, self._layers_seen = (start, end, message), 0
        try:
            yield
        finally:
            self._layers_expected = max(self._layers_seen, 1)
            self._stretch = None

    def hints(self) -> torch.Tensor | None:
        """Colors that are known on the area that is worked on; None for operations without hints."""
        picture, area = self.request.picture, self.area
        if picture is None or area is None or not given(self.request.hints):
            return None
        found = hint_tensor(self.request.hints, area, picture.icc)
        return None if found is None else found.to(self.ladder.device)

    def _inside(self) -> None:
        """Called before every layer of a network that the run uses."""
        self.check()
        self._layers_seen += 1
        now = time.monotonic()
        if self._stretch and now - self._reported > _REPORT_EVERY:
            self._reported = now
            start, end, message = self._stretch
            share = min(self._layers_seen / self._expected(), 0.99)
            self.observer.progress(start + share * (end - start), message)

    def _expected(self) -> int:
        """Layers in a tile: as many as the last one ran, or as the networks have."""
        if self._layers_expected > 1:
            return self._layers_expected
        return max(sum(1 for m in self.watch.modules for x in m.modules() if x._parameters), 1)

    def card(self, model_id: str | None, task: str) -> ModelCard:
        """The card with this id, or the bundled default of the task."""
        return self.store.default(task) if model_id is None else self.store.card(model_id)

    def available(self, task: str) -> tuple[ModelCard, ...]:
        """The cards of a task whose files are here."""
        return tuple(card for card in self.store.cards(task) if self.store.locate(card.id))

    def files(self, model_id: str) -> tuple[Path, ...]:
        """Verified files of a model, fetched with progress when they are not here yet."""
        card = self.store.card(model_id)
        weights = max(card.files, key=lambda file: file.bytes)
        self.models[card.id] = self._opened[card.id] = weights.sha256

        def report(done: int, total: int | None) -> None:
            size = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else f"{done / 1e6:.0f} MB"
            self.observer.progress(0.0, f"Downloading {card.title}: {size}")

        return self.store.ensure(model_id, report, self.observer.cancelled)

    def network(self, key: str, load: Callable[[], nn.Module], placement: Placement) -> nn.Module:
        """The network under ``key``; its models are used by this run even if it was loaded before."""

        def noted() -> nn.Module:
            outside, self._opened = self._opened, {}
            try:
                module = load()
                self.networks.note_models(key, self._opened)
            finally:
                self._opened = outside
            return module

        module = self.recovering(lambda: self.networks.get(key, noted, placement), placement)
        self.models.update(self.networks.models_of(key))
        return module

    def recovering(self, load: Callable[[], T], placement: Placement) -> T:
        """``load()``, with memory freed and one more try when there is none left for it."""
        try:
            return load()
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error):
                raise
            devices.without_frames(error)
        self.networks.drop(keep=self.watch.modules)
        devices.empty_caches(placement.device)
        self.note("Memory ran out: caches and other models were freed.")
        return load()
