"""Coloring a picture of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.api import Context, Pixels
from studio.nn.lab import srgb_to_lightness
from studio.nn.transparency import filled
from studio_plugins.colorization.hinting import followed
from studio_plugins.colorization.joining import Dabs, joined
from studio_plugins.colorization.loading import load_predictor
from studio_plugins.colorization.parameters import TASK, ColorizeParameters
from studio_plugins.colorization.predictors import Prediction, Predictor
from studio_plugins.colorization.preparing import (
    Hints,
    Tones,
    no_hints,
    resized,
    seen,
    working_size,
)
from studio_plugins.colorization.upsampling import GUIDE, Chroma, at_edges
from studio_plugins.colorization.variations import alternatives

_WARM = (4.0, 16.0)  # a and b that full warmth adds to middle tones
_GRAIN, _SPECKS = 24.0, 40.0  # of denoising at its strongest, in levels of 255
_PREPARING, _PREDICTING = 0.3, 0.6  # how far the bar is behind them


def colorize(
    pixels: Tensor, _mask: Tensor | None, parameters: ColorizeParameters, context: Context
) -> list[Pixels]:
    """Color a picture; its lightness stays as it is unless denoise or contrast is asked for.

    Args:
        pixels: 1 x 3 x H x W in [0, 1]; of colors that are there already only lightness counts.
        _mask: not used: the network judges by the whole picture, and the host writes the part.
        parameters: see their own help.
        context: of the run; its hints are followed.

    Returns:
        As many as asked for, or fewer where the network cannot think of others.
    """
    if parameters.strength == parameters.denoise == parameters.contrast == 0:
        return [Pixels(pixels)]
    image = pixels if context.alpha is None else filled(pixels, context.alpha)
    image = _denoised(image, parameters, context)
    scene = _Scene.of(image, context.hints, parameters, context)
    tone = _tone(scene.lightness, parameters.contrast)
    count = 1 if context.previewing else parameters.variations
    made = list(_chromas(scene, parameters, count, context))
    if len(made) < count:
        context.note("The model sees fewer plausible colorings of this picture than asked for.")
    results = []
    for number, chroma in enumerate(made):
        share = (1 - _PREDICTING) / len(made)
        start = _PREDICTING + number * share
        part = context.part(start, start + share)
        color = joined(image, chroma, parameters.strength, tone, scene.dabs, part)
        results.append(Pixels(color))
    return results


@dataclass(frozen=True)
class _Scene:
    """A picture, reduced to the sizes at which it is worked on.

    Attributes:
        lightness: 1 x 1 x h x w in [0, 100]: the guide.
        small: the same at the network's size.
        hints: at the network's size.
        near: hints at the guide's size.
        dabs: hints at the picture's size; None without any.
        predictor: the network.
    """

    lightness: Tensor
    small: Tensor
    hints: Hints
    near: Hints
    dabs: Dabs | None
    predictor: Predictor

    @classmethod
    def of(
        cls, image: Tensor, rgba: Tensor | None, parameters: ColorizeParameters, context: Context
    ) -> _Scene:
        """Reduce a picture and its hints (1 x 4 x H x W)."""
        context.progress(_PREPARING / 2, "Looking")
        predictor = _predictor(parameters, context)
        height, width = image.shape[2:]
        shrink = min(GUIDE / max(height, width), 1.0)
        guide = (max(round(height * shrink), 1), max(round(width * shrink), 1))
        size = working_size(height, width, parameters.size, predictor.multiple)
        lightness = srgb_to_lightness(resized(image, *guide))
        small = srgb_to_lightness(resized(image, *size))
        if rgba is None or not bool((rgba[:, 3:] > 0).any()):
            return cls(lightness, small, no_hints(small), no_hints(lightness), None, predictor)
        near = Hints.of(rgba, *guide)
        dabs = Dabs.of(rgba, lightness, near)
        return cls(lightness, small, Hints.of(rgba, *size), near, dabs, predictor)


def _chromas(
    scene: _Scene, parameters: ColorizeParameters, count: int, context: Context
) -> Iterator[Chroma]:
    """The colorings, one after the other."""
    given = seen(scene.small, parameters.print)
    temperature = (1 - parameters.vividness) * scene.predictor.calm
    runs = 0

    def predict(hints: Hints) -> Prediction:
        nonlocal runs
        share = runs / count
        context.progress(_PREPARING + (_PREDICTING - _PREPARING) * share, "Coloring")
        runs += 1
        prediction: Prediction = scene.predictor(given, hints.for_network)
        return prediction

    found = alternatives(
        predict,
        scene.hints,
        count,
        temperature,
        takes_hints=scene.predictor.hints,
    )
    for prediction in found:
        yield _finished(prediction.colors(temperature), scene, parameters)


def _finished(ab: Tensor, scene: _Scene, parameters: ColorizeParameters) -> Chroma:
    """Chroma at the guide's size, as set, with the hints in it."""
    light = scene.lightness
    if parameters.edges and all(
        own <= guide for own, guide in zip(ab.shape[2:], light.shape[2:], strict=True)
    ):
        ab = at_edges(ab, light)
    else:
        ab = resized(ab, *light.shape[2:])
    ab = ab * parameters.saturation
    if parameters.warmth:
        middle = 4 * (light / 100) * (1 - light / 100)  # black and white stay
        ab = ab + parameters.warmth * middle * ab.new_tensor(_WARM).reshape(1, 2, 1, 1)
    ab = followed(ab, light, scene.near, heard=scene.predictor.hints)
    return Chroma.of(ab, light, edges=parameters.edges)


def _denoised(image: Tensor, parameters: ColorizeParameters, context: Context) -> Tensor:
    if parameters.denoise == 0:
        return image
    made = context.part(0, _PREPARING / 2).run(
        "adjustments.denoise",
        image,
        None,
        luminance=_GRAIN * parameters.denoise,
        color=_SPECKS * parameters.denoise,
    )
    return made if isinstance(made, Tensor) else made.color


class _Contrast:
    """Lightness stretched to the whole range, as far as asked for."""

    def __init__(self, tones: Tones, share: float) -> None:
        self._tones, self._share = tones, share

    def __call__(self, lightness: Tensor) -> Tensor:
        return torch.lerp(lightness, self._tones.stretched(lightness), self._share)


def _tone(lightness: Tensor, contrast: float) -> _Contrast | None:
    return _Contrast(Tones.of(lightness), contrast) if contrast > 0 else None


def _predictor(parameters: ColorizeParameters, context: Context) -> Predictor:
    card = context.card(parameters.model, TASK)
    paths = context.files(card.id)
    key = f"{TASK}/{card.id}/{card.files[0].sha256}"
    network = context.network(key, lambda: load_predictor(card, paths), half=False)
    if not isinstance(network, Predictor):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network
