"""A plugin for tests of batches: it takes its time, and some pictures are more than it can bear."""

from __future__ import annotations

import os
import signal
import time

from studio.api import Operation, Parameters, UserError, hookimpl, number

api_version = 1
__version__ = "1.0"


class Wait(Parameters):
    seconds: float = number(0.2, minimum=0, maximum=60)


@hookimpl
def operations():
    return [
        Operation(
            id="fragile.wait",
            title="Wait",
            menu="Test",
            help="Wait, and turn light into dark.",
            parameters=Wait,
            function=":wait",
        )
    ]


def wait(pixels, mask, parameters, context):
    if pixels.shape[3] == 13:
        raise UserError("Thirteen is too unlucky.", "Crop it.")
    if pixels.shape[3] == 17:  # as a library that crashes
        os.kill(os.getpid(), signal.SIGKILL)
    end = time.monotonic() + parameters.seconds
    while time.monotonic() < end:
        context.progress(0.5, "Waiting")
        time.sleep(0.01)
    return 1 - pixels
