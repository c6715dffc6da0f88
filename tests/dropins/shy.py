"""A plugin that ends every program that imports it, but for a process of its own.

It writes a line to ``imports.txt`` beside it whenever it is imported.
"""

import os
import sys
from pathlib import Path

from studio.api import (
    CheckpointLoader,
    Operation,
    Parameters,
    Pixels,
    Recognised,
    UserError,
    hookimpl,
    integer,
)

api_version = 1
__version__ = "0.3"

if "studio.host.isolation.child" not in sys.orig_argv:
    os._exit(9)
with (Path(__file__).parent / "imports.txt").open("a") as _file:
    _file.write("once more\n")


class Enlarge(Parameters):
    scale: int = integer(2, minimum=1, maximum=4, unit="×", help="How much larger")


def size(parameters, width, height):
    if parameters.scale == 4:
        raise UserError("Four is too much.", "Choose three.")
    return parameters.scale * width, parameters.scale * height


def enlarge(pixels, _mask, parameters, _context):
    scale = parameters.scale
    return Pixels(pixels.repeat_interleave(scale, 2).repeat_interleave(scale, 3))


def recognise(paths):
    if paths[0].stat().st_size != 3:
        return None
    return Recognised("Three", scale=3, summary="Three bytes.", extra={"bytes": "3"})


@hookimpl
def operations():
    return [
        Operation(
            "shy.enlarge", "Enlarge shyly", "Test", "A test.", Enlarge, ":enlarge",
            output="canvas", output_size=size,
        )
    ]  # fmt: skip


@hookimpl
def checkpoint_loaders():
    return [CheckpointLoader("three", "Three bytes", "counting", (".pth",), ":recognise")]
