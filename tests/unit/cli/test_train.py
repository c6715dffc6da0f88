"""Training from the command line, with a network of twelve numbers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from studio.cli.train import _one_each
from studio.host.services import build_services

DROPINS = Path(__file__).parents[2] / "dropins"


@pytest.fixture(autouse=True)
def _tinytrain():
    shutil.copy(DROPINS / "tinytrain.py", os.environ["IMPASTO_PLUGINS"])


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(5):
        pixels = random.integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_several_folders_may_follow_one_flag():
    given = ["--data", "a", "b", "-o", "c", "--data", "d", "--steps", "3"]
    assert _one_each(given) == [
        "--data", "a", "--data", "b", "-o", "c", "--data", "d", "--steps", "3",
    ]  # fmt: skip


def test_the_help_lists_trainers_and_what_each_needs(impasto):
    found = impasto("train", "--help")
    assert found.code == 0
    assert "tinytrain.pairs" in found.out
    assert "Learns to invert colors." in found.out
    own = impasto("train", "tinytrain", "--help")
    assert own.code == 0
    text = " ".join(own.out.split())
    for words in (
        "--data DIR...",
        "1: Photographs (Any pictures)",
        "--steps",
        "--seed",
        "--folder",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "tinytrian"], "no trainer tinytrian"),
        (["train", "tinytrain", "-o", "x.safetensors"], "--data"),
        (["train", "tinytrain", "--data", "nowhere", "-o", "x.safetensors"], "does not exist"),
        (["train", "tinytrain", "--data", "photos", "-o", "x.pth"], "no name of a model"),
        (["train", "tinytrain", "--data", "photos", "-o", "no/x.safetensors"], "no folder no"),
        (["train", "tinytrain", "--data", "photos", ".", "-o", "x.safetensors"], "2 given"),
        (
            ["train", "tinytrain", "--data", "photos", "-o", "x.safetensors", "--folder", "."],
            "something other than a training",
        ),
        (
            ["train", "tinytrain", "--data", "photos", "-o", "x.safetensors", "--steps", "0"],
            "out of range",
        ),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_runs(
    impasto, photos, monkeypatch, arguments, message
):
    monkeypatch.chdir(photos.parent)
    found = impasto(*arguments)
    assert found.code == 2
    assert message in found.err
    assert len(found.error_lines) == 2
    assert not (photos.parent / "x.training").exists()


def test_too_few_pictures_fail_and_leave_nothing(impasto, photos, tmp_path):
    for number in (0, 1, 2):
        (photos / f"{number}.png").unlink()
    found = impasto("train", "tinytrain", "--data", photos, "-o", tmp_path / "m.safetensors")
    assert found.code == 1
    assert "2 pictures found" in found.err
    assert not (tmp_path / "m.training").exists()


def test_a_training_makes_a_file_and_a_model_and_is_not_made_twice(impasto, photos, tmp_path):
    output = tmp_path / "My Tint.safetensors"
    command = ["train", "tinytrain", "--data", photos, "-o", output, "--steps", 50]
    found = impasto(*command, "--json")
    assert found.code == 0, found.err
    *log, done = map(json.loads, found.out.splitlines())
    assert {line["event"] for line in log} == {"log"}
    assert {line["name"] for line in log} == {"loss", "error"}
    assert (done["event"], done["model"], done["output"]) == ("done", "my-tint", str(output))
    assert done["metrics"]["error"] < 0.4
    with safe_open(output, "np") as file:
        card = json.loads(file.metadata()["impasto.card"])
    assert (card["id"], card["title"], card["task"]) == ("my-tint", "My Tint", "tiny-tint")
    assert build_services().store.card("my-tint").title == "My Tint"
    output.unlink()

    again = impasto(*command)
    assert again.code == 0
    assert "trained before" in again.err
    assert "model my-tint; error" in again.out
    assert output.is_file()
    assert len(build_services().store.cards("tiny-tint")) == 1
    other = impasto(*command, "--seed", 4)
    assert other.code == 2
    assert "seed is 0, not 4" in other.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="interrupts a process as a terminal does")
def test_ctrl_c_pauses_a_kill_does_no_harm_and_the_same_command_goes_on(impasto, photos, tmp_path):
    output = tmp_path / "My Tint.safetensors"
    command = ["train", "tinytrain", "--data", photos, "-o", output, "--steps", 150, "--wait", 10]
    folder = tmp_path / "My Tint.training"
    for blow, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        process = subprocess.Popen(
            [sys.executable, "-m", "studio", *map(str, command)],
            stderr=subprocess.PIPE,
            text=True,
        )
        _await_progress(folder, process)
        process.send_signal(blow)
        _, told = process.communicate(timeout=30)
        assert process.returncode == code, told
        if blow is signal.SIGINT:
            assert "Paused at" in told
            assert "The same command goes on" in told
        _await_end(folder)

    found = impasto(*command)
    assert found.code == 0, found.err
    assert "Going on at" in found.err
    assert output.is_file()
    assert [card.id for card in build_services().store.cards("tiny-tint")] == ["my-tint"]


def _await_progress(folder, process):
    """Until a process has saved something and gone beyond it."""
    before = _fraction(folder)
    deadline = time.monotonic() + 40
    while not (folder / "checkpoint.pt").exists() or _fraction(folder) <= before:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _await_end(folder):
    """Until the training process has noticed that its program is gone."""
    from studio.host.training.records import in_use

    deadline = time.monotonic() + 20
    while in_use(folder):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _fraction(folder):
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0
