"""One shape for all networks: what tiling must know of them, and input of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Upscaler(nn.Module):
    """A network that takes RGB of any size, whatever it was made for.

    Args:
        network: N x ``channels`` x h x w in [0, 1] to the same, ``scale`` times as large.
        architecture: its name, for people.
        scale: enlargement factor, at least 1.
        overlap: input pixels that tiles must share.
        channels: 1 (each colour is run as a gray picture), 3 or 4 (run with opaque alpha).
        multiple: sides must be multiples of this.
        minimum: smallest side.
        square: whether both sides must be equal.
        tile: side of a tile where the network dictates it.
        dtypes: arithmetic it is known to work in; asked for another, it stays in float32.
        call: how to call the network, where that takes more than ``network(image)``.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        architecture: str,
        scale: int,
        overlap: int,
        channels: int = 3,
        multiple: int = 1,
        minimum: int = 1,
        square: bool = False,
        tile: int | None = None,
        dtypes: frozenset[torch.dtype] = frozenset({torch.float16, torch.bfloat16}),
        call: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.architecture = architecture
        self.scale = scale
        self.overlap = overlap
        self.channels = channels
        self.multiple = multiple
        self.minimum = minimum
        self.square = square
        self.tile = tile
        self.dtypes = dtypes | {torch.float32}
        self._network_call: Callable[[Tensor], Tensor] = call or network

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x h x w to N x 3 x (h * scale) x (w * scale), not clamped."""
        number, _, height, width = image.shape
        if self.channels == 1:
            image = image.reshape(number * 3, 1, height, width)
        elif self.channels == 4:
            image = torch.cat([image, torch.ones_like(image[:, :1])], dim=1)
        first = next((p for p in self.network.parameters() if p.is_floating_point()), None)
        if first is not None and first.dtype not in {image.dtype, *_HALVES}:
            image = image.to(first.dtype)
        out = self._network_call(self._padded(image))
        out = out[..., : height * self.scale, : width * self.scale]
        if self.channels == 1:
            return out.reshape(number, 3, height * self.scale, width * self.scale)
        return out[:, :3]

    def _padded(self, image: Tensor) -> Tensor:
        """Repeat the last row and column until the sides are what the network takes."""
        height, width = (
            -(-max(side, self.minimum) // self.multiple) * self.multiple for side in image.shape[2:]
        )
        if self.square:
            height = width = max(height, width)
        below, right = height - image.shape[2], width - image.shape[3]
        return F.pad(image, (0, right, 0, below), mode="replicate") if below or right else image

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Move or convert, but never to arithmetic that the network does not work in."""

        def allowed(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            return moved if moved.dtype in self.dtypes else tensor.to(moved.device)

        return super()._apply(allowed, recurse)  # type: ignore[no-untyped-call]  # torch leaves it unannotated


_HALVES = (torch.float16, torch.bfloat16)
