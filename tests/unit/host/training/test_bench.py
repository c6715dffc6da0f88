from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.api import UserError
from studio.document import Picture, composite
from studio.host.devices import arithmetic
from studio.host.requests import RunRequest
from studio.host.training import records
from studio.host.training.records import RunState
from studio.nn.training import ConsoleContext

from .conftest import save_pictures, until


def test_a_training_becomes_a_model_that_its_operation_can_use(services, bench, photos):
    heard = []
    bench.changed.connect(lambda run: heard.append(run.state))
    run = bench.start("tinytrain", [photos], {"steps": 200}, "My tint", seed=3)
    assert bench.wait(run, 60)
    assert run.error is None
    assert run.state is RunState.FINISHED
    order = [RunState.WAITING, RunState.PREPARING, RunState.RUNNING, RunState.FINISHED]
    assert list(dict.fromkeys(heard)) == order
    assert run.sheet is not None
    assert run.sheet.is_file()
    steps, losses = zip(*run.curves["loss"], strict=True)
    assert list(steps) == sorted(steps)
    assert losses[-1] < losses[0] / 10
    card = run.card
    assert (card.id, card.title, card.task, card.architecture) == (
        "my-tint", "My tint", "tiny-tint", "Tint",
    )  # fmt: skip
    assert (card.scale, dict(card.extra)) == (1, {"kind": "linear"})
    assert card.trained["data"] == "photos"
    assert (card.trained["pictures"], card.trained["steps"], card.trained["seed"]) == (10, 200, 3)
    assert json.loads(card.trained["parameters"])["steps"] == 200
    assert not (run.folder / records.CHECKPOINT).exists()
    white = Picture.from_pixels(np.full((6, 6, 4), 255, np.uint8))
    request = RunRequest("tinytrain.apply", {"model": card.id}, white, device="cpu")
    after = composite(services.runner.execute(request).after())
    assert after[..., :3].max() < 60  # noise has been inverted, so white is dark now


def test_a_killed_training_resumes_and_ends_with_the_same_weights(bench, photos, tmp_path, capsys):
    values = {"steps": 120, "wait": 5}
    run = bench.start("tinytrain", [photos], values, "Killed")
    until(lambda: (run.folder / records.CHECKPOINT).exists() and run.fraction > 0.3)
    os.kill(run.process.id, signal.SIGKILL)
    assert bench.wait(run, 20)
    assert run.state is RunState.INTERRUPTED
    assert "signal 9" in run.error.message
    assert "last checkpoint" in run.error.hint
    before = run.fraction
    run.resume()
    assert bench.wait(run, 60)
    assert run.state is RunState.FINISHED
    steps = [step for step, _ in run.curves["loss"]]
    assert steps == sorted(set(steps))
    assert before < 1
    trainer = bench.registry.trainer("tinytrain")
    with arithmetic(exact=False):
        whole = bench.registry.training_function(trainer)(
            (photos,),
            trainer.parameters(**values),
            ConsoleContext(tmp_path / "whole", torch.device("cpu")),
        )
    ours, theirs = load_file(bench.store.locate(run.model)[0]), load_file(whole.path)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    capsys.readouterr()


def test_a_paused_training_is_found_at_the_next_start_and_finished_early(services, bench, photos):
    run = bench.start("tinytrain", [photos], {"steps": 5000, "wait": 2})
    other = bench.start("tinytrain", [photos], {"steps": 1}, "Other")
    until(lambda: run.fraction > 0.01)
    assert other.state is RunState.WAITING
    other.pause()
    assert other.state is RunState.PAUSED
    bench.close()
    assert (run.state, run.process) == (RunState.PAUSED, None)
    step = torch.load(run.folder / records.CHECKPOINT, weights_only=True)["loop"]["step"]
    assert step > 50

    del services.training  # as at the next start
    bench = services.training
    other, found = bench.runs()
    assert (found.state, found.title, found.trainer) == (
        RunState.PAUSED, "A tiny tint", "tinytrain",
    )  # fmt: skip
    assert (found.pictures, found.fraction) == (10, pytest.approx(step / 5000, abs=0.002))
    assert found.curves == run.curves
    other.finish()
    assert other.state is RunState.PAUSED  # it has learned nothing yet
    found.resume()
    found.finish()
    assert bench.wait(found, 30)
    assert found.state is RunState.FINISHED
    assert (found.card.id, found.card.trained["steps"]) == ("a-tiny-tint", step)
    found.discard()
    assert not found.folder.exists()
    assert bench.store.card("a-tiny-tint")
    assert bench.runs() == (other,)


@pytest.mark.slow
@pytest.mark.parametrize("wish", ["resume", "finish"])
def test_a_wish_while_its_process_still_ends_is_heeded(bench, photos, wish):
    run = bench.start("tinytrain", [photos], {"steps": 300, "wait": 2})
    until(lambda: run.fraction > 0.1)
    run.pause()
    until(lambda: run.state is RunState.PAUSED)
    assert bench.current is run  # the process has said so, and is on its way out
    getattr(run, wish)()
    assert run.state is RunState.WAITING
    assert bench.wait(run, 100)
    assert (run.state, run.error) == (RunState.FINISHED, None)
    assert (run.card.trained["steps"] == 300) is (wish == "resume")


@pytest.mark.parametrize(
    ("trouble", "message", "hint"),
    [
        ("error", "ValueError: the recipe broke", "report"),
        ("exit", "exit code 7", "Resume"),
        ("diverge", "diverged", "lower rate"),
    ],
)
@pytest.mark.slow
def test_what_goes_wrong_in_a_recipe_is_told(bench, photos, trouble, message, hint):
    run = bench.start("tinytrain", [photos], {"trouble": trouble})
    assert bench.wait(run, 60)
    assert run.state is (RunState.INTERRUPTED if trouble == "exit" else RunState.FAILED)
    assert message in run.error.message
    assert hint in run.error.hint
    assert "Printing is allowed" in (run.folder / records.OUTPUT).read_text()


@pytest.mark.slow
def test_what_became_a_model_is_not_made_one_again(bench, photos):
    # Ended between the two: the model is kept, and the status does not say so.
    run = bench.start("tinytrain", [photos], {"trouble": "status"}, "Once")
    assert bench.wait(run, 60)
    assert run.state is RunState.FAILED
    (made,) = bench.store.cards("tiny-tint")
    (run.folder / "status.json.part").rmdir()
    run.resume()
    assert bench.wait(run, 60)
    assert (run.state, run.model) == (RunState.FINISHED, "once")
    assert bench.store.cards("tiny-tint") == (made,)
    other = bench.start("tinytrain", [photos], {}, "Once")
    assert bench.wait(other, 60)
    assert other.model == "once-2"  # another training, though of the same


def test_a_process_that_ends_before_it_says_that_it_is_done_was_done(bench, photos):
    run = bench.start("tinytrain", [photos], {"steps": 5}, "Silent")
    assert bench.wait(run, 60)
    status = records.read_status(run.folder)
    run.state, run.model, run.fraction = RunState.RUNNING, "", 0.9  # as before its last word
    run.end(-signal.SIGKILL, "")
    assert (run.state, run.model, run.fraction) == (RunState.FINISHED, "silent", 1.0)
    assert records.read_status(run.folder) == status


@pytest.mark.slow
def test_a_card_tells_no_paths_of_the_computer_it_was_made_on(bench, photos, tmp_path):
    begun_from = tmp_path / "somewhere" / "weights.pth"
    begun_from.parent.mkdir()
    begun_from.write_bytes(b"numbers")
    run = bench.start("tinytrain", [photos], {"steps": 5, "start": str(begun_from)}, "From")
    assert bench.wait(run, 60)
    assert json.loads(run.card.trained["parameters"])["start"] == {
        "file": "weights.pth",
        "sha256": hashlib.sha256(b"numbers").hexdigest(),
    }
    (file,) = bench.store.locate(run.model)
    assert str(tmp_path).encode() not in file.read_bytes()
    again = bench.start("tinytrain", [photos], {"steps": 5, "start": run.model}, "From a model")
    assert bench.wait(again, 60)
    assert json.loads(again.card.trained["parameters"])["start"] == "from"


def test_bad_data_fails_before_a_process_starts(bench, tmp_path):
    run = bench.start("tinytrain", [save_pictures(tmp_path / "two", 2)], {})
    assert bench.wait(run, 10)
    assert run.state is RunState.FAILED
    assert "2 pictures found" in run.error.message
    assert not (run.folder / records.OUTPUT).exists()
    save_pictures(tmp_path / "two", 3)
    run.resume()
    run.pause()
    assert bench.wait(run, 20)
    run.discard()


def test_wrong_wishes_are_refused_at_once(bench, photos):
    with pytest.raises(UserError, match="no trainer") as caught:
        bench.start("tinytrian", [photos], {})
    assert "tinytrain" in caught.value.hint
    with pytest.raises(UserError, match="steps"):
        bench.start("tinytrain", [photos], {"steps": 0})
    with pytest.raises(UserError, match="0 given"):
        bench.start("tinytrain", [], {})
    assert bench.runs() == ()


PARENT = """
    import sys
    import time
    from pathlib import Path
    from studio.host.services import build_services

    bench = build_services().training
    run = bench.start("tinytrain", [Path(sys.argv[1])], {"steps": 5000, "wait": 5})
    while run.fraction < 0.002:
        time.sleep(0.02)
    print(run.folder, run.process.id, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks for a process by its id")
def test_a_training_outlives_its_program_only_to_save_its_state(services, bench, photos):
    code = textwrap.dedent(PARENT)
    with subprocess.Popen(
        [sys.executable, "-c", code, photos], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        folder, child = parent.stdout.readline().split()
        (run,) = bench.runs()
        assert run.folder == records.Path(folder.decode())
        assert run.state is RunState.INTERRUPTED  # as far as this program can tell
        with pytest.raises(UserError, match="another window"):
            run.resume()
        parent.kill()
    until(lambda: not records.in_use(run.folder), 20)
    until(lambda: not _alive(int(child)), 20)
    assert records.read_status(run.folder).state is RunState.PAUSED
    assert (run.folder / records.CHECKPOINT).is_file()


def _alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
