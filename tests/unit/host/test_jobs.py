from __future__ import annotations

import pytest

from studio.api import PluginError, UserError
from studio.host.jobs import Job, JobError, JobState
from studio.host.requests import RunRequest


def error_of(raised):
    with pytest.raises(type(raised)) as caught:
        raise raised
    return JobError.of(caught.value)


@pytest.mark.parametrize("kind", [UserError, PluginError])
def test_an_error_carries_message_hint_and_traceback(kind):
    error = error_of(kind("No room.", "Make some."))
    assert (error.message, error.hint) == ("No room.", "Make some.")
    assert "test_jobs.py" in error.details


def test_an_unexpected_error_is_named():
    error = error_of(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError: division by zero" in error.message
    assert error.hint


@pytest.mark.parametrize("state", JobState)
def test_states_know_the_end(state):
    assert state.finished == (state in ("done", "failed", "cancelled"))


def test_time_left_is_told_from_the_done_share():
    job = Job(1, RunRequest("t.same"), "Same")
    assert job.seconds == 0
    assert job.seconds_left is None

    job.started, job.finished = 100.0, 110.0
    job.state, job.fraction = JobState.RUNNING, 0.25
    assert job.seconds == 10
    assert job.seconds_left == pytest.approx(30)
    job.fraction = 0.01  # too little to tell from
    assert job.seconds_left is None
    job.fraction, job.state = 0.5, JobState.DONE
    assert job.seconds_left is None
