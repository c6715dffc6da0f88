"""What the recipes of the families share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from studio.nn.features import FeatureNetwork, load_features
from studio.nn.judging import diversity
from studio.nn.planes import over
from studio.nn.training import TrainingContext, sheet_of
from studio_plugins.sampling.families_data import Album, Albums
from studio_plugins.sampling.names import LABELS

SPREAD = (
    "spread"  # entry of a card's extra: `studio.nn.judging.diversity` of the pictures learned from
)
CHECKED = 512  # pictures that a validation looks at
_SHEET = 0.85  # gray behind transparent pictures, on which neither white nor black is lost
M = TypeVar("M", bound=nn.Module)


def placed(network: M, device: torch.device) -> M:
    """On the device, in the layout in which convolutions are fast."""
    return network.to(device).to(memory_format=torch.channels_last)


def descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    """One step of gradient descent."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameters."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def feature_network(file: str, context: TrainingContext) -> FeatureNetwork | None:
    """The network that judges likeness, if one is named."""
    if not file:
        return None
    return placed(load_features(context.files(file)[0]), context.device)


def held_out(album: Album) -> tuple[Tensor, Tensor]:
    """Pictures for a validation and their classes, evenly from the whole album."""
    step = max(len(album) / CHECKED, 1.0)
    index = (torch.arange(min(len(album), CHECKED)) * step).long()
    return album.batch(index)


def some(planes: Tensor, count: int) -> Tensor:
    """Up to ``count`` of N, evenly from all of them: files are often sorted by what they show."""
    return planes[torch.arange(min(count, len(planes))) * len(planes) // min(count, len(planes))]


def extra_of(albums: Albums, *, classes: bool) -> dict[str, str]:
    """What the card has to say of the pictures that were learned from."""
    planes, _ = held_out(albums.training)
    extra = {SPREAD: f"{diversity(planes):.5f}"}
    if classes and albums.classes:
        extra[LABELS] = "\n".join(albums.classes)
    return extra


def shown(rows: Sequence[Tensor]) -> Tensor:
    """A sheet of rows of planes, N x C x H x W each."""
    return sheet_of([list(over(row.float(), _SHEET)) for row in rows])


@dataclass
class Phase:
    """Which part of a training is on; kept in checkpoints.

    The schedule may be one of steps or of minutes: the learning rate alone tells how far it is. Once it
    falls below ``limit``, the first part is over.
    """

    limit: float
    highest: float = 0.0
    second: bool = False

    def see(self, rate: float) -> None:
        """Take note of a step's learning rate."""
        self.second = self.second or (rate < self.limit < self.highest)
        self.highest = max(self.highest, rate)

    def state_dict(self) -> dict[str, float | bool]:
        """What has been seen."""
        return {"highest": self.highest, "second": self.second}

    def load_state_dict(self, state: dict[str, float | bool]) -> None:
        """Take over what `state_dict` returned."""
        self.highest, self.second = float(state["highest"]), bool(state["second"])
