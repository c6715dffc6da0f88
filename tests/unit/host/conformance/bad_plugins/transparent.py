"""Returns four channels where there is transparency."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, context):
    import torch

    return pixels if context.alpha is None else torch.cat([pixels, context.alpha], 1)


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
