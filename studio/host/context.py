"""The context that a running operation is handed: `studio.api.Context`, implemented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.api.errors import PluginError
from studio.api.models import ModelCard
from studio.host import devices, precision
from studio.host.networks import Placement, place
from studio.host.previews import forming_preview, tile_preview, whole_preview
from studio.host.run_state import RunState
from studio.host.tiling import Mosaic, plan, run_tile

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Network = Callable[["Tensor"], "Tensor"]


class RunContext:
    """One part of a run: its progress counts from ``start`` to ``end`` of the whole.

    Args:
        state: what all parts of the run share.
        alpha: transparency beside the pixels, or None.
        start: fraction of the run at which this part begins.
        end: fraction at which it ends.
        shown: whether its intermediate pictures are of what the canvas shows.
    """

    def __init__(
        self,
        state: RunState,
        alpha: Tensor | None = None,
        start: float = 0.0,
        end: float = 1.0,
        *,
        shown: bool = True,
    ) -> None:
        self._state = state
        self._alpha = alpha
        self._start, self._end = start, end
        self._shown = shown

    @property
    def state(self) -> RunState:
        """What it shares with the other parts of its run; for the host."""
        return self._state

    @property
    def shown(self) -> bool:
        """Whether its intermediate pictures are of what the canvas shows; for the host."""
        return self._shown

    @property
    def device(self) -> torch.device:
        """Where to compute now."""
        return self._state.ladder.device

    @property
    def dtype(self) -> torch.dtype:
        """Arithmetic of networks now."""
        return self._state.ladder.dtype

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self._state.request.seed

    @property
    def scale(self) -> float:
        """Size of the given picture against the document."""
        return self._state.request.scale

    @property
    def alpha(self) -> Tensor | None:
        """Transparency, 1 x 1 x H x W in [0, 1]."""
        return self._alpha

    @property
    def hints(self) -> Tensor | None:
        """Colors that are known, 1 x 4 x H x W; see `studio.api.Context.hints`."""
        return self._state.hints()

    def progress(self, fraction: float, message: str = "", preview: Tensor | None = None) -> None:
        """Report; raises Cancelled."""
        self._state.progress(self._whole(fraction), message)
        if preview is None or not self._shown or preview.shape[1] not in {3, 4}:
            return
        image, area, share = preview.detach(), self._state.area, self._state.share
        if area is None:
            self._state.show(lambda: forming_preview(image, self._icc))
        else:
            self._state.show(lambda: whole_preview(image[:, :3], area, self._icc, share))

    def part(self, start: float, end: float) -> RunContext:
        """A context whose progress is a stretch of this one's."""
        span = self._whole(start), self._whole(end)
        return RunContext(self._state, self._alpha, *span, shown=self._shown)

    def note(self, message: str) -> None:
        """Tell the user something about this result."""
        self._state.note(message)

    @property
    def stopping(self) -> bool:
        """Whether the user asked to end now and keep what there is."""
        return self._state.observer.stopping()

    @property
    def previewing(self) -> bool:
        """Whether the result is only shown while a form is open."""
        return self._state.request.live

    def picture(self, source: str, *, alpha: bool = False) -> Tensor:
        """A reference picture on the device; see `studio.api.Context.picture`."""
        self._state.check()
        return self._state.references.read(source, alpha=alpha).to(self.device)

    def card(self, model_id: str | None, task: str) -> ModelCard:
        """The card of a model, or of the task's bundled default."""
        return self._state.card(model_id, task)

    def available(self, task: str) -> tuple[ModelCard, ...]:
        """The cards of a task whose files are here."""
        return self._state.available(task)

    def files(self, model_id: str) -> tuple[Path, ...]:
        """The model's files, fetched if need be."""
        return self._state.files(model_id)

    def network(
        self,
        key: str,
        load: Callable[[], nn.Module],
        *,
        half: bool = True,
        float32: Sequence[str] = (),
    ) -> nn.Module:
        """``load()`` from the cache, placed and watched."""
        placement = self._placement(half, float32)
        return self._watched(self._state.network(key, load, placement), placement, half)

    def prepare(
        self, module: nn.Module, *, half: bool = True, float32: Sequence[str] = ()
    ) -> nn.Module:
        """Place and watch a module of the caller's own."""
        placement = self._placement(half, float32)
        return self._watched(place(module, placement), placement, half)

    def tiled(
        self,
        network: Network,
        image: Tensor,
        *,
        scale: int = 1,
        overlap: int = 32,
        multiple: int = 1,
        tile: int | None = None,
    ) -> Tensor:
        """Run ``network`` over ``image`` in tiles; see `studio.api.Context.tiled`."""
        return _Tiler(self._state, self, network, scale, multiple).run(
            image, tile or self._default_tile(), overlap
        )

    def run(self, operation_id: str, *args: Any, **parameters: Any) -> Any:
        """Run another operation inside this run."""
        alpha, area, context = self._alpha, self._state.area, self
        size = tuple(args[0].shape[2:]) if args else None
        if size is not None and area is not None and size != (area.height, area.width):
            # Other pixels than this run's: their transparency is not known, nor their place.
            context = RunContext(self._state, None, self._start, self._end, shown=False)
        elif size is not None and alpha is not None and size != tuple(alpha.shape[2:]):
            context = RunContext(self._state, None, self._start, self._end, shown=self._shown)
        return self._state.nested(context, operation_id, args, parameters)

    def _placement(self, half: bool, float32: Sequence[str]) -> Placement:
        import torch

        dtype = self.dtype if half else torch.float32
        return Placement(self.device, dtype, tuple(float32))

    def _watched(self, module: nn.Module, placement: Placement, half: bool) -> nn.Module:
        self._state.watch.add(module)
        self._state.ladder.register(module, placement, half)
        return module

    def _default_tile(self) -> int:
        """512 pixels where there is room for a large network's features, else 256."""
        return 512 if devices.free_bytes(self.device) > 6 << 30 else 256

    def _whole(self, fraction: float) -> float:
        return self._start + min(max(fraction, 0.0), 1.0) * (self._end - self._start)

    def _show(self, image: Tensor, x: int, y: int, width: int, height: int) -> None:
        """Offer pixels at (x, y) of a result of ``width`` x ``height`` to the canvas."""
        if image.shape[1] not in {3, 4} or self._state.area is None:
            return
        image = image[:, :3]  # a fourth channel is the alpha that goes through the same tiles
        area, share = self._state.area, self._state.share
        tile = tile_preview(image, x, y, (width, height), area, self._icc, share)
        self._state.observer.tile(tile)

    @property
    def _icc(self) -> bytes | None:
        picture = self._state.request.picture
        return picture.icc if picture else None


class _Tiler:
    """One call of `RunContext.tiled`: tiles, progress inside them, and the memory ladder."""

    def __init__(
        self, state: RunState, context: RunContext, network: Network, scale: int, multiple: int
    ) -> None:
        self._state, self._context, self._network = state, context, network
        self._scale, self._multiple = scale, multiple

    def run(self, image: Tensor, tile: int, overlap: int) -> Tensor:
        limit = self._state.ladder.tile
        if limit is not None and limit < tile:
            tile, overlap = limit, min(overlap, limit // 4)
        height, width = image.shape[2:]
        area = self._state.area
        whole = area is not None and (height, width) == (area.height, area.width)
        rows = plan(height, tile, overlap, self._multiple)
        columns = plan(width, tile, overlap, self._multiple)
        mosaic = Mosaic(rows, columns, self._scale)
        count = len(rows) * len(columns)
        for number in range(count):
            i, j = divmod(number, len(columns))
            message = f"Tile {number + 1} of {count}" if count > 1 else ""
            self._context.progress(number / count, message)
            start, end = (
                self._context._whole(number / count),
                self._context._whole((number + 1) / count),
            )
            with self._state.stretch(start, end, message):
                part = image[:, :, rows[i].start : rows[i].end, columns[j].start : columns[j].end]
                piece = mosaic.add(i, j, self.one(part, overlap))
            if whole:
                self._context._show(
                    piece,
                    columns[j].start * self._scale,
                    rows[i].start * self._scale,
                    width * self._scale,
                    height * self._scale,
                )
        self._context.progress(1.0)
        return mosaic.finished()

    def one(self, part: Tensor, overlap: int) -> Tensor:
        """One tile's output, float32; where memory runs out, in smaller tiles of its own."""
        ladder = self._state.ladder
        while True:
            self._state.check()
            if ladder.tile is not None:
                fitting = min(overlap, ladder.tile // 4)
                largest = max(ladder.tile, 2 * fitting + self._multiple)
                largest += -largest % self._multiple
                if max(part.shape[2:]) > largest:
                    return self._smaller(part, ladder.tile, fitting)
            try:
                given = part.to(ladder.device)
                out = run_tile(self._network, given, self._scale, self._multiple)
                precision.check_finite(out)
            except ValueError as error:
                raise PluginError(f"The network does not fit its declaration: {error}.") from error
            except (RuntimeError, MemoryError) as error:
                if not devices.is_out_of_memory(error):
                    raise
                failure = devices.without_frames(error)
            else:
                return out
            ladder.climb(failure, tile=max(part.shape[2:]))

    def _smaller(self, part: Tensor, tile: int, overlap: int) -> Tensor:
        rows = plan(part.shape[2], tile, overlap, self._multiple)
        columns = plan(part.shape[3], tile, overlap, self._multiple)
        mosaic = Mosaic(rows, columns, self._scale)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                piece = part[:, :, row.start : row.end, column.start : column.end]
                mosaic.add(i, j, self.one(piece, overlap))
        return mosaic.finished()
