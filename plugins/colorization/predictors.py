"""One shape for all networks: lightness and hints in, a prediction of chroma out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COLDEST = 0.05  # temperature at which the likeliest color is all that is left
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
        views: shares of the size at which it looks as well; the distributions' mean counts. A whole
            scene is told apart better when it is small, its parts when they are large.
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
        views: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.architecture = architecture
        self.multiple = multiple
        self.hints = hints
        self.calm = calm
        self.views = tuple(views)
        self._network_call = call

    def forward(self, lightness: Tensor, hints: Tensor) -> Prediction:
        """Predict the chroma of N x 1 x h x w lightness in [0, 1].

        Args:
            lightness: L / 100.
            hints: N x 3 x h x w: a / 110, b / 110, and 1 where there is a hint; all 0 elsewhere.
        """
        found = self._network_call(lightness, hints)
        logits, centers, ab = found.logits, found.centers, found.ab
        if logits is not None and self.views:
            logits = self._with_views(logits.float(), lightness, hints)
        return Prediction(
            None if logits is None else logits.float(),
            None if centers is None else centers.float(),
            None if ab is None else ab.float(),
        )

    def _with_views(self, logits: Tensor, lightness: Tensor, hints: Tensor) -> Tensor:
        """Logits of the mean of the distribution and those of the other views, at its size."""
        shares = logits.softmax(1)
        for view in self.views:
            sides = (max(round(side * view / self.multiple), 1) for side in lightness.shape[2:])
            height, width = (side * self.multiple for side in sides)
            small = F.adaptive_avg_pool2d(lightness, (height, width))
            known = F.adaptive_avg_pool2d(hints, (height, width))
            cover = known[:, 2:]
            colors = known[:, :2] / cover.clamp(min=1e-6)  # colors are 0 where nothing is known
            seen = torch.cat([colors, (cover > 0).to(colors)], dim=1)
            other = self._network_call(small, seen).logits
            if other is None:
                return logits
            shares = shares + F.interpolate(
                other.float().softmax(1), size=shares.shape[2:], mode="bilinear"
            )
        return (shares / (1 + len(self.views))).clamp(min=1e-12).log()
