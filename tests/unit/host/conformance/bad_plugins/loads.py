"""Does not say which plugin API it was written for."""

from studio.api import Operation, Parameters, hookimpl


def apply(pixels, _mask, _parameters, _context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
