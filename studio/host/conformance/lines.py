"""A checking process and the kit: JSON, one object a line, on the standard output of the process."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any

_LAST_WORDS = 2000
# What hides accelerators from torch, so that the way over the CPU is looked at wherever this runs.
_NO_ACCELERATOR = {
    "CUDA_VISIBLE_DEVICES": "",
    "HIP_VISIBLE_DEVICES": "",
    "ZE_AFFINITY_MASK": "",
}


class Ended(Exception):
    """The process ended, or had to be ended, before it had said all.

    Args:
        message: what happened, for people.
    """


class Sender:
    """A process's end: what a plugin or a library prints goes to standard error instead."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, kind: str, **values: Any) -> None:
        """Say something."""
        line = json.dumps({"kind": kind, **values}).encode() + b"\n"
        while line:
            line = line[os.write(self._out, line) :]


def listen(module: str, given: Mapping[str, Any], patience: float) -> Iterator[dict[str, Any]]:
    """Run a module of ours in a fresh process and hear what it says, until it says ``end``.

    Args:
        module: with a main part that reads ``given`` from its first argument as JSON.
        given: plain values.
        patience: seconds of silence after which the process is ended.

    Raises:
        Ended: if the process ends without saying ``end``, or is silent for too long.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", module, json.dumps(given)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            env={**os.environ, **_NO_ACCELERATOR},
        )
        try:
            yield from _messages(process, output, patience)
        finally:
            process.kill()
            process.wait()


def _messages(
    process: subprocess.Popen[bytes], output: IO[bytes], patience: float
) -> Iterator[dict[str, Any]]:
    heard: queue.Queue[bytes] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, heard), name="conformance", daemon=True)
    reader.start()
    try:
        while True:
            try:
                line = heard.get(timeout=patience)
            except queue.Empty:
                raise Ended(f"it was still at it after {patience:.0f} seconds") from None
            if not line:
                raise Ended(_how_it_ended(process.wait(), output))
            message = json.loads(line)
            if message["kind"] == "end":
                return
            yield message
    finally:
        process.kill()
        reader.join()


def _read(process: subprocess.Popen[bytes], heard: queue.Queue[bytes]) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    with process.stdout:
        for line in process.stdout:
            heard.put(line)
    heard.put(b"")


def _how_it_ended(code: int, output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _LAST_WORDS))
    words = output.read().decode(errors="replace").strip()
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the process ended with {how}" + (f": {words}" if words else "")
