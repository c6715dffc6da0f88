"""Opens a dialog while it runs."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    from PySide6.QtWidgets import QMessageBox

    QMessageBox.information(None, "Bad", "Running")
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
