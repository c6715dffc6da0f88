"""What to try next when memory runs out: the same steps for every plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.api.errors import UserError
from studio.host import devices
from studio.host.networks import NetworkCache, Placement, Watch, place
from studio.host.tiling import SMALLEST_TILE

if TYPE_CHECKING:
    import torch


def no_memory() -> UserError:
    """What the user reads when there is no rung left."""
    return UserError(
        "There is not enough memory for this.",
        "Close other programs or documents, or try a smaller picture or selection.",
    )


class Ladder:
    """The state of one run's memory: device, arithmetic and tile, and how far they were lowered.

    Rungs, in order: free caches and other networks; half precision; halve the tile down to 64
    pixels; the CPU. Each is noted for the user. Networks already handed out are changed in place,
    so that a function in the middle of its tiles goes on with them.

    Args:
        device: where the run starts.
        dtype: the arithmetic it starts in.
        networks: the cache that the first rung empties.
        watch: the networks this run uses.
        note: where to tell the user.
        exact: float32 was asked for: half precision is no rung.
    """

    def __init__(
        self,
        device: torch.device,
        dtype: torch.dtype,
        networks: NetworkCache,
        watch: Watch,
        note: Callable[[str], None],
        exact: bool = False,
    ) -> None:
        self.device, self.dtype = device, dtype
        self.tile: int | None = None
        self._networks, self._watch, self._note = networks, watch, note
        self.exact = exact
        self._freed = False
        self.placements: dict[int, Placement] = {}
        self._half_allowed: set[int] = set()

    def register(self, module: torch.nn.Module, placement: Placement, half: bool) -> None:
        """Remember how a network of this run is placed, so that a rung can change it."""
        self.placements[id(module)] = placement
        if half:
            self._half_allowed.add(id(module))

    def forget(self) -> None:
        """Forget the networks of an attempt that is over."""
        self.placements.clear()
        self._half_allowed.clear()

    def full_precision(self) -> bool:
        """Go over to float32 for good; False if that is what it was."""
        import torch

        lowered = self.dtype != torch.float32
        self.dtype, self.exact = torch.float32, True
        return lowered

    def climb(self, error: BaseException, tile: int | None = None) -> None:
        """Take the next rung after memory ran out with tiles of ``tile`` pixels (None: no tiles).

        Raises:
            UserError: if there is no rung left.
        """
        device = self.device
        if not self._freed:
            self._freed = True
            self._networks.drop(keep=self._watch.modules)
            self._note("Memory ran out: caches and other models were freed.")
        elif self._halve_precision():
            self._note("Memory ran out: going on in half precision.")
        elif tile is not None and min(tile, self.tile or tile) > SMALLEST_TILE:
            # Halved from what was asked for: a network's multiple can make tiles larger than that.
            self.tile = max(SMALLEST_TILE, min(tile, self.tile or tile) // 2)
            self._note(f"Memory ran out: going on with tiles of {self.tile} pixels.")
        elif self.device.type != "cpu":
            self._move_to_cpu()
            self._note("Memory ran out: going on with the CPU, which is slower.")
        else:
            raise no_memory() from error
        devices.empty_caches(device)

    def restore(self) -> None:
        """Place this run's networks as it left them, after another run on this thread."""
        for module in self._watch.modules:
            place(module, self.placements[id(module)])

    def _halve_precision(self) -> bool:
        import torch

        half = devices.preferred_dtype(self.device)
        if self.exact or self.dtype != torch.float32 or half == torch.float32:
            return False
        self.dtype = half
        self._replace(self.device)
        return True

    def _move_to_cpu(self) -> None:
        import torch

        self.device = torch.device("cpu")
        self.tile = None
        self._freed = False
        self.dtype = torch.float32 if self.exact else devices.preferred_dtype(self.device)
        self._replace(self.device)

    def _replace(self, device: torch.device) -> None:
        import torch

        for module in self._watch.modules:
            old = self.placements[id(module)]
            dtype = self.dtype if id(module) in self._half_allowed else torch.float32
            self._networks.forget(module)
            new = Placement(device, dtype, old.float32)
            self.placements[id(module)] = new
            place(module, new)
