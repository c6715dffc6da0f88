"""Looks for a newer version of itself, and hides that it fails."""

import contextlib
import urllib.request

from studio.api import Operation, Parameters, hookimpl

api_version = 1
with contextlib.suppress(OSError):
    urllib.request.urlopen("http://updates.example.org/bad-plugin")


def apply(pixels, _mask, _parameters, _context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
