"""What the host does for operations that are shown live."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api import PluginError
from studio.document import Picture, composite
from studio.host.jobs import JobState

SCALED = """
def scaled(pixels, mask, parameters, context):
    return pixels * 0 + context.scale
"""


def white():
    return Picture.from_pixels(np.full((8, 8, 4), 255, np.uint8))


def test_the_scale_of_a_stand_in_reaches_the_function(host):
    made = host(SCALED, scaled={"live": True})
    after = composite(made.run("scaled", white(), scale=0.4).after())
    assert (after[..., :3] == 102).all()
    assert (composite(made.run("scaled", white()).after()) == 255).all()


def test_black_is_a_failure_unless_it_may_be_right(host):
    made = host(invert={"may_blacken": True})
    assert not composite(made.run("invert", white()).after())[..., :3].any()
    with pytest.raises(PluginError, match="black picture"):
        made.run("black", white())


def test_quiet_jobs_are_not_listed_and_are_forgotten(host):
    made = host()
    queue = made.queue()
    job = queue.submit(made.request("same", white()), quiet=True)
    loud = queue.submit(made.request("same", white()))
    assert queue.jobs == (loud,)
    assert queue.wait(job, 60)
    assert queue.wait(loud, 60)
    assert (job.state, loud.state) == (JobState.DONE, JobState.DONE)
    assert job.result is not None
    assert queue.jobs == (loud,)


def test_a_quiet_job_that_waits_can_be_cancelled(host):
    made = host()
    queue = made.queue()
    jobs = [queue.submit(made.request("same", white()), quiet=True) for _ in range(3)]
    for job in jobs:
        queue.cancel(job)
    assert all(queue.wait(job, 60) for job in jobs)
    assert jobs[-1].state is JobState.CANCELLED
    assert queue.jobs == ()
