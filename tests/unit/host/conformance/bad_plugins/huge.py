"""Gives up on what a camera makes."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    if max(pixels.shape[2:]) > 1300:
        raise RuntimeError("the picture is too large")
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
