"""Goes on whatever is raised."""

import contextlib

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, context):
    for step in range(10):
        with contextlib.suppress(Exception):
            context.progress(step / 10)
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
