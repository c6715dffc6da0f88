"""Divides by what the user may set to zero."""

from studio.api import Operation, Parameters, hookimpl, integer

api_version = 1


class Parts(Parameters):
    parts: int = integer(4, minimum=0, maximum=8)


def apply(pixels, _mask, parameters, _context):
    return pixels + 0.1 * (1 / parameters.parts)


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parts, ":apply")]
