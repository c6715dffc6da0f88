"""The rule that an operation ends within a second of being asked to."""

from __future__ import annotations

from studio.api.testing import Status
from studio.document import Picture
from studio.host.conformance import pictures
from studio.host.conformance.bench import Bench, Outcome
from studio.host.conformance.probes import Listener

Answer = tuple[Status, str]
LIMIT = 1.0
"""Seconds within which it ends."""
_LONG = 3.0  # seconds that a run should take for a cancel in its midst to say something
_LARGEST = 1_000_000  # pixels of the picture on which it is looked at
_TRIES = 3  # a busy computer alone may make one late
_CAUGHT = "It catches Cancelled and goes on: let it pass, also in `except Exception`."


def check(bench: Bench, first: Outcome) -> Answer:
    """Ask it to end at its first report, and in the midst of a run that takes long enough."""
    early = bench.run(pictures.plain(), Listener(polls=1))
    if early.listener.answered and early.result is not None:
        return "failed", _CAUGHT
    if early.fault:
        return "failed", f"Asked to end, it fails: {early.fault}"
    factor, expected = _long_enough(bench, first)
    if expected < LIMIT:
        where = " on a megapixel" if bench.sees else ""
        return "passed", f"It takes less than {LIMIT:g} s{where}."
    # Even sides, and of the same shape: what odd ones do is another rule's concern.
    unit = max(2, round(32 * factor**0.5 / 2) * 2)
    picture = pictures.plain(unit * pictures.WIDTH // 32, unit * pictures.HEIGHT // 32)
    return _in_the_midst(bench, picture, expected)


def _long_enough(bench: Bench, first: Outcome) -> tuple[float, float]:
    """How many times the pixels of the small picture a run of some seconds needs, and its seconds."""
    fixed, each = bench.pace(first)
    if not bench.sees:
        return 1.0, fixed
    factor = min(max(1.0, (_LONG - fixed) / each), _LARGEST / pictures.PIXELS)
    return factor, fixed + each * factor


def _in_the_midst(bench: Bench, picture: Picture, expected: float) -> Answer:
    size = f"{picture.width} x {picture.height}"
    delays = []
    for _ in range(_TRIES):
        after = min(1.0, 0.4 * expected)
        outcome = bench.run(picture, Listener(after=after))
        if outcome.fault:
            return "failed", f"On {size} pixels, it fails: {outcome.fault}"
        if outcome.listener.answered and outcome.result is not None:
            return "failed", _CAUGHT
        if outcome.seconds < max(after, LIMIT):  # faster than it looked
            return "passed", f"It takes {outcome.seconds:.2f} s on {size} pixels."
        # Less the share of it that the thread stood in line for a processor.
        share = 1 - min(outcome.waited / outcome.seconds, 1)
        delays.append((outcome.seconds - after) * share)
        if delays[-1] <= LIMIT:
            break
    return judged(min(delays))


def judged(late: float) -> Answer:
    """What is to be said of an end so many seconds after it was asked for."""
    if late <= LIMIT:
        return "passed", f"It ended after {late:.2f} s."
    end = f"after it was asked to end; the limit is {LIMIT:g} s."
    return "failed", f"It went on for {late:.1f} s {end}"
