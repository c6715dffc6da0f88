"""The rule that an operation runs on a large picture, as large as time and memory here allow."""

from __future__ import annotations

from studio.api.parameters import validate
from studio.api.testing import Status
from studio.host.conformance import pictures
from studio.host.conformance.bench import Bench, Outcome
from studio.host.conformance.probes import Listener
from studio.host.limits import estimated_bytes, result_size
from studio.host.memory import available_bytes

_LARGEST = 24_000_000  # pixels: a present-day camera
_SMALLEST = 500_000
_SECONDS = 60.0  # that the run is planned to take
_SHARE = 0.25  # of the free memory that the result may take by the host's estimate


def check(bench: Bench, first: Outcome) -> tuple[Status, str]:
    """Run it on the largest picture that is planned to take a minute and a quarter of the memory."""
    if not bench.sees:
        return "skipped", "It takes no picture."
    count = largest(bench, *bench.pace(first))
    width = round((count * 1.5) ** 0.5) | 1
    height = round(width / 1.5) | 1
    size = f"{width} x {height}"
    outcome = bench.run(pictures.plain(width, height), Listener(after=4 * _SECONDS))
    if outcome.fault:
        return "failed", f"{size}: {outcome.fault}"
    if outcome.cancelled:
        return "skipped", f"{size} takes more than {4 * _SECONDS:.0f} s on this computer."
    if outcome.result is None:
        return "failed", f"{size}: {outcome.reason}"
    return "passed", f"{size} in {outcome.seconds:.1f} s"


def largest(bench: Bench, fixed: float, each: float) -> int:
    """Pixels of the picture to run on, from its pace and the size that the operation declares."""
    operation = bench.operation
    parameters = validate(operation.parameters, dict(bench.values))
    across, down = result_size(operation, parameters, pictures.WIDTH, pictures.HEIGHT)
    needed = estimated_bytes(operation, across * down, 1, 1) / pictures.PIXELS
    by_memory = _SHARE * available_bytes() / needed
    by_time = pictures.PIXELS * (_SECONDS - fixed) / each
    return int(max(_SMALLEST, min(_LARGEST, by_memory, by_time)))
