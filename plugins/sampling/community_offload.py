"""For small graphics cards: weights stay in the computer's memory and visit the card in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_BEAT = 0.1  # seconds


@dataclass(frozen=True)
class _Where:
    """Tells diffusers where its pipelines compute; it looks for this name on networks."""

    execution_device: torch.device


class Pulse:
    """Lets a cancel answer between two layers, where the host does not watch them itself.

    Attributes:
        beat: called about ten times a second while layers run; whatever it raises ends the run.
    """

    def __init__(self) -> None:
        self.beat: Callable[[], None] | None = None
        self._last = 0.0

    def __call__(self) -> None:
        """A layer is about to run."""
        now = time.monotonic()
        if self.beat is not None and now - self._last > _BEAT:
            self._last = now
            self.beat()


class _Visit:
    """Brings the weights of one layer to the device while it runs, and what it is given, too."""

    def __init__(self, layer: nn.Module, device: torch.device, pulse: Pulse) -> None:
        self._device, self._pulse = device, pulse
        self._weights = {k: p for k, p in layer._parameters.items() if p is not None}
        self._buffers = {k: b for k, b in layer._buffers.items() if b is not None}
        owned = [*self._weights.values(), *self._buffers.values()]
        floating = [each for each in owned if each.is_floating_point()]
        self._dtype = floating[0].dtype if floating else None

    def arrive(self, layer: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Before the layer runs."""
        self._pulse()
        for name, weight in self._weights.items():
            there = weight.data.to(self._device, non_blocking=True)
            layer._parameters[name] = nn.Parameter(there, requires_grad=False)
        for name, buffer in self._buffers.items():
            layer._buffers[name] = buffer.to(self._device, non_blocking=True)
        return tuple(map(self._brought, given)), {k: self._brought(v) for k, v in named.items()}

    def leave(self, layer: nn.Module, *_: Any) -> None:
        """After it ran, or failed."""
        layer._parameters.update(self._weights)
        layer._buffers.update(self._buffers)

    def _brought(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        dtype = self._dtype if value.is_floating_point() else None
        return value.to(self._device, dtype or value.dtype)


def visit(networks: Sequence[nn.Module], device: torch.device) -> Pulse:
    """Make networks whose weights stay where they are run on a device, layer by layer.

    Args:
        networks: of one pipeline; changed in place.
        device: where they compute.

    Returns:
        What is called between their layers.
    """
    pulse = Pulse()
    for network in networks:
        network.eval().requires_grad_(False)
        network._hf_hook = _Where(device)  # type: ignore[assignment]  # a module takes any attribute
        for layer in network.modules():
            if not (layer._parameters or layer._buffers):
                continue
            guest = _Visit(layer, device, pulse)
            layer.register_forward_pre_hook(guest.arrive, with_kwargs=True)
            layer.register_forward_hook(guest.leave, always_call=True)
    return pulse
