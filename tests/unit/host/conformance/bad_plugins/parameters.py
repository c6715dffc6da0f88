"""Changes a value each time that it is read."""

from pydantic import field_validator

from studio.api import Operation, Parameters, hookimpl, number

api_version = 1


class Amount(Parameters):
    amount: float = number(0.5, minimum=0, maximum=1)

    @field_validator("amount")
    @classmethod
    def halve(cls, value) -> float:
        return value / 2


def apply(pixels, _mask, _parameters, _context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Amount, ":apply")]
