"""Ctrl+C at a terminal, in an operation that can end early."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
DROPINS = Path(__file__).parents[1] / "dropins"
Ctrl = Callable[[int, bool], tuple[int, Path]]


@pytest.fixture
def interrupted(photo, tmp_path) -> Ctrl:
    """Run at a terminal, or not, and press Ctrl+C so many times; the exit code and the output."""
    folder = Path(os.environ["IMPASTO_PLUGINS"]) / "looks"
    shutil.copytree(DROPINS / "looks", folder)
    (folder / "pictures").mkdir()
    out = tmp_path / "out.png"
    command = [sys.executable, "-m", "studio", "run", "looks.brighten", str(photo[0])]
    command += ["-o", str(out), "--steps", "100000", "--device", "cpu"]

    def run(times: int, terminal: bool) -> tuple[int, Path]:
        leader, follower = os.openpty()
        error = follower if terminal else subprocess.DEVNULL
        with subprocess.Popen(command, stderr=error, stdout=subprocess.DEVNULL) as process:
            os.close(follower)
            if terminal:
                until(leader, rb"Step \d")
            else:
                time.sleep(6)
            process.send_signal(signal.SIGINT)
            if times > 1:
                process.send_signal(signal.SIGINT)
            if terminal:
                drain(leader)
            code = process.wait(30)
        os.close(leader)
        return code, out

    return run


def until(terminal: int, pattern: bytes) -> None:
    """Read what is printed until it matches."""
    seen, deadline = b"", time.monotonic() + 60
    while not re.search(pattern, seen):
        assert time.monotonic() < deadline, seen
        seen += os.read(terminal, 4096)


def drain(terminal: int) -> None:
    """Read to the end, so that the program never waits for its terminal."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # how Linux tells that the other side is closed
        return


def test_the_first_keeps_what_there_is(interrupted: Ctrl, photo):
    code, out = interrupted(1, True)
    assert code == 0
    found = cv2.imread(str(out), cv2.IMREAD_UNCHANGED).astype(int)
    before = cv2.cvtColor(photo[1], cv2.COLOR_RGBA2BGRA).astype(int)
    assert found.shape == before.shape
    rise = (found - before)[20:, :, :3]
    assert rise.min() >= 0
    assert 0 < rise.max() < 30_000


def test_outside_a_terminal_it_cancels(interrupted: Ctrl):
    code, out = interrupted(1, False)
    assert code == 130
    assert not out.exists()
