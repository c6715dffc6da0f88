"""Takes every picture for one of 8 bits."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    levels = pixels * 255
    if (levels - levels.round()).abs().max() > 0.01:
        raise ValueError("not a level")
    return levels.round() / 255


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
