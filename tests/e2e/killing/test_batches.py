"""A batch that is killed goes on: nothing that was finished is done again, and nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.host.recipes import EditStep, OperationStep, Recipe, write_recipe

RECIPE = Recipe(
    name="Soft",
    steps=(
        OperationStep(operation="adjustments.invert"),
        OperationStep(operation="adjustments.gaussian-blur", parameters={"radius": 2.0}),
        EditStep(edit="flip", values={"axis": "horizontal"}),
    ),
)


def batch(folder: Path, *more: str, read: bool = True) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "studio", "batch", "soft.toml", "in", "-o", "out", "--json"]
    return subprocess.Popen(
        [*command, "--device", "cpu", *more],
        cwd=folder,
        # A pipe that nobody empties would hold it up.
        stdout=subprocess.PIPE if read else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def results(folder: Path) -> dict[str, tuple[int, int]]:
    """Every finished file, and what would change if it were written again."""
    found = {}
    for path in (folder / "out").glob("[!.]*.png"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_mtime_ns)
    return found


def killed(folder: Path, count: int, *more: str) -> dict[str, tuple[int, int]]:
    """Kill a batch once ``count`` results are there; those that are there then."""
    process = batch(folder, *more, read=False)
    try:
        while len(results(folder)) < count:
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return results(folder)


def go(folder: Path, pictures: int, kills: list[int]) -> None:
    (folder / "in").mkdir()
    rng = np.random.default_rng(3)
    for number in range(pictures):
        pixels = rng.integers(0, 255, (120, 160, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "in" / f"{number:03d}.png", compress_level=1)
    write_recipe(folder / "soft.toml", RECIPE)
    before: dict[str, tuple[int, int]] = {}
    for number, count in enumerate(kills):
        after = killed(folder, count, *(["--resume"] if number else []))
        assert before.items() <= after.items(), "what was finished was written again"
        assert len(after) < pictures
        before = after
    process = batch(folder, "--resume")
    out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    skipped = {Path(line["output"]).name for line in lines if line["state"] == "skipped"}
    assert skipped == set(before)
    assert sorted(Path(line["input"]).name for line in lines) == [
        f"{number:03d}.png" for number in range(pictures)
    ]
    assert before.items() <= results(folder).items()
    assert sorted(results(folder)) == [f"{number:03d}.png" for number in range(pictures)]
    for path in (folder / "out").glob("[!.]*.png"):
        with Image.open(path) as image:
            image.load()  # whole
    left = {path.name for path in (folder / "out").iterdir()} - set(results(folder))
    assert left == {".impasto-batch.jsonl"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_batch_goes_on(tmp_path):
    go(tmp_path, 30, [6])


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_batch_of_500_pictures_survives_being_killed_again_and_again(tmp_path):
    go(tmp_path, 500, [3, 60, 200, 201, 420])
