"""A plugin whose operations call those of another one, which may have a process of its own."""

from studio.api import Operation, Parameters, boolean, hookimpl, integer

api_version = 1


class Times(Parameters):
    count: int = integer(1, minimum=0, maximum=10)
    crash: bool = boolean(False)


def call(pixels, mask, parameters, context):
    """Noise before and after: the called operation takes its own from the same generator."""
    import torch

    if parameters.crash:
        return context.run("unsteady.quit", pixels, mask)
    before = torch.rand_like(pixels)
    made = context.run("unsteady.network", pixels, mask, count=parameters.count)
    return (made + 0.1 * before + 0.1 * torch.rand_like(pixels)).clamp(0, 1)


def halve(pixels, _mask, parameters, _context):
    return pixels / 2**parameters.count


@hookimpl
def operations():
    return [
        Operation("caller.call", "Call", "Test", "A test.", Times, ":call"),
        Operation("caller.halve", "Halve", "Test", "A test.", Times, ":halve"),
    ]
