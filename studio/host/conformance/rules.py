"""The rules for operations: each a function of a `Bench` to what it found."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from studio.api.testing import Finding, Status
from studio.document import Array, Picture, composite
from studio.host.conformance import cancelling, huge, pictures, values
from studio.host.conformance.bench import PATIENCE, SEED, Bench, Outcome
from studio.host.conformance.probes import Listener

_TRIAL = 2.0  # seconds that one choice of values may run: it is to start well, not to end
_TRIAL_SIZE = (48, 32)
_SLACK = 1e-9
Answer = tuple[Status, str]
Check = Callable[[Bench, Outcome], Answer]
_PASSED: Answer = ("passed", "")


def check_operation(bench: Bench, *, with_huge: bool = False) -> Iterator[Finding]:
    """All rules of one operation, as they are found."""
    yield _timed("parameters", bench, lambda: _parameters(bench))
    started = time.monotonic()
    first = bench.settle()
    if first.result is None:
        yield from _does_not_run(bench, first)
        return
    seconds = time.monotonic() - started
    yield Finding("cpu", bench.operation.id, "passed", bench.note, seconds)
    for rule, check in _CHECKS.items():
        if rule == "huge" and not with_huge:
            yield Finding(rule, bench.operation.id, "skipped", "Only with --huge.")
        else:
            yield _timed(rule, bench, functools.partial(check, bench, first))


def _timed(rule: str, bench: Bench, check: Callable[[], Answer]) -> Finding:
    started = time.monotonic()
    status, message = check()
    return Finding(rule, bench.operation.id, status, message, time.monotonic() - started)


def _does_not_run(bench: Bench, first: Outcome) -> Iterator[Finding]:
    """What is to be said of an operation that did not even run on a plain picture."""
    said: dict[str, Answer] = {}
    if first.fault:
        rest = "It fails on a plain picture already."
        said["cpu" if first.wants_accelerator else "errors"] = ("failed", first.fault)
    elif first.cancelled:
        rest = f"It takes more than {PATIENCE:.0f} s on a picture of 96 x 64."
        said["cancel"] = cancelling.judged(first.ended - (first.listener.asked or first.ended))
    else:
        rest = f"It did not run: {first.reason}"
        if not bench.operation.parameters.model_fields:
            said["pictures"] = ("failed", f"It refuses a plain picture: {first.reason}")
    for rule in ("cpu", *_CHECKS):
        status, message = said.get(rule, ("skipped", rest))
        yield Finding(rule, bench.operation.id, status, message)


def _parameters(bench: Bench) -> Answer:
    problems = values.lost_on_the_way(bench.operation)
    return ("failed", " ".join(problems)) if problems else _PASSED


def _pictures(bench: Bench, _first: Outcome) -> Answer:
    if not bench.sees:
        return "skipped", "It takes no picture."
    problems, done = [], []
    for kind, make in pictures.KINDS.items():
        outcome = bench.run(make())
        problem = outcome.fault or _wrong(outcome)
        if problem:
            problems.append(f"{kind}: {problem}")
        else:
            done.append(kind)
    return ("failed", " ".join(problems)) if problems else ("passed", ", ".join(done))


def _wrong(outcome: Outcome) -> str:
    """What is wrong with a run that raised nothing, or what it should have been able to do."""
    if outcome.result is None:
        return outcome.reason if outcome.refused else "It did not end."
    picture = outcome.result.request.picture
    after = outcome.result.after()
    if picture is not None and after.dtype != picture.dtype:
        return f"It gives {after.dtype} for {picture.dtype}."
    return ""


def _progress(bench: Bench, first: Outcome) -> Answer:
    wild = bench.registry.wild
    if wild:
        return "failed", f"It reports {wild[0]:g}; progress is a fraction from 0 to 1."
    heard = first.listener.fractions
    for before, after in itertools.pairwise(heard):
        if after < before - _SLACK:
            return "failed", f"It goes back from {before:.2f} to {after:.2f}."
    return "passed", f"{len(heard)} report{'s' if len(heard) != 1 else ''}"


def _seed(bench: Bench, first: Outcome) -> Answer:
    again = bench.run(pictures.plain(), seed=SEED)
    if again.result is None or first.result is None:
        return "failed", f"It ran once and not again: {again.reason}"
    old, new = (
        [image.pixels for images in each.variants for image in images]
        for each in (first.result, again.result)
    )
    if [a.shape for a in old] != [a.shape for a in new]:
        return "failed", "Two runs with the same seed give results of different sizes."
    worst = max(_difference(a, b) for a, b in zip(old, new, strict=True))
    if worst:
        return "failed", f"Two runs with the same seed differ by up to {worst} of 255 levels."
    return _PASSED


def _difference(first: Array, second: Array) -> int:
    return int(np.abs(first.astype(np.int64) - second).max())


def _mask(bench: Bench, _first: Outcome) -> Answer:
    growing = bench.operation.output == "margins"
    if not bench.sees or not (bench.masked or growing):
        return "skipped", "It takes no mask."
    before = pictures.KINDS["transparent"]()
    before = before if growing else pictures.selected(before)
    outcome = bench.run(before)
    if outcome.result is None:
        return "skipped", f"It did not run: {outcome.reason}"
    worst = max(
        _changed_outside(before, outcome, variation)
        for variation in range(outcome.result.variations)
    )
    if worst:
        return "failed", f"{worst} pixels outside the mask changed."
    return _PASSED


def _changed_outside(before: Picture, outcome: Outcome, variation: int) -> int:
    """How many visible pixels changed although they were not to."""
    assert outcome.result is not None  # noqa: S101 - asked before
    after = outcome.result.after(variation)
    margins = outcome.result.margins
    rect = before.bounds
    untouched = np.ones((rect.height, rect.width), bool)
    if before.selection is not None:
        untouched = before.selection.read(rect)[..., 0] == 0
    old, new = composite(before, rect), composite(after, after.bounds)
    if margins is not None:
        new = new[margins.top :, margins.left :][: rect.height, : rect.width]
        reach = margins.overlap
        untouched[:] = False
        untouched[reach : rect.height - reach, reach : rect.width - reach] = True
    return int((old != new).any(axis=2)[untouched].sum())


def _errors(bench: Bench, _first: Outcome) -> Answer:
    problems, number = [], 0
    for title, given in values.trials(bench.operation, bench.values):
        number += 1
        outcome = bench.run(pictures.plain(*_TRIAL_SIZE), Listener(after=_TRIAL), values=given)
        if outcome.fault:
            problems.append(f"With {title}: {outcome.fault}")
    return ("failed", " ".join(problems)) if problems else ("passed", f"{number} choices of values")


def _inputs(bench: Bench, _first: Outcome) -> Answer:
    written = bench.registry.written
    if written:
        return "failed", f"It writes into {' and '.join(sorted(written))}, which it was only lent."
    return _PASSED


_CHECKS: Mapping[str, Check] = {
    "pictures": _pictures,
    "huge": huge.check,
    "progress": _progress,
    "cancel": cancelling.check,
    "seed": _seed,
    "mask": _mask,
    "errors": _errors,
    "inputs": _inputs,  # last, as it is about all runs before
}
