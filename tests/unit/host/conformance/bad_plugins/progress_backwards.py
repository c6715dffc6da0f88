"""Starts again from nothing for its second half."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, context):
    for fraction in (0.0, 0.5, 1.0, 0.0, 0.5, 1.0):
        context.progress(fraction)
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
