"""Ends the program instead of raising."""

import sys

from studio.api import Operation, Parameters, boolean, hookimpl

api_version = 1


class Choices(Parameters):
    strict: bool = boolean(False)


def apply(pixels, _mask, parameters, _context):
    if parameters.strict:
        sys.exit("too strict")
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Choices, ":apply")]
