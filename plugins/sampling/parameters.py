"""What can be set when pictures are made from words or by class."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, Sketch, integer, model, number, option, text
from studio.api import choice as choose
from studio_plugins.sampling.names import classes_of, styles_of
from studio_plugins.sampling.training import CLASS_TASK, TEXT_TASK

SamplerName = Literal["dpm", "ddim"]
_SAMPLERS = {"dpm": "DPM-Solver++: good in few steps", "ddim": "DDIM"}
_LONGEST = 400  # letters of a prompt
_STYLE = Sketch("sampling.text", {"prompt": "a smiling cat", "steps": 8})
_CLASS = Sketch("sampling.class", {"steps": 8})


def _prompt(shows: str) -> str:
    value: str = text("", maximum_length=_LONGEST, help=shows)
    return value


def _negative() -> str:
    return _prompt("What it is to be unlike")


def _count() -> int:
    value: int = integer(1, minimum=1, maximum=64, help="Pictures to choose from")
    return value


def _guidance() -> float:
    value: float = number(
        4.0, minimum=0, maximum=20, step=0.5,
        help="1: what the model thinks of it; more: what tells it from all else",
    )  # fmt: skip
    return value


def _steps() -> int:
    value: int = integer(20, minimum=1, maximum=250, help="More take longer and change little")
    return value


def _sampler() -> SamplerName:
    value: SamplerName = choose("dpm", _SAMPLERS, help="How noise becomes a picture", advanced=True)
    return value


def _style(sketch: Sketch) -> str:
    value: str = option(styles_of, sketch=sketch, help="The style; left open: any")
    return value


def _rescale() -> float:
    value: float = number(
        0.0, minimum=0, maximum=1, step=0.1, title="Rescale",
        help="Tames the colors of strong guidance", advanced=True,
    )  # fmt: skip
    return value


class TextParameters(Parameters):
    """A picture from words."""

    prompt: str = _prompt("What the picture shows, in English")
    negative: str = _negative()
    style: str = _style(_STYLE)
    count: int = _count()
    guidance: float = _guidance()
    steps: int = _steps()
    sampler: SamplerName = _sampler()
    rescale: float = _rescale()
    model: str | None = model(TEXT_TASK)


class RedrawParameters(Parameters):
    """A part of the picture, drawn anew from words."""

    prompt: str = _prompt("What it is to become, in English")
    negative: str = _negative()
    strength: float = number(
        0.6, minimum=0.05, maximum=1, step=0.05, help="1: nothing of the picture is left"
    )
    style: str = _style(_STYLE)
    count: int = _count()
    guidance: float = _guidance()
    steps: int = _steps()
    sampler: SamplerName = _sampler()
    rescale: float = _rescale()
    model: str | None = model(TEXT_TASK)


class BetweenParameters(Parameters):
    """A strip of pictures from one prompt, or one seed, to another."""

    prompt: str = _prompt("What the first picture shows")
    to: str = text(
        "", maximum_length=_LONGEST, title="To", help="What the last one shows; empty: the same"
    )
    to_seed: int = integer(
        -1, minimum=-1, maximum=2**31 - 1, title="To seed",
        help="Of the last one's noise; -1: the same noise for all",
    )  # fmt: skip
    count: int = integer(7, minimum=2, maximum=64, help="Pictures in the strip")
    style: str = _style(_STYLE)
    guidance: float = _guidance()
    steps: int = _steps()
    sampler: SamplerName = _sampler()
    rescale: float = _rescale()
    model: str | None = model(TEXT_TASK)


class ClassParameters(Parameters):
    """A picture of a class."""

    label: str = option(
        classes_of, sketch=_CLASS, title="Class", help="What it shows; left open: any"
    )
    style: str = _style(_CLASS)
    count: int = _count()
    guidance: float = number(
        2.0, minimum=0, maximum=20, step=0.5, help="More: more typical of the class, less varied"
    )
    steps: int = _steps()
    sampler: SamplerName = _sampler()
    rescale: float = _rescale()
    model: str | None = model(CLASS_TASK)
