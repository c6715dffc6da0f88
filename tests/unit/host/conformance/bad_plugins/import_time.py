"""Takes its time at every start."""

import time

from studio.api import Operation, Parameters, hookimpl

api_version = 1
time.sleep(0.15)


def apply(pixels, _mask, _parameters, _context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
