from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.host.jobs import JobState
from studio.host.queue import JobQueue
from studio.host.requests import RunRequest


def test_the_queue_runs_stops_survives_and_closes(bench, picture):
    queue = JobQueue(bench.runner())

    def submit(name, lane="interactive", **parameters):
        request = RunRequest(f"unsteady.{name}", parameters, picture, device="cpu")
        return queue.submit(request, lane)

    tiles = []
    queue.tile.connect(lambda job, tile: tiles.append((job, tile)))
    long = submit("steps", "batch", count=10_000, word="go")
    deadline = time.monotonic() + 60
    while long.message != "go" and time.monotonic() < deadline:
        time.sleep(0.01)
    quick = submit("network")
    assert queue.wait(quick, 60)
    assert quick.state is JobState.DONE, quick.error
    assert tiles
    assert tiles[0][0] is quick
    assert not long.state.finished
    queue.stop(long)
    assert queue.wait(long, 60)
    assert long.state is JobState.DONE, long.error
    assert long.notes == ["stopped early: True"]

    crash = submit("quit")
    assert queue.wait(crash, 60)
    assert crash.state is JobState.FAILED
    assert crash.error.fault
    assert "crashed while running Quit" in crash.error.message
    assert "about to leave" in crash.error.details
    again = submit("network")
    assert queue.wait(again, 60)
    assert np.array_equal(again.result.images[0].pixels, quick.result.images[0].pixels)

    pid = bench.isolation.pid("unsteady")
    turning = submit("turn")
    while turning.message != "turning" and time.monotonic() < deadline + 60:
        time.sleep(0.01)
    assert queue.close(10)
    assert turning.state is JobState.CANCELLED
    assert not Path(f"/proc/{pid}").exists()
