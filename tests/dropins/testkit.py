"""A plugin for tests of the command line: one operation for each way a run can go.

It is copied into the folder of dropped-in plugins and knows only `studio.api`, as anyone's.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Literal

from studio.api import (
    CheckpointLoader,
    ModelCard,
    ModelFile,
    Operation,
    Parameters,
    Pixels,
    Preset,
    Recognised,
    UserError,
    boolean,
    choice,
    hookimpl,
    integer,
    model,
    number,
    picture,
    text,
)

api_version = 1
__version__ = "2.5"


class Invert(Parameters):
    strength: float = number(1.0, minimum=0, maximum=1, help="0 leaves the picture as it is")
    offset: int = integer(0, minimum=-5, maximum=5, unit="levels")
    keep_red: bool = boolean(False, help="Leave the red channel alone")
    method: Literal["plain", "soft_light"] = choice("plain")
    prompt: str = text("", maximum_length=10)
    network: str | None = model("test-task")
    reference: str | None = picture()


class Enlarge(Parameters):
    scale: int = integer(2, minimum=1, maximum=8, unit="×")


class Size(Parameters):
    width: int = integer(6, minimum=1, maximum=100)
    height: int = integer(4, minimum=1, maximum=100)


class Slow(Parameters):
    marker: str = text("")


@hookimpl
def operations():
    return [
        Operation(
            id="testkit.invert",
            title="Invert",
            menu="Test",
            help="Turn light into dark.",
            parameters=Invert,
            function=":invert",
            presets=(Preset("Half", {"strength": 0.5, "keep_red": True}),),
            keywords=("negative",),
        ),
        Operation(
            id="testkit.enlarge",
            title="Repeat pixels",
            menu="Test",
            help="Enlarge by repeating pixels.",
            parameters=Enlarge,
            function=":enlarge",
            output="canvas",
            selection="ignored",
            output_size=lambda p, width, height: (width * p.scale, height * p.scale),
        ),
        Operation(
            id="testkit.whiten",
            title="Whiten",
            menu="Test",
            help="Fill the mask with white.",
            parameters=Parameters,
            function=":whiten",
            input="visible",
            selection="required",
        ),
        Operation(
            id="testkit.noise",
            title="Noise",
            menu="Test",
            help="Make a picture of noise.",
            parameters=Size,
            function=":noise",
            input="none",
            output="document",
            provenance="generated",
        ),
        Operation(
            id="testkit.shades",
            title="Shades",
            menu="Test",
            help="Three variations.",
            parameters=Parameters,
            function=":shades",
        ),
        Operation(
            id="testkit.fail",
            title="Fail",
            menu="Test",
            help="Raise an exception.",
            parameters=Parameters,
            function=":fail",
        ),
        Operation(
            id="testkit.slow",
            title="Slow",
            menu="Test",
            help="Never finish.",
            parameters=Slow,
            function=":slow",
        ),
        Operation(
            id="testkit.picky",
            title="Picky",
            menu="Test",
            help="Fail for dark pictures.",
            parameters=Parameters,
            function=":picky",
        ),
    ]


@hookimpl
def model_cards():
    """One model, whose file the environment names."""
    weights = os.environ.get("TESTKIT_WEIGHTS")
    if not weights:
        return []
    data = b"weights of the test model"
    digest = hashlib.sha256(data).hexdigest()
    file = ModelFile(name="tiny.safetensors", sha256=digest, bytes=len(data))
    card = ModelCard(
        id="tiny",
        title="Tiny",
        task="test-task",
        architecture="None",
        format="safetensors",
        source=Path(weights).as_uri(),
        files=(file,),
        licence="CC0-1.0",
        origin="these tests",
    )
    return [card, card.model_copy(update={"id": "stranger", "task": "other-task"})]


@hookimpl
def checkpoint_loaders():
    return [
        CheckpointLoader(
            id="testkit",
            title="Test checkpoints",
            task="test-task",
            suffixes=(".onnx",),
            function=":recognise",
        )
    ]


def recognise(paths):
    if b"testkit" not in paths[0].read_bytes():
        return None
    return Recognised("TestNet", summary="A network for tests")


def invert(pixels, mask, parameters, context):
    context.progress(0.5, "Inverting [red]")
    inverted = pixels + (1 - 2 * pixels) * parameters.strength
    if parameters.keep_red:
        inverted[:, :1] = pixels[:, :1]
    if parameters.method != "plain":
        context.note(f"Ran with {parameters.method}.")
    return inverted


def enlarge(pixels, mask, parameters, context):
    bigger = pixels.repeat_interleave(parameters.scale, 2).repeat_interleave(parameters.scale, 3)
    if context.alpha is None:
        return bigger
    alpha = context.alpha.repeat_interleave(parameters.scale, 2)
    return Pixels(bigger, alpha.repeat_interleave(parameters.scale, 3))


def whiten(pixels, mask, parameters, context):
    return pixels * 0 + 1


def noise(parameters, context):
    import torch

    return torch.rand(1, 3, parameters.height, parameters.width)


def shades(pixels, mask, parameters, context):
    context.note("Three shades.")
    return [pixels * 0 + level for level in (0.25, 0.5, 1.0)]


def fail(pixels, mask, parameters, context):
    raise ValueError("the plugin broke")


def slow(pixels, mask, parameters, context):
    Path(parameters.marker).touch()
    for step in range(6000):
        context.progress(step / 6000, "Waiting")
        time.sleep(0.01)
    return pixels


def picky(pixels, mask, parameters, context):
    if pixels.mean() < 0.5:
        raise UserError("The picture is too dark.", "Use a lighter one.")
    return pixels
