"""Never looks up from its work, which takes longer the more pixels there are."""

import time

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    time.sleep(8e-6 * pixels.shape[2] * pixels.shape[3])
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
