"""The recipe of the network that completes pictures: first tokens, then a transformer over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.autoregressive import TokenTransformer
from studio.nn.ema import ExponentialMovingAverage
from studio.nn.judging import compared, described
from studio.nn.loops import Stateful, Validation, fit, planned
from studio.nn.losses import charbonnier, feature_distance
from studio.nn.planes import over
from studio.nn.tokenizers import Tokenizer
from studio.nn.training import (
    Trained,
    TrainingContext,
    TrainingError,
    cosine_rate,
    mixed,
)
from studio_plugins.sampling.complete_network import ARCHITECTURE, Completer
from studio_plugins.sampling.families_common import (
    Phase,
    descend,
    extra_of,
    feature_network,
    held_out,
    placed,
    set_rate,
    shown,
    some,
)
from studio_plugins.sampling.families_data import Albums, read_albums

if TYPE_CHECKING:
    from studio_plugins.sampling.families_training import AutoregressiveParameters

_SHOWN = 12
_BATCH = 64
_DRAWN = 128  # pictures that a validation draws from nothing
_COMMITMENT = 0.25  # weight of the paper
_ANY = 0.1  # of the pictures are shown without their class
_UNFINISHED = 1000.0  # taken off the score while there is no transformer


def train(
    data: Sequence[Path], parameters: AutoregressiveParameters, context: TrainingContext
) -> Trained:
    """Train tokens, and a transformer over them, on a folder of pictures.

    Args:
        data: the folder; with folders in it, these are classes.
        parameters: sizes, losses and schedule.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures, the training diverges, or it was ended before
            the transformer had begun to learn.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    albums = read_albums(data[0], parameters.side, parameters.validation)
    learner = AutoregressiveLearner(albums, parameters, context)
    fitted = fit(learner, planned(parameters, context), context)
    if "bits of a token" not in fitted.metrics:
        raise TrainingError(
            "The training was ended while tokens were still being learned.",
            "Let it go on past the share of the training that is meant for them.",
        )
    return Trained(
        fitted.path,
        ARCHITECTURE,
        fitted.step,
        metrics=fitted.metrics,
        extra=extra_of(albums, classes=parameters.classes),
        summary=f"Completes pictures, at {parameters.side} pixels, learned from "
        f"{len(albums.training)} pictures.",
    )


class AutoregressiveLearner:
    """Tokens in the first part of the schedule, then the transformer; see `studio.nn.loops.Learner`."""

    def __init__(
        self, albums: Albums, parameters: AutoregressiveParameters, context: TrainingContext
    ) -> None:
        self._albums, self._parameters, self._device = albums, parameters, context.device
        classes = len(albums.classes) if parameters.classes else 0
        tokenizer = Tokenizer(
            parameters.side,
            int(parameters.patch),
            albums.channels,
            parameters.width,
            parameters.codes,
        )
        transformer = TokenTransformer(
            parameters.codes,
            tokenizer.side,
            parameters.channels,
            parameters.depth,
            classes,
            parameters.dropout,
        )
        self.network = placed(Completer(tokenizer, transformer), context.device)
        self._average = ExponentialMovingAverage(self.network, 0.998)
        self._draws = torch.optim.Adam(
            tokenizer.parameters(), lr=parameters.rate, betas=(0.9, 0.99), fused=True
        )
        self._writes = torch.optim.AdamW(
            transformer.parameters(), lr=parameters.rate, betas=(0.9, 0.98), weight_decay=0.02,
            fused=True,
        )  # fmt: skip
        self._phase = Phase(cosine_rate(parameters.tokens_first, parameters.rate))
        self._features = feature_network(parameters.features, context)
        self._held, self._labels = held_out(albums.held)
        self._seen = described(self._held.to(context.device), self._features)

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """Networks, averages, optimisers, and which part is on."""
        return {
            "network": self.network,
            "average": self._average,
            "draws": self._draws,
            "writes": self._writes,
            "phase": self._phase,
        }

    def step(self, rate: float, random: np.random.Generator) -> Mapping[str, float]:
        """One step of the tokenizer or, later, of the transformer."""
        before = self._phase.second
        self._phase.see(rate)
        if self._phase.second and not before:
            # What was averaged is kept: from here on the transformer learns these tokens.
            self.network.tokenizer.load_state_dict(self._average.shadow.tokenizer.state_dict())
        planes, labels = self._albums.training.drawn(
            self._parameters.batch, random, mirror=self._parameters.mirror
        )
        planes = planes.to(self._device).contiguous(memory_format=torch.channels_last)
        if not self._phase.second:
            losses = self._draw(planes, rate, float(random.random()))
        else:
            losses = self._write(planes, labels.to(self._device), rate)
        self._average.update(self.network)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _draw(self, planes: Tensor, rate: float, gray: float) -> dict[str, Tensor]:
        set_rate(self._draws, rate)
        tokenizer = self.network.tokenizer.train()
        with mixed(self._device, self._parameters.precision):
            made, commitment = tokenizer(planes)
            made = made.float()
            losses = {"distance": charbonnier(made / 2, planes / 2), "commitment": commitment}
            loss = losses["distance"] + _COMMITMENT * commitment
            if self._features is not None:
                distance = feature_distance(self._features, over(made, gray), over(planes, gray))
                losses["features"] = distance.mean()
                loss = loss + self._parameters.perceptual * losses["features"]
        descend(loss, self._draws)
        return losses

    def _write(self, planes: Tensor, labels: Tensor, rate: float) -> dict[str, Tensor]:
        set_rate(self._writes, rate)
        transformer = self.network.transformer.train()
        with torch.no_grad():
            tokens = self.network.tokenizer.eval().encode(planes).flatten(1)
        hidden = torch.rand(len(labels), device=labels.device) < _ANY
        labels = torch.where(hidden, torch.full_like(labels, transformer.classes), labels)
        with mixed(self._device, self._parameters.precision):
            logits = transformer(tokens, labels.clamp(max=transformer.classes))
        loss = F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())
        descend(loss, self._writes)
        return {"nats of a token": loss}

    @torch.no_grad()
    def validate(self) -> Validation:
        """What tokens keep of held-out pictures and, later, how well the next token is foreseen."""
        network = self._average.shadow.eval()
        grids, errors, rows = [], 0.0, []
        for planes in torch.split(self._held, _BATCH):
            tokens = network.tokenizer.encode(planes.to(self._device))
            made = network.tokenizer.decode(tokens).cpu()
            errors += float((made.clamp(-1, 1) - planes).abs().mean((1, 2, 3)).sum()) / 2
            grids.append(tokens)
            rows.append(made)
        tokens = torch.cat(grids)
        metrics = {
            "held-out L1 of the tokens, of 255": 255 * errors / len(self._held),
            "tokens in use": float(torch.unique(tokens).numel()),
        }
        sheet = [some(self._held, _SHOWN), some(torch.cat(rows), _SHOWN)]
        score = -_UNFINISHED - errors / len(self._held)
        if self._phase.second:
            metrics["bits of a token"] = self._bits(network.transformer, tokens.flatten(1))
            score = -metrics["bits of a token"]
            sheet += self._completed(network)
            metrics.update(self._compared(network))
        return Validation(score, metrics, shown([each for each in sheet if len(each)]))

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged networks."""
        return self._average.shadow.state_dict()

    def _bits(self, transformer: TokenTransformer, tokens: Tensor) -> float:
        labels = self._classes(self._labels, transformer)
        total = 0.0
        for part, label in zip(
            torch.split(tokens, _BATCH), torch.split(labels, _BATCH), strict=True
        ):
            logits = transformer(part, label).float().flatten(0, 1)
            total += float(F.cross_entropy(logits, part.flatten(), reduction="sum"))
        return total / tokens.numel() / float(np.log(2))

    def _completed(self, network: Completer) -> list[Tensor]:
        """The lower halves of some held-out pictures anew, twice, and pictures from nothing."""
        planes = some(self._held, _SHOWN).to(self._device)
        labels = self._classes(some(self._labels, _SHOWN), network.transformer)
        half = network.tokenizer.side // 2
        with _seeded(0):
            return [
                network.complete(planes, rows, labels, 0.9, 0.95).cpu() for rows in (half, half, 0)
            ]

    def _compared(self, network: Completer) -> Mapping[str, float]:
        labels = self._classes(some(self._labels, _DRAWN), network.transformer)
        planes = some(self._held, _DRAWN).to(self._device)
        with _seeded(1):
            made = network.complete(planes, 0, labels, 1.0, 1.0)
        seen = described(made, self._features)
        return compared(seen, some(self._seen, _DRAWN), some(self._labels, _DRAWN).to(seen.device))

    def _classes(self, labels: Tensor, transformer: TokenTransformer) -> Tensor:
        return labels.clamp(max=transformer.classes).to(self._device)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draws within are always the same, and those after it as if there had been none."""
    kept = torch.get_rng_state()
    torch.manual_seed(seed)
    yield
    torch.set_rng_state(kept)
