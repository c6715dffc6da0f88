"""How good a set of generated pictures is: likeness, diversity and coverage of the real ones."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.features import FeatureNetwork
from studio.nn.metrics import frechet_distance
from studio.nn.planes import over

_SEEN = 64  # side at which a feature network sees them
_COARSE = 12
_NEAREST = 5
_BATCH = 64
_GRAY = 0.5  # neither white nor black things vanish on it


@torch.no_grad()
def described(planes: Tensor, features: FeatureNetwork | None) -> Tensor:
    """A vector for each picture, by which sets of them are compared.

    Args:
        planes: N x C x H x W in [-1, 1], see `studio.nn.planes`; transparent ones lie on gray.
        features: means over the picture of the deepest layers of this network up to the fourth
            stage; None takes the pixels themselves, reduced to 12 x 12.

    Returns:
        N x K, float32.
    """
    found = []
    for batch in torch.split(planes.float(), _BATCH):
        shown = over(batch, _GRAY).clamp(0, 1)
        if features is None:
            small = F.interpolate(shown, (_COARSE, _COARSE), mode="bilinear", antialias=True)
            found.append(small.flatten(1))
            continue
        if shown.shape[2] < _SEEN:
            shown = F.interpolate(shown, (_SEEN, _SEEN), mode="bilinear")
        layers = _deepest(features)
        seen = features(shown, layers)
        means = [seen[layer].float().mean((2, 3)) for layer in layers]
        found.append(
            torch.cat([each / (each.norm(dim=1, keepdim=True) + 1e-6) for each in means], 1)
        )
    return torch.cat(found)


def compared(made: Tensor, real: Tensor, labels: Tensor | None = None) -> Mapping[str, float]:
    """What vectors of made pictures say of the set, against real ones that were not learned from.

    Diversity is the mean distance of two made pictures in parts of that of two real ones: 1 is as
    varied, 0 always the same. With classes it is that within them: a generator that draws one picture
    of each class has none. Coverage (Naeem et al. 2020, https://arxiv.org/abs/2002.09797) is the share
    of real pictures that have a made one nearer than their own fifth neighbour: a generator that makes
    a few kinds of picture well has a low one.

    Args:
        made: N x K, from `described`.
        real: M x K; the same number makes coverage comparable.
        labels: classes of both, N whole numbers, if there are any; N and M must then be equal.
    """
    within = torch.cdist(real, real)
    radius = within.kthvalue(min(_NEAREST + 1, len(real)), 1).values
    covered = (torch.cdist(real, made).min(1).values <= radius).float().mean()
    spread = _mean_distance(made, labels) / max(_mean_distance(real, labels), 1e-9)
    return {
        "Fréchet distance": frechet_distance(made, real),
        "diversity, of the real": spread,
        "coverage": float(covered),
    }


def _mean_distance(vectors: Tensor, labels: Tensor | None) -> float:
    """Of two different rows, of one class if there are classes."""
    apart = torch.cdist(vectors, vectors)
    same = ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    if labels is not None:
        same &= labels[:, None] == labels
    return float(apart[same].mean()) if bool(same.any()) else 0.0


def _deepest(features: FeatureNetwork) -> list[str]:
    """The last layers of the third and the fourth stage, or of the last one that there is."""
    last = {layer.split("_")[0]: layer for layer in features.layers}
    wanted = [last[stage] for stage in ("3", "4") if stage in last]
    return wanted or [features.layers[-1]]


def diversity(planes: Tensor) -> float:
    """Mean absolute difference of two pictures of a set, reduced to 12 x 12, in parts of the range.

    Args:
        planes: N x C x H x W in [-1, 1], two or more; transparent ones lie on gray.
    """
    vectors = described(planes.clamp(-1, 1), None)
    return float(torch.pdist(vectors, p=1).mean()) / vectors.shape[1]
