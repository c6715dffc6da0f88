"""Ctrl+C at a terminal, in an operation that can end early."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
DROPINS = Path(__file__).parents[1] / "dropins"


def test_the_first_keeps_what_there_is(photo, tmp_path):
    folder = Path(os.environ["IMPASTO_PLUGINS"]) / "looks"
    shutil.copytree(DROPINS / "looks", folder)
    (folder / "pictures").mkdir()
    out = tmp_path / "out.png"
    command = [sys.executable, "-m", "studio", "run", "looks.brighten", str(photo[0])]
    command += ["-o", str(out), "--steps", "100000", "--device", "cpu"]
    leader, follower = os.openpty()
    with subprocess.Popen(command, stderr=follower, stdout=subprocess.DEVNULL) as process:
        os.close(follower)
        until(leader, rb"Step \d")
        process.send_signal(signal.SIGINT)
        drain(leader)
        code = process.wait(60)
    os.close(leader)
    assert code == 0
    found = cv2.imread(str(out), cv2.IMREAD_UNCHANGED).astype(int)
    before = cv2.cvtColor(photo[1], cv2.COLOR_RGBA2BGRA).astype(int)
    assert found.shape == before.shape
    rise = (found - before)[20:, :, :3]
    assert rise.min() >= 0
    assert 0 < rise.max() < 30_000


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
