from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from studio.api import UserError
from studio.document.events import listen
from studio.host.jobs import Job, JobState

SOURCE = """
    order = []

    def gate(parameters, context):
        '''Reports until it is let through.'''
        order.append(parameters.name)
        events["in " + parameters.name].set()
        while not events["go " + parameters.name].wait(0.002):
            context.progress(0.5, "Waiting")
        return torch.rand(1, 3, 2, 2)

    def dice(parameters, context):
        '''Draws numbers with a chance to pause between them.'''
        drawn = [torch.rand(3)]
        events["in dice"].set()
        while not events["go dice"].wait(0.002):
            context.progress(0.1)
        for n in range(4):
            drawn.append(torch.rand(3))
            context.progress(n / 4)
        return torch.stack(drawn).T.reshape(1, 3, 1, -1)

    class Slow(Same):
        '''Waits inside its network, where only its layers report.'''

        def forward(self, x):
            events["in slow"].set()
            for _ in range(5000):
                x = self.conv(x)
                if events["go slow"].wait(0.002):
                    break
            return x

    def slow(pixels, mask, parameters, context):
        return context.tiled(context.network("slow", Slow), pixels)

    def quick(pixels, mask, parameters, context):
        '''The same network as ``slow``, with a chance to look around before.'''
        net = context.network("slow", Slow)
        events["in quick"].set()
        events["go quick"].wait(20)
        return context.tiled(net, pixels)

    def fails(parameters, context):
        events["failed"].set()
        if not events["mended"].is_set():
            raise UserError("It broke.", "Mend it.")
        return torch.rand(1, 3, 2, 2)

    def crashes(parameters, context):
        raise SystemExit(3)

    def tiles(pixels, mask, parameters, context):
        context.note("noted")
        return context.tiled(lambda x: x, pixels, tile=64, overlap=8)
"""
MADE = {"input": "none", "output": "document"}
OPERATIONS = {
    **{name: MADE for name in ("gate", "dice", "fails", "crashes")},  # noqa: C420 - read only
    "slow": {},
    "quick": {},
    "tiles": {},
}


@pytest.fixture
def probe(host):
    return host(SOURCE, **OPERATIONS)


@pytest.fixture
def queue(probe):
    return probe.queue()


@pytest.fixture
def gate(probe, queue):
    """Submit a job that waits, by name."""

    def submit(name, lane="interactive", replaces=None, device="cpu"):
        request = probe.request("gate", parameters={"name": name}, device=device)
        return queue.submit(request, lane, replaces)

    return submit


@pytest.fixture
def until(probe):
    def wait(event):
        assert probe.module.events[event].wait(20), f"nobody came to {event}"

    return wait


@pytest.fixture
def let(probe):
    def go(*names: str):
        for name in names:
            probe.module.events["go " + name].set()

    return go


def done(queue, *jobs: Job):
    for job in jobs:
        assert queue.wait(job, 20), f"{job.title} is {job.state}"
    return [job.state for job in jobs]


def test_a_job_brings_its_result_and_tells_how_it_went(probe, queue, random_picture):
    heard, previews = [], []
    listen(
        queue.changed, lambda job: heard.append((job.state, job.fraction, threading.get_ident()))
    )
    listen(queue.tile, lambda job, tile: previews.append(tile))

    job = queue.submit(probe.request("tiles", random_picture(100, 100)))
    assert done(queue, job) == [JobState.DONE]

    assert job.title == "Tiles"
    assert job.result.title == "Tiles"
    assert (job.error, job.notes, job.fraction) == (None, ["noted"], 1.0)
    assert job.seconds > 0
    queue.close()
    states = [state for state, _, _ in heard]
    assert states[-1] == JobState.DONE
    assert JobState.RUNNING in states
    assert len({thread for _, _, thread in heard} - {threading.get_ident()}) == 1
    assert len(previews) == 4


def test_an_unknown_operation_is_refused_at_once(queue, random_picture):
    from studio.host.requests import RunRequest

    with pytest.raises(UserError, match="no operation"):
        queue.submit(RunRequest("t.nothing"))
    assert queue.jobs == ()


def test_a_failure_is_a_state_with_its_details(probe, queue):
    job = queue.submit(probe.request("fails"))
    assert done(queue, job) == [JobState.FAILED]
    assert (job.error.message, job.error.hint) == ("It broke.", "Mend it.")
    assert "in fails" in job.error.details
    assert job.result is None

    probe.module.events["mended"].set()
    again = queue.retry(job)
    assert done(queue, again) == [JobState.DONE]
    assert again.id != job.id
    assert again.request is job.request
    assert queue.jobs == (job, again)


def test_nothing_a_plugin_raises_ends_the_worker(probe, queue):
    first, second = queue.submit(probe.request("crashes")), queue.submit(probe.request("fails"))
    assert done(queue, first, second) == [JobState.FAILED] * 2
    assert "SystemExit" in first.error.message


def test_a_failing_listener_does_not_end_the_worker(probe, queue, random_picture):
    def broken(_job):
        raise ValueError("a listener's fault")

    heard = []
    queue.changed.connect(broken)
    queue.tile.connect(broken, max_args=1)
    listen(queue.changed, lambda job: heard.append(job.state))

    jobs = [queue.submit(probe.request("tiles", random_picture())) for _ in range(2)]

    assert done(queue, *jobs) == [JobState.DONE] * 2


def test_interactive_jobs_go_first(probe, queue, gate, until, let):
    first = gate("first")
    until("in first")
    batch = [gate(f"batch {n}", "batch") for n in range(2)]
    urgent = [gate(f"urgent {n}") for n in range(2)]
    let("first", "batch 0", "batch 1", "urgent 0", "urgent 1")
    done(queue, first, *batch, *urgent)
    assert probe.module.order == ["first", "urgent 0", "urgent 1", "batch 0", "batch 1"]


def test_a_batch_job_pauses_for_an_interactive_one(probe, queue, gate, until, let):
    states = []
    batch = gate("batch", "batch")
    until("in batch")
    listen(queue.changed, lambda job: states.append((job.id, job.state, batch.state)))

    urgent = gate("urgent")
    until("in urgent")
    assert (batch.state, urgent.state) == (JobState.PAUSED, JobState.RUNNING)
    let("urgent")
    assert done(queue, urgent) == [JobState.DONE]
    let("batch")
    assert done(queue, batch) == [JobState.DONE]

    while_urgent = {b for number, state, b in states if number == urgent.id and state == "running"}
    assert while_urgent == {JobState.PAUSED}
    assert probe.module.order == ["batch", "urgent"]


def test_a_paused_job_goes_on_with_the_same_random_numbers(probe, queue, gate, until, let):
    probe.module.events["go dice"].set()
    undisturbed = probe.run("dice", seed=5).images[0].pixels
    probe.module.events["go dice"].clear()

    batch = queue.submit(probe.request("dice", seed=5), "batch")
    until("in dice")
    let("urgent")
    assert done(queue, gate("urgent")) == [JobState.DONE]
    assert batch.state in (JobState.PAUSED, JobState.RUNNING)
    let("dice")
    done(queue, batch)

    assert np.array_equal(batch.result.images[0].pixels, undisturbed)


def test_a_batch_job_pauses_inside_its_network(probe, queue, gate, until, let, random_picture):
    picture = random_picture(16, 16, opaque=True)
    batch = queue.submit(probe.request("slow", picture, precision="float32"), "batch")
    until("in slow")
    let("urgent")
    urgent = gate("urgent")
    assert done(queue, urgent) == [JobState.DONE]
    let("slow")
    assert done(queue, batch) == [JobState.DONE]
    assert batch.result.after().layers[0].raster == picture.layers[0].raster


def test_cancelling_a_paused_job_leaves_the_one_it_waits_for(
    probe, queue, until, let, random_picture
):
    """Both use one cached network; the paused one's hooks are on it as well."""
    picture = random_picture(16, 16)
    batch = queue.submit(probe.request("slow", picture), "batch")
    until("in slow")
    urgent = queue.submit(probe.request("quick", picture))
    until("in quick")
    queue.cancel(batch)
    let("quick", "slow")

    assert done(queue, urgent, batch) == [JobState.DONE, JobState.CANCELLED]


def test_a_newer_request_with_the_same_key_replaces_the_older(queue, gate, until, let):
    running = gate("running", replaces="preview")
    until("in running")
    waiting = gate("waiting", replaces="preview")
    other = gate("other", replaces="another")
    newest = gate("newest", replaces="preview")
    let("other", "newest")

    assert done(queue, running, waiting, other, newest) == [
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.DONE,
        JobState.DONE,
    ]
    assert waiting.started is None


def test_cancelling_what_waits_tells_at_once(queue, gate, until, let):
    running, waiting = gate("running"), gate("waiting")
    until("in running")
    threading.Timer(0.05, queue.cancel, (waiting,)).start()

    assert queue.wait(waiting)
    assert waiting.state is JobState.CANCELLED
    assert running.state is JobState.RUNNING
    let("running")
    done(queue, running)


def test_cancelling_what_runs_is_a_state_and_no_error(queue, gate, until):
    job = gate("running")
    until("in running")
    queue.cancel(job)
    assert done(queue, job) == [JobState.CANCELLED]
    assert (job.error, job.result) == (None, None)
    queue.cancel(job)
    assert job.state is JobState.CANCELLED


def test_waiting_jobs_can_be_moved_within_their_lane(probe, queue, gate, until, let):
    first = gate("first")
    until("in first")
    a, b, c = (gate(name, "batch") for name in "abc")
    other = gate("urgent")

    queue.move(c, -2)
    queue.move(a, 1)
    queue.move(b, -100)
    queue.move(other, 5)  # alone in its lane
    queue.move(first, 1)  # runs already
    assert [job for job in queue.jobs if job.lane == "batch"] == [b, c, a]
    let("first", "a", "b", "c", "urgent")
    done(queue, a, b, c)
    assert probe.module.order == ["first", "urgent", "b", "c", "a"]


def test_only_finished_jobs_can_be_removed(queue, gate, until, let):
    job, waiting = gate("a"), gate("b")
    until("in a")
    queue.remove(job)
    queue.remove(waiting)
    assert queue.jobs == (job, waiting)
    let("a", "b")
    done(queue, job, waiting)
    queue.remove(job)
    assert queue.jobs == (waiting,)


def test_one_device_has_one_worker_whatever_it_is_called(probe, queue, gate, until, let):
    from studio.host import devices

    first = gate("first", device=str(devices.resolve("auto")))
    until("in first")
    second = gate("second", device="auto")
    let("second")
    assert not queue.wait(second, 0.1)
    let("first")
    done(queue, first, second)
    assert probe.module.order == ["first", "second"]


def test_another_device_has_a_worker_of_its_own(queue, gate, until, let):
    here = gate("here")
    until("in here")
    elsewhere = gate("elsewhere", device="cuda:99")
    assert done(queue, elsewhere) == [JobState.FAILED]
    assert "no device cuda:99" in elsewhere.error.message
    assert here.state is JobState.RUNNING
    let("here")
    done(queue, here)


def test_devices_asked_for_before_torch_is_here_get_their_workers(queue, gate, let):
    let("a", "b")
    jobs = [gate("a"), gate("x", device="cuda:99"), gate("b", device="auto")]
    assert done(queue, *jobs) == [JobState.DONE, JobState.FAILED, JobState.DONE]


def test_closing_cancels_what_runs_and_what_waits(queue, gate, until):
    running, waiting = gate("running"), gate("waiting")
    until("in running")

    assert queue.close(20)

    assert [running.state, waiting.state] == [JobState.CANCELLED] * 2
    late = gate("late")
    assert late.state is JobState.CANCELLED
    assert queue.wait(late, 1)


def test_an_idle_queue_closes(queue):
    assert queue.close(1)
    queue.warm_up()
    assert queue.close(1)


WARM_UP = """
import sys, threading, pathlib
importers = []
def audit(event, args):
    if event == "import" and args[0] == "torch":
        importers.append(threading.current_thread().name)
sys.addaudithook(audit)
from studio.host.services import build_services
services = build_services(*(pathlib.Path(sys.argv[1]) / name for name in "abc"))
assert "torch" not in sys.modules
queue = services.jobs
queue.warm_up()
queue.warm_up()
assert queue.ready.wait(100)
assert "torch" in sys.modules
assert queue.close(20)
assert importers and all(name.startswith("impasto-worker") for name in importers), importers
print("warm")
"""


def test_torch_is_imported_on_the_worker(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", WARM_UP, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert answer.stdout == "warm\n", answer.stderr
