"""Pictures from latents: new ones, walks, interpolations, and pictures placed in the latent space."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, ModelCard, Pixels, UserError
from studio.nn.judging import diversity
from studio.nn.planes import RGBA, pack, unpack
from studio_plugins.sampling import latent_search
from studio_plugins.sampling.families_loading import (
    label_number,
    labels_of,
    load_latent_model,
    spread_of,
)
from studio_plugins.sampling.families_parameters import LATENT_TASK, LatentParameters
from studio_plugins.sampling.latent_models import LatentModel

_BATCH = 8  # pictures between two looks at whether to stop
_FEW = 0.5  # of the diversity of real pictures: below, many are alike


def explore(parameters: LatentParameters, context: Context) -> list[Pixels]:
    """New documents with what the network draws.

    Args:
        parameters: model, mode, and where in the latent space.
        context: of the run.

    Raises:
        UserError: if there is no such model or class, a picture is missing, or the network cannot do
            what is asked.
    """
    context.progress(0.0, "Preparing")
    run = _Run.of(parameters, context)
    if parameters.mode == "sample":
        return run.samples()
    if parameters.mode == "reconstruct":
        return run.reconstruction()
    return run.strips()


@dataclass(frozen=True)
class _Run:
    """What is settled before the first picture is drawn."""

    card: ModelCard
    model: LatentModel
    label: int | None
    parameters: LatentParameters
    context: Context

    @classmethod
    def of(cls, parameters: LatentParameters, context: Context) -> _Run:
        card = context.card(parameters.model, LATENT_TASK)
        paths = context.files(card.id)
        # The networks are small, and half precision would show in flat colors.
        model = context.network(
            f"{LATENT_TASK}/{card.files[-1].sha256}",
            lambda: load_latent_model(card, paths),
            half=False,
        )
        if not isinstance(model, LatentModel):
            raise TypeError(f"the cache holds a {type(model).__name__}")
        label = label_number(parameters.label, labels_of(card, model.classes), card.title)
        run = cls(card, model, label, parameters, context)
        run._refuse_what_it_cannot()
        return run

    def samples(self) -> list[Pixels]:
        """New pictures, each a variation."""
        count, parameters = self.parameters.count, self.parameters
        labels = self._labels(count)
        latents = self._moved(self._truncated(self._random(labels)))
        others = self._truncated(self._random(labels)) if parameters.mixing else None
        drawn = []
        for start in range(0, count, _BATCH):
            part = slice(start, start + _BATCH)
            if others is None:
                planes = self.model(latents[part], labels[part])
            else:
                planes = self.model.mixed(
                    latents[part], others[part], parameters.mixing, labels[part]
                )
            drawn.append(planes)
            self._show((start + _BATCH) / count, "Drawing", planes)
        planes = torch.cat(drawn)
        if count > 3:
            self._tell_diversity(planes)
        return [self._result(one) for one in torch.split(planes, 1)]

    def reconstruction(self) -> list[Pixels]:
        """The user's picture as the network draws it, moved if that is wanted."""
        label = self._labels(1)
        latent = self._placed(self.parameters.from_, label, (0.0, 0.95))
        return [self._result(self.model(self._moved(latent), label))]

    def strips(self) -> list[Pixels]:
        """Walks or interpolations."""
        results: list[Pixels] = []
        count = self.parameters.count
        for number in range(count):
            label = self._labels(1)
            start, end = number / count, (number + 1) / count
            if self.parameters.mode == "walk":
                path = self._walk(label, (start, end))
            else:
                path = self._interpolation(label, (start, end))
            pictures = list(self._drawn(self._moved(path), label, end))
            if self.parameters.strip:
                results.append(self._result(torch.cat(pictures, 3)))
            else:
                results += [self._result(picture) for picture in pictures]
        return results

    def _walk(self, label: Tensor, part: tuple[float, float]) -> Tensor:
        """Latents along a direction, or around a circle through the first one."""
        steps, parameters = self.parameters.steps, self.parameters
        begin = self._begin(parameters.from_, label, part)
        if parameters.axis:
            axes = self.model.axes()
            axis = axes[parameters.axis - 1]
            places = torch.linspace(-parameters.reach, parameters.reach, steps, device=axis.device)
            return begin + places[:, None] * axis
        # On a circle around the mean all latents are as far from it as random ones are.
        mean = self.model.mean()
        other = self._truncated(self._random(label))
        angle = torch.arange(steps, device=begin.device)[:, None] * (2 * math.pi / steps)
        return mean + (begin - mean) * angle.cos() + (other - mean) * angle.sin()

    def _interpolation(self, label: Tensor, part: tuple[float, float]) -> Tensor:
        middle = (part[0] + part[1]) / 2
        begin = self._begin(self.parameters.from_, label, (part[0], middle))
        end = self._begin(self.parameters.to, label, (middle, part[1]))
        weights = torch.linspace(0, 1, self.parameters.steps, device=begin.device)[:, None]
        return (
            spherical(begin, end, weights) if self.model.normal else torch.lerp(begin, end, weights)
        )

    def _begin(self, source: str | None, label: Tensor, part: tuple[float, float]) -> Tensor:
        """The latent of the user's picture or, without one, a random latent."""
        if source is None:
            return self._truncated(self._random(label))
        return self._placed(source, label, part)

    def _placed(self, source: str | None, label: Tensor, part: tuple[float, float]) -> Tensor:
        """The latent of a picture: encoded, or searched for."""
        if source is None:
            raise UserError("There is no picture to reconstruct.", "Name one with From.")
        planes = square(
            self.context.picture(source, alpha=True), self.model.size, self.model.channels
        )
        if self.model.encodes:
            return self.model.encode(planes, label)
        context = self.context.part(*part)

        def report(done: float, made: Tensor) -> None:
            context.progress(done, "Searching for the picture", seen(made))

        steps = self.parameters.search
        key = (self.card.files[-1].sha256, planes.cpu().numpy().tobytes(), int(label), steps)
        return _places.get(
            (*key, context.seed, str(planes.device)),
            lambda: latent_search.found(self.model, planes, label, steps, report),
        )

    def _random(self, labels: Tensor) -> Tensor:
        # From the generator of the CPU, so that a seed means the same on every device.
        normal = torch.randn(len(labels), self.model.length).to(labels.device)
        return self.model.sample(normal, labels)

    def _labels(self, count: int) -> Tensor:
        """The class that is wanted, or classes in turn from a random one on."""
        device = self.context.device
        if self.label is not None or not self.model.classes:
            return torch.full((count,), self.label or 0, device=device)
        first = int(torch.randint(self.model.classes, ()))
        return (torch.arange(count, device=device) + first) % self.model.classes

    def _truncated(self, latents: Tensor) -> Tensor:
        return torch.lerp(self.model.mean(), latents, self.parameters.truncation)

    def _moved(self, latents: Tensor) -> Tensor:
        """Along the directions of the sliders, and with one number changed."""
        sliders = self.parameters.sliders
        if any(sliders):
            axes = self.model.axes()[: len(sliders)]
            latents = latents + torch.tensor(sliders[: len(axes)], device=axes.device) @ axes
        if self.parameters.changed:
            latents = latents.clone()
            latents[:, self.parameters.changed - 1] += self.parameters.change
        return latents

    def _drawn(self, latents: Tensor, label: Tensor, done: float) -> Iterator[Tensor]:
        for number, latent in enumerate(torch.split(latents, 1), 1):
            planes = self.model(latent, label)
            self._show(done * number / len(latents), "Drawing", planes)
            yield planes

    def _show(self, done: float, message: str, planes: Tensor) -> None:
        self.context.progress(min(done, 1.0), message, seen(planes))

    def _result(self, planes: Tensor) -> Pixels:
        color, alpha = unpack(planes)
        return Pixels(color, alpha, self.card.title)

    def _tell_diversity(self, planes: Tensor) -> None:
        """How unlike each other they are: a network that has collapsed draws the same all the time."""
        found = diversity(planes)
        real = spread_of(self.card)
        if not real:
            self.context.note(
                f"Two of these pictures differ by {found:.1%} of the range on average."
            )
            return
        alike = " Many are alike." if found < _FEW * real else ""
        self.context.note(
            f"These pictures are {found / real:.0%} as varied as those it learned from.{alike}"
        )

    def _refuse_what_it_cannot(self) -> None:
        parameters, title = self.parameters, self.card.title
        if parameters.mixing and (parameters.mode != "sample" or not self.model.mixes):
            raise UserError(
                f"{title} cannot mix styles here.",
                "Mix in new pictures of a style-based network, or set the mixing to 0.",
            )
        if parameters.changed > self.model.length:
            raise UserError(
                f"{title} has {self.model.length} numbers, not {parameters.changed}.",
                f"Change one of 1 to {self.model.length}.",
            )
        wanted = max(
            [parameters.axis * (parameters.mode == "walk")]
            + [number for number, value in enumerate(parameters.sliders, 1) if value]
        )
        if wanted > len(self.model.axes()):
            raise UserError(
                f"{title} has no direction {wanted}.", "Choose an earlier one, or leave it at 0."
            )


class _Places:
    """Where pictures were found last: with sliders that move, the same ones are asked for again."""

    def __init__(self, kept: int) -> None:
        self._kept, self._found = kept, OrderedDict[Any, tuple[Tensor, Tensor]]()
        self._lock = threading.Lock()

    def get(self, key: Any, search: Callable[[], Tensor]) -> Tensor:
        """The latent of a picture, and the random numbers going on as after the search for it."""
        with self._lock:
            known = self._found.get(key)
        if known is None:
            known = (search(), torch.get_rng_state())
        else:
            torch.set_rng_state(known[1])
        with self._lock:
            self._found[key] = known
            self._found.move_to_end(key)
            while len(self._found) > self._kept:
                self._found.popitem(last=False)
        return known[0]


_places = _Places(kept=16)


def seen(planes: Tensor) -> Tensor:
    """The first of some pictures, to show how far the work is: RGB or straight RGBA."""
    color, alpha = unpack(planes[:1])
    return color if alpha is None else torch.cat([color, alpha], 1)


def spherical(begin: Tensor, end: Tensor, weights: Tensor) -> Tensor:
    """From one latent to another on a circle (Shoemake 1985, "slerp"), the lengths in proportion.

    Args:
        begin: 1 x D.
        end: 1 x D.
        weights: N x 1, 0 at the beginning and 1 at the end.

    Returns:
        N x D.
    """
    cosine = F.cosine_similarity(begin, end).clamp(-1, 1)
    angle = cosine.acos().clamp(min=1e-4)
    first, second = ((1 - weights) * angle).sin(), (weights * angle).sin()
    return (first * begin + second * end) / angle.sin()


def square(picture: Tensor, size: int, channels: int) -> Tensor:
    """A picture as a network sees it, the way its training pictures were prepared.

    Args:
        picture: 1 x 4 x H x W, straight RGBA in [0, 1].
        size: side in pixels.
        channels: of the planes. With four, the whole picture gets a transparent margin; otherwise
            its middle square is taken.

    Returns:
        1 x channels x size x size in [-1, 1].
    """
    planes = pack(picture[:, :3], picture[:, 3:], channels)
    height, width = planes.shape[2:]
    if channels == RGBA:
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        margins = (left, side - width - left, top, side - height - top)
        planes = F.pad(planes, margins, value=-1.0)
    else:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        planes = planes[..., top : top + side, left : left + side]
    small = F.interpolate(planes, (size, size), mode="bilinear", antialias=True)
    return small.clamp(-1, 1)
