"""Brings its own window along."""

from PySide6 import QtCore

from studio.api import Operation, Parameters, hookimpl

api_version = 1
VERSION = QtCore.qVersion()


def apply(pixels, _mask, _parameters, _context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
