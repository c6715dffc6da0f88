"""How the text encoder learns what words mean: from a teacher's view of many sentences.

The student is drawn to the teacher's direction of each sentence (Hinton et al. 2015) and to the
angles between the sentences of a batch (relational distillation, Park et al. 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from studio.nn.ema import ExponentialMovingAverage
from studio.nn.loops import Stateful, Validation
from studio.nn.training import TrainingContext, TrainingError, mixed
from studio_plugins.sampling.networks import TextEncoder
from studio_plugins.sampling.words import encode

_CHECKED = 1000
_MEANINGS = 12  # of a name, the nearest ones
_SHOWN = 64  # of those, whose angles the sheet shows


@dataclass(frozen=True)
class Taught:
    """Sentences as a teacher sees them, as `teach` writes them.

    Attributes:
        sentences: N texts.
        embeddings: N x E, of length 1.
        meanings: sentences that mean the same as a name that is among them, the nearest first.
    """

    sentences: Sequence[str]
    embeddings: Tensor
    meanings: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, path: Path) -> Taught:
        """The content of a file.

        Raises:
            TrainingError: if it is no such file.
        """
        try:
            found = load_file(path)
            text, embeddings, meant = (found[k] for k in ("text", "embeddings", "meant"))
            sentences = text.numpy().tobytes().decode().split("\n")
            meanings: dict[str, list[str]] = {}
            for sentence, name in meant.tolist():
                meanings.setdefault(sentences[name], []).append(sentences[sentence])
        except (OSError, SafetensorError, KeyError, ValueError, IndexError) as error:
            raise TrainingError(
                f"{path.name} holds no sentences as a teacher sees them: {error}.",
                "Make one with python -m studio_plugins.sampling.teach.",
            ) from error
        if len(sentences) != len(embeddings) or len(sentences) < 4:
            raise TrainingError(
                f"{path.name} has {len(sentences)} sentences, not one for each row."
            )
        return cls(
            sentences,
            embeddings,
            {name: tuple(found[:_MEANINGS]) for name, found in meanings.items()},
        )

    def some(self, numbers: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Words and what the teacher makes of them."""
        words = encode([self.sentences[i] for i in numbers])
        return words.to(device), self.embeddings[list(numbers)].float().to(device)


class Pupil(nn.Module):
    """The text encoder, and a last layer in the teacher's space that pictures do not need."""

    def __init__(self, text: TextEncoder, size: int) -> None:
        super().__init__()
        self.text = text
        self.head = nn.Linear(text.width, size)

    def forward(self, words: Tensor) -> Tensor:
        """Words to N x E of length 1."""
        return F.normalize(self.head(self.text(words).pooled).float(), dim=1)


def distance(found: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """What a pupil gets wrong: of directions, 1 - cosine, and of the angles between them."""
    own = 1 - (found * wanted).sum(1).mean()
    angles = (found @ found.T - wanted @ wanted.T).square().mean()
    return own, angles


class TextLearner:
    """The text encoder on its own; see `studio.nn.loops.Learner`."""

    def __init__(
        self, pupil: Pupil, taught: Taught, batch: int, precision: str, context: TrainingContext
    ) -> None:
        self.pupil = pupil.to(context.device)
        self.average = ExponentialMovingAverage(self.pupil, 0.998)
        self._taught, self._batch, self._precision = taught, batch, precision
        self._device = context.device
        self._optimiser = torch.optim.AdamW(
            self.pupil.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        order = np.random.default_rng(0).permutation(len(taught.sentences))
        checked = min(_CHECKED, len(order) // 4)
        self._checked, self._learned = order[:checked], order[checked:]

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Pupil, average and optimiser."""
        return {"pupil": self.pupil, "average": self.average, "optimiser": self._optimiser}

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step on random sentences."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        numbers = self._learned[random.integers(len(self._learned), size=self._batch)]
        words, wanted = self._taught.some(numbers.tolist(), self._device)
        with mixed(self._device, self._precision):
            found = self.pupil(words)
        own, angles = distance(found, wanted)
        self._optimiser.zero_grad(set_to_none=True)
        loss = own + 10 * angles
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.pupil.parameters(), 1.0)
        self._optimiser.step()
        self.average.update(self.pupil)
        return {"meaning": float(own.detach()), "angles": float(angles.detach())}

    @torch.no_grad()
    def validate(self) -> Validation:
        """Cosine to the teacher on sentences that were never learned."""
        found, wanted = [], []
        for numbers in np.array_split(self._checked, max(len(self._checked) // 250, 1)):
            words, target = self._taught.some(numbers.tolist(), self._device)
            found.append(self.average.shadow(words))
            wanted.append(target)
        made, given = torch.cat(found), torch.cat(wanted)
        own, _ = distance(made, given)
        near = (made @ given.T).argmax(1).cpu() == torch.arange(len(made))
        metrics = {
            "held-out cosine to the teacher": 1 - float(own),
            "held-out sentences nearest to themselves": float(near.float().mean()),
        }
        some = min(_SHOWN, len(made))
        grids = [m[:some] @ m[:some].T for m in (made, given)]
        sheet = torch.cat([grid.clamp(0, 1).expand(3, -1, -1).cpu() for grid in grids], dim=2)
        return Validation(1 - float(own), metrics, sheet)

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged encoder."""
        return self.average.shadow.text.state_dict()
