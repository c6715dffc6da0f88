"""A plugin for tests of reference pictures, of stopping early, and of drawing that is followed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from studio.api import (
    Gallery,
    Operation,
    Parameters,
    Pixels,
    Preset,
    WeightedPicture,
    hookimpl,
    integer,
    picture,
    pictures,
)

api_version = 1


class Mix(Parameters):
    style: tuple[WeightedPicture, ...] = pictures(gallery="looks", help="Looks to take on")
    ground: str | None = picture(gallery="looks", title="Ground")
    plain: str | None = picture()


class Steps(Parameters):
    steps: int = integer(400, minimum=1, maximum=100_000)
    presses: int = integer(0, minimum=0, maximum=2, help="Press Ctrl+C so often at the third step")


class Ink(Parameters):
    reach: int = integer(4, minimum=0, maximum=50, unit="px")


@hookimpl
def operations():
    return [
        Operation(
            id="looks.mix",
            title="Mix",
            menu="Test",
            help="Fill with the mean color of pictures.",
            parameters=Mix,
            function=":mix",
            presets=(
                Preset("Warm", {"style": "gallery:red*0.5"}),
                Preset("Both", {"style": [("gallery:red", 1), ("gallery:deep-blue", 3)]}),
            ),
        ),
        Operation(
            id="looks.brighten",
            title="Brighten",
            menu="Test",
            help="Brighten step by step.",
            parameters=Steps,
            function=":brighten",
            preview=False,
            stoppable=True,
        ),
        Operation(
            id="looks.ink",
            title="Ink",
            menu="Test",
            help="Red ink that runs, on yellow paper.",
            parameters=Ink,
            function=":ink",
            output="layers",
            preview=False,
            live=True,
            follows_drawing=True,
        ),
    ]


@hookimpl
def galleries():
    return [Gallery("looks", "Looks", Path(__file__).parent / "pictures")]


def mix(pixels, mask, parameters, context):
    chosen = list(parameters.style)
    chosen += [WeightedPicture(s) for s in (parameters.ground, parameters.plain) if s]
    total = sum(each.weight for each in chosen)
    if not total:
        return pixels
    out = pixels * 0
    for source, weight in chosen:
        out += context.picture(source).mean((2, 3), keepdim=True) * (weight / total)
    return out


def brighten(pixels, mask, parameters, context):
    for step in range(parameters.steps):
        bright = pixels + (1 - pixels) * (step + 1) / parameters.steps
        context.progress((step + 1) / parameters.steps, f"Step {step + 1}", bright)
        for _ in range(parameters.presses if step == 2 else 0):
            signal.raise_signal(signal.SIGINT)
        if context.stopping:
            context.note(f"Stopped after {step + 1} steps.")
            return Pixels(bright, title="Brightened")
        time.sleep(0.01)
    return bright


def ink(pixels, mask, parameters, context):
    import torch

    alpha = torch.ones_like(pixels[:, :1]) if context.alpha is None else context.alpha
    dark = (1 - pixels.mean(1, keepdim=True)) * alpha
    side = 2 * round(parameters.reach * context.scale) + 1
    wet = torch.nn.functional.max_pool2d(dark, side, 1, side // 2)
    paper, red = (torch.tensor(c).view(1, 3, 1, 1) for c in ((1.0, 0.9, 0.5), (0.8, 0.0, 0.0)))
    return Pixels(paper + (red - paper) * wet, title="Ink")
