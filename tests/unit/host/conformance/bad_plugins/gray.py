"""Divides by the colorfulness, which gray has none of."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    colorfulness = (pixels.amax(1) - pixels.amin(1)).mean()
    return pixels + 0 / colorfulness


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
