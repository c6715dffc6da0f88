"""Has no parameters and still refuses an everyday picture."""

from studio.api import Operation, Parameters, UserError, hookimpl

api_version = 1


def apply(_pixels, _mask, _parameters, _context):
    raise UserError("I do not like this picture.", "Take another one.")


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
