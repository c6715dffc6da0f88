"""One shape for all networks: lightness and hints in, a prediction of chroma out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COLDEST = 0.05  # temperature at which the likeliest color is all that is left
CANCELLED = (
    0.4  # share of their chroma that colors lose in their mean before they count as undecided
)
AB = 110.0  # by which a and b are divided in what networks are given


@dataclass(frozen=True)
class Prediction:
    """What a network expects of the colors of one picture.

    Attributes:
        logits: 1 x Q x h x w, over the colors of ``centers``; None if it names one color alone.
        centers: Q x 2, a and b; None without ``logits``.
        ab: 1 x 2 x h x w in CIELAB units where the network names one color; else None.
    """

    logits: Tensor | None = None
    centers: Tensor | None = None
    ab: Tensor | None = None

    def colors(self, temperature: float) -> Tensor:
        """1 x 2 x h x w in CIELAB units.

        The annealed mean of the distribution (Zhang et al. 2016, section 2.3): at temperature 1 its
        mean, which is grayish where it is undecided; toward 0 its mode, which is patchy.
        """
        if self.ab is not None:
            return self.ab
        share = self.shares(temperature)
        if share is None or self.centers is None:
            raise ValueError("a prediction needs colors or a distribution of them")
        return torch.einsum("nqhw,qc->nchw", share, self.centers)

    def undecided(self, temperature: float) -> Tensor | None:
        """1 x 1 x h x w: 0 where all colors that are likely agree, 1 where they cancel each other.

        That is, by how much the mean is less colorful than they are on average. None without a
        distribution.
        """
        share = self.shares(temperature)
        if share is None or self.centers is None:
            return None
        mean = torch.einsum("nqhw,qc->nchw", share, self.centers).norm(dim=1, keepdim=True)
        each = torch.einsum("nqhw,q->nhw", share, self.centers.norm(dim=1))[:, None]
        doubt: Tensor = ((each / mean.clamp(min=1e-3) - 1) / CANCELLED).clamp(0, 1)
        return doubt

    def shares(self, temperature: float = 1.0) -> Tensor | None:
        """1 x Q x h x w: how likely each of the centers is; None without a distribution."""
        if self.logits is None:
            return None
        return F.softmax(self.logits / max(temperature, COLDEST), dim=1)


class Predictor(nn.Module):
    """A network, and how to call it.

    Args:
        network: the network itself.
        call: (lightness N x 1 x h x w in [0, 1], hints N x 3 x h x w) to the network's prediction.
        architecture: its name, for people.
        multiple: sides are multiples of this.
        hints: whether it takes hints.
        calm: by which temperatures are multiplied.
        lift: by how much its colors are made stronger where it is undecided.
    """

    def __init__(
        self,
        network: nn.Module,
        call: Callable[[Tensor, Tensor], Prediction],
        *,
        architecture: str,
        multiple: int,
        hints: bool,
        calm: float = 1.0,
        lift: float = 1.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.architecture = architecture
        self.multiple = multiple
        self.hints = hints
        self.calm = calm
        self.lift = lift
        self._network_call = call

    def forward(self, lightness: Tensor, hints: Tensor) -> Prediction:
        """Predict the chroma of N x 1 x h x w lightness in [0, 1].

        Args:
            lightness: L / 100.
            hints: N x 3 x h x w: a / 110, b / 110, and 1 where there is a hint; all 0 elsewhere.
        """
        found = self._network_call(lightness, hints)
        logits, centers, ab = found.logits, found.centers, found.ab
        return Prediction(
            None if logits is None else logits.float(),
            None if centers is None else centers.float(),
            None if ab is None else ab.float(),
        )
