"""Halves and doubles, and loses the last column."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    from torch.nn import functional as F

    if max(pixels.shape[2:]) == 1:
        return pixels
    return F.interpolate(F.avg_pool2d(pixels, 2), scale_factor=2)


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
