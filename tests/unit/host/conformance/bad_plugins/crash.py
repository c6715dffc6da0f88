"""Takes the whole process down."""

import os
import sys

from studio.api import Operation, Parameters, boolean, hookimpl

api_version = 1


class Choices(Parameters):
    hard: bool = boolean(False)


def apply(pixels, _mask, parameters, _context):
    if parameters.hard:
        sys.stderr.write("falling")
        os._exit(9)
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Choices, ":apply")]
