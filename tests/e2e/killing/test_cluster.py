"""A batch on a Ray cluster of this machine: workers are lost, and it is stopped and taken up again."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.host.recipes import OperationStep, Recipe, write_recipe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason='Ray is not installed: `pip install "impasto[cluster]"`',
    ),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find workers"),
]

DROPINS = Path(__file__).parents[2] / "dropins"
PICTURES = 16
WAIT = OperationStep(operation="fragile.wait", parameters={"seconds": 0.3})
RECIPE = Recipe(name="Large", steps=(WAIT, OperationStep(operation="super-resolution.upscale")))
RAY = ("--engine", "ray", "--workers", "2", "--cpus", "1")


@pytest.fixture
def folder(tmp_path):
    shutil.copy(DROPINS / "fragile.py", os.environ["IMPASTO_PLUGINS"])
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(3)
    for number in range(PICTURES):
        picture(tmp_path / "in" / f"{number:03d}.png", rng.integers(0, 255, (20, 24, 3), np.uint8))
    write_recipe(tmp_path / "recipe.toml", RECIPE)
    yield tmp_path
    left = within(60, lambda: not workers_of(tmp_path))
    assert left, f"Ray left processes: {workers_of(tmp_path)}"


def picture(path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(path)


@pytest.fixture
def address(folder, monkeypatch):
    """A cluster with two processors, started as on a first machine, that listens to this one alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # whoever runs the tests may have a token
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    monkeypatch.setenv("IMPASTO_TEST_FOLDER", str(folder))
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
    command += ["--port", str(port), "--num-cpus", "2", "--include-dashboard", "false"]
    command += ["--disable-usage-stats", "--object-store-memory", "100000000"]
    log = folder / "head.log"
    with log.open("wb") as out:
        head = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        assert within(120, lambda: b"runtime started" in log.read_bytes()), log.read_text()
        yield f"127.0.0.1:{port}"
    finally:
        head.terminate()
        head.wait(60)


def start(folder: Path, out: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "studio", "batch", "recipe.toml", "in", "-o", out, "--json"]
    command += ["--device", "cpu", "--threads", "1", *more]
    # Ray's processes inherit it, so that those of this test are known.
    environment = {**os.environ, "IMPASTO_TEST_FOLDER": str(folder)}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[dict], str]:
    out, err = process.communicate(timeout=600)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def results(folder: Path, out: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / out).glob("[!.]*.png")}


def within(seconds: float, true: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def workers_of(folder: Path, name: str = "") -> list[tuple[int, str]]:
    """Processes that the test's batches started and that are called so: number and name."""
    found = []
    mark = f"IMPASTO_TEST_FOLDER={folder}".encode()
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (each / "environ").read_bytes().split(b"\0"):
                title = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                found.append((int(each.name), title))
        except OSError:  # it ended
            continue
    return [(number, title) for number, title in found if name in title and title]


def test_a_killed_worker_loses_nothing_and_changes_nothing(folder):
    picture(folder / "in" / "007a.png", np.zeros((9, 13, 3), np.uint8))  # fails
    (folder / "in" / "011a.png").write_bytes(b"no picture")
    local = finish(start(folder, "local"))
    assert local[0] == 1, local[2]
    process = start(folder, "ray", *RAY)
    try:
        assert within(300, lambda: len(results(folder, "ray")) >= 3 or process.poll() is not None)
        working = workers_of(folder, "ray::MapWorker")
        os.kill(working[0][0], signal.SIGKILL)
    finally:
        code, rows, err = finish(process)
    assert code == 1, err
    assert results(folder, "ray") == results(folder, "local")
    assert len(results(folder, "ray")) == PICTURES

    def told(rows):
        names = ("input", "state", "message", "hint", "sha256", "seeds", "notes", "width")
        return sorted(([row[name] for name in names] for row in rows), key=str)

    assert told(rows) == told(local[1])
    assert [line for line in err.splitlines() if line.startswith("  in/007a.png: Step 1: Thirteen")]
    assert {path.name for path in (folder / "ray").glob(".*")} == {".impasto-batch.jsonl"}
    code, rows, err = finish(start(folder, "ray", *RAY, "--resume"))
    assert [row["state"] for row in rows].count("skipped") == PICTURES, err
    assert len(rows) == PICTURES + 2


def test_a_picture_that_kills_its_workers_is_given_up(folder):
    picture(folder / "in" / "001a.png", np.zeros((9, 17, 3), np.uint8))
    for number in range(4, PICTURES):
        (folder / "in" / f"{number:03d}.png").unlink()
    code, rows, err = finish(start(folder, f"file://{folder}/ray", *RAY))
    assert code == 1, err
    assert {Path(row["output"]).name: row["state"] for row in rows} == {
        "000.png": "done", "001.png": "done", "001a.png": "failed", "002.png": "done",
        "003.png": "done",
    }  # fmt: skip
    (failed,) = (row for row in rows if row["state"] == "failed")
    assert "3 workers were lost" in failed["message"]
    assert sorted(results(folder, "ray")) == ["000.png", "001.png", "002.png", "003.png"]


def test_a_stopped_batch_is_taken_up_by_either_engine(folder):
    process = start(folder, "ray", *RAY)
    assert within(300, lambda: len(results(folder, "ray")) >= 2 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    since = time.monotonic()
    code, rows, err = finish(process)
    assert time.monotonic() - since < 60
    assert code == 130, err
    assert 2 <= len(rows) < PICTURES
    assert len(results(folder, "ray")) == len(rows)
    code, again, err = finish(start(folder, "ray", "--resume"))
    assert code == 0, err
    states = [row["state"] for row in again]
    assert states.count("skipped") == len(rows)
    assert states.count("done") == PICTURES - len(rows)


def test_a_cluster_that_runs_is_joined_and_left_running(folder, address):
    for number in range(4, PICTURES):
        (folder / "in" / f"{number:03d}.png").unlink()
    ray = ("--engine", "ray", "--address", address)
    code, rows, err = finish(start(folder, "ray", *ray))
    assert code == 0, err
    assert [row["state"] for row in rows] == ["done"] * 4
    assert within(60, lambda: not workers_of(folder, "ray::MapWorker"))
    assert workers_of(folder, "raylet")
    code, rows, err = finish(start(folder, "ray", *ray, "--cpus", "5"))
    assert code == 1
    assert "No machine of the cluster has 5 processors" in err
