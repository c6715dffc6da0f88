"""Draws from a generator that nobody seeded."""

from studio.api import Operation, Parameters, hookimpl

api_version = 1


def apply(pixels, _mask, _parameters, _context):
    import numpy as np
    import torch

    noise = np.random.default_rng().normal(0, 0.1, tuple(pixels.shape))
    return pixels + torch.from_numpy(noise)


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "A test.", Parameters, ":apply")]
