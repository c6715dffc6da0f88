"""A plugin with an operation for each way to take a program down, and some that behave."""

import ctypes
import os
import sys
import time
from pathlib import Path

from studio.api import Operation, Parameters, Pixels, boolean, hookimpl, integer, picture, text

api_version = 1


class Wish(Parameters):
    count: int = integer(1, minimum=0, maximum=10_000)
    word: str = text("")
    whole: bool = boolean(False)
    look: str | None = picture()


def quit_at_once(pixels, _mask, _parameters, _context):
    sys.stdout.write("about to leave\n")
    sys.stdout.flush()
    os._exit(3)


def leave_politely(pixels, _mask, _parameters, _context):
    raise SystemExit(4)


def wrong_address(pixels, _mask, _parameters, _context):
    return ctypes.string_at(0)


def turn(pixels, _mask, parameters, context):
    """Never asks whether it is to stop; ``whole``: and lets no other thread run."""
    context.progress(0.1, "turning")
    if parameters.whole:
        ctypes.PyDLL(None).pause()
    while True:
        time.sleep(0.01)


def devour(pixels, _mask, _parameters, _context):
    kept = []
    while True:
        kept.append(bytearray(32 << 20))


def devour_behind(pixels, _mask, _parameters, context):
    """Not by asking for memory of its own: what is shared is in no limit but the watched one."""
    import mmap

    kept = []
    while True:
        kept.append(mmap.mmap(-1, 32 << 20))
        kept[-1].write(b"x" * (32 << 20))
        time.sleep(0.05)


def network(pixels, _mask, parameters, context):
    """A tiny seeded network in tiles, noise, hints, a reference picture: all that may differ."""
    import torch
    from torch import nn

    def load():
        torch.manual_seed(7)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1)
        )

    net = context.network("unsteady-tiny", load)
    out = context.tiled(lambda x: net(x) * 0.2 + x, pixels, tile=96, overlap=16)
    out = out + 0.05 * torch.randn_like(out)
    if parameters.look:
        out = 0.5 * out + 0.5 * context.picture(parameters.look).mean()
    if context.hints is not None:
        out = out + context.hints[:, 3:] * 0.2
    if context.alpha is not None:
        out = out * (0.5 + 0.5 * context.alpha)
    context.note(f"{parameters.count} of {tuple(pixels.shape)}")
    context.progress(0.9, "almost", preview=out.clamp(0, 1))
    return out.clamp(0, 1)


def inspect(pixels, _mask, _parameters, context):
    """Says in which process it runs and how much shared memory that still holds open."""
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    context.note(f"pid {os.getpid()}")
    context.note(f"blocks {sum('impasto-pixels' in link for link in links)}")
    return pixels


def steps(pixels, _mask, parameters, context):
    """Asks at every step whether to stop."""
    for step in range(parameters.count):
        context.progress(step / parameters.count, parameters.word)
        if context.stopping:
            context.note(f"stopped early: {step < parameters.count - 1}")
            break
        time.sleep(0.01)
    return pixels


def twice(pixels, _mask, _parameters, _context):
    color = pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)
    return [Pixels(color, None, "large"), Pixels(1 - color, None, "negative")]


def through(pixels, mask, parameters, context):
    """By way of a plugin that runs where it is called."""
    return context.run("caller.halve", pixels, mask, count=parameters.count)


def wrong(pixels, _mask, _parameters, _context):
    raise ValueError("three is no color")


@hookimpl
def operations():
    names = {
        "quit": quit_at_once,
        "leave": leave_politely,
        "segfault": wrong_address,
        "turn": turn,
        "devour": devour,
        "behind": devour_behind,
        "network": network,
        "inspect": inspect,
        "steps": steps,
        "twice": twice,
        "through": through,
        "wrong": wrong,
    }
    fields = {
        "network": {"hints": "colors"},
        "steps": {"stoppable": True},
        "twice": {"output": "canvas", "output_size": lambda _p, w, h: (2 * w, 2 * h)},
    }
    return [
        Operation(
            f"unsteady.{name}", name.title(), "Test", "A test.", Wish, f":{function.__name__}",
            **fields.get(name, {}),
        )
        for name, function in names.items()
    ]  # fmt: skip
