"""What the host gives a running operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from studio.api.models import ModelCard

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

T = TypeVar("T")


class Context(Protocol):
    """Device, progress, cancel, seed, models and tiling for one run.

    Every method that may take time raises `studio.api.Cancelled` once the run is asked to stop;
    let it pass through.
    """

    @property
    def device(self) -> torch.device:
        """Where to compute. It can change between two attempts of the memory ladder."""

    @property
    def dtype(self) -> torch.dtype:
        """Arithmetic that networks run in on this device: float32, float16 or bfloat16."""

    @property
    def seed(self) -> int:
        """The run's seed, recorded in its recipe; torch's generators are already seeded with it."""

    @property
    def scale(self) -> float:
        """Size of the given picture against the document: below 1 in a live preview seen from afar.

        Multiply lengths in pixels, such as a radius, by it.
        """

    @property
    def alpha(self) -> Tensor | None:
        """Transparency beside the pixels: float32, 1 x 1 x H x W in [0, 1]; None when opaque."""

    @property
    def hints(self) -> Tensor | None:
        """Colors that the user knows: float32, 1 x 4 x H x W, straight RGBA in [0, 1].

        Alpha is above 0 where there is a hint, and the color is in the space of ``pixels``. None if
        there are no hints, or the operation does not declare that it takes any.
        """

    def progress(self, fraction: float, message: str = "", preview: Tensor | None = None) -> None:
        """Report ``fraction`` in [0, 1] done, with an optional intermediate 1 x 3 x H x W picture.

        Of an operation that needs no picture it may be 1 x 4 x H x W, straight RGBA, and of any size.

        Raises:
            Cancelled: if the run is to stop.
        """

    def part(self, start: float, end: float) -> Context:
        """The same context, whose progress 0 to 1 counts as ``start`` to ``end`` of this one's."""

    def note(self, message: str) -> None:
        """Tell the user something about this result (a fallback taken, a limit met)."""

    @property
    def stopping(self) -> bool:
        """Whether the user asked a ``stoppable`` operation to end now and keep what it has.

        Ask between two steps, and return what there is; raising is for a cancel.
        """

    @property
    def previewing(self) -> bool:
        """Whether the result is only shown while a form is open, and will never be kept.

        True for the previews of a ``live`` operation: it may show something else than its result then,
        such as what it has found, or make do with a quicker way.
        """

    def picture(self, source: str, *, alpha: bool = False) -> Tensor:
        """A reference picture: float32, 1 x 3 x H x W, RGB in [0, 1], on `device`.

        It is upright, at its own size, in the space of the operation's ``pixels``, and lies over
        white where it is transparent.

        Args:
            source: the value of a ``picture`` parameter, or the ``source`` of one of ``pictures``:
                the path of a file, or ``gallery:NAME``.
            alpha: whether it comes with its transparency, as 1 x 4 x H x W straight RGBA, instead.

        Raises:
            UserError: if there is no such picture, with the names that come close, or it cannot be
                read.
        """

    def card(self, model_id: str | None, task: str) -> ModelCard:
        """The card of a model; with None the bundled default of ``task``.

        Raises:
            UserError: if there is no such model, with the ids that come close.
        """

    def available(self, task: str) -> tuple[ModelCard, ...]:
        """The cards of a task whose files are on this computer already, in order of declaration.

        For operations that can do with one of several models and would not fetch a large one unasked.
        """

    def files(self, model_id: str) -> tuple[Path, ...]:
        """The model's files, hash checked, in its card's order; fetched first if need be."""

    def network(
        self,
        key: str,
        load: Callable[[], nn.Module],
        *,
        half: bool = True,
        float32: Sequence[str] = (),
    ) -> nn.Module:
        """``load()`` ready to run: cached under ``key``, in eval mode, on the device, in `dtype`.

        Each layer casts what it is given to the type of its weights, so call the network with
        float32: what it adds to the output of its layers, such as a skip from the input, then keeps
        its precision. The cache is shared by all operations and drops the least recently used when
        memory is short. The network answers a cancel between two of its layers.

        Args:
            key: names the weights and everything else that ``load`` depends on.
            load: makes the module in float32 on the CPU.
            half: whether it may run in half precision at all.
            float32: names of submodules that stay in float32, such as a last convolution, whose
                rounding would show as half a level in 8 bits.
        """

    def prepare(
        self, module: nn.Module, *, half: bool = True, float32: Sequence[str] = ()
    ) -> nn.Module:
        """Make a module that is not cached ready to run, as `network` does. Changes it in place."""

    def tiled(
        self,
        network: Callable[[Tensor], Tensor],
        image: Tensor,
        *,
        scale: int = 1,
        overlap: int = 32,
        multiple: int = 1,
        tile: int | None = None,
    ) -> Tensor:
        """Run a network over a picture of any size in overlapping tiles.

        Tiles are evenly sized, padded by reflection to ``multiple``, blended with a raised cosine
        over the overlap, shown on the canvas as they finish, halved when memory runs out and
        resumed at the tile that failed.

        Args:
            network: N x C x h x w to N x C' x (h * scale) x (w * scale); called with float32.
            image: 1 x C x H x W float32 in [0, 1].
            scale: enlargement of the network.
            overlap: pixels of the input that neighbouring tiles share: the network's receptive
                radius or, for a deep one, what makes its seams invisible.
            multiple: tile sides are multiples of this.
            tile: side of a tile in input pixels; None lets the host choose for the device.

        Returns:
            1 x C' x (H * scale) x (W * scale), float32, on the CPU or the device, not clamped.
        """

    def run(self, operation_id: str, *args: Any, **parameters: Any) -> Any:
        """Run another operation on ``(pixels, mask)`` with these parameters, inside this run.

        It sees this run's alpha if the pixels have its size, and else none.
        """
