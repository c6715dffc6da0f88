"""Exponential moving average of a network's weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class ExponentialMovingAverage(Generic[M]):
    """Keeps a shadow copy of ``network`` that trails its weights.

    The decay is warmed up as ``min(decay, (1 + n) / (10 + n))`` after n updates, so that the first
    averages are not dominated by the random initialisation (the rule of TensorFlow's
    ``ExponentialMovingAverage``).
    """

    def __init__(self, network: M, decay: float = 0.999) -> None:
        self.decay = decay
        self.updates = 0
        self.shadow: M = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the shadow towards ``network``; buffers are copied."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for mine, theirs in zip(self.shadow.parameters(), network.parameters(), strict=True):
            mine.lerp_(theirs.detach(), 1 - decay)
        for kept, new in zip(self.shadow.buffers(), network.buffers(), strict=True):
            kept.copy_(new)

    def state_dict(self) -> dict[str, Any]:
        """Shadow weights and the number of updates."""
        return {"shadow": self.shadow.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.shadow.load_state_dict(state["shadow"])
        self.updates = int(state["updates"])
