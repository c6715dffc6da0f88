"""Writes into the pixels and the mask that it was lent."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, mask, _parameters, _context):
    if mask is not None:
        mask.clamp_(0.5, 1)
    return pixels.mul_(0.5)


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
