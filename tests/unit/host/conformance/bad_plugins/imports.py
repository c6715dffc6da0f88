"""Reaches for the host where nobody sees it at import."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    from studio.host.memory import available_bytes

    return pixels if available_bytes() else pixels * 0


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
