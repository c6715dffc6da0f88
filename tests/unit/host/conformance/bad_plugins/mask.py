"""Reaches into the host and widens the mask that its result is written with."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, mask, _parameters, context):
    if mask is not None:
        context._state.share[:] = 1
    return 1 - pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
