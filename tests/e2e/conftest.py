"""Running the program as a user does: in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

DROPINS = Path(__file__).parents[1] / "dropins"


@pytest.fixture
def impasto(tmp_path):
    """Run ``python -m studio`` and return the finished process, its output as text."""

    def run(*arguments: object, folder=tmp_path):
        return subprocess.run(
            [sys.executable, "-m", "studio", *(str(argument) for argument in arguments)],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture
def testkit():
    """The test plugin, dropped into the user's folder."""
    folder = Path(os.environ["IMPASTO_PLUGINS"])
    shutil.copy(DROPINS / "testkit.py", folder)
    return folder


@pytest.fixture
def photo(tmp_path):
    """A picture with soft transparency, 16 bits: its path and its pixels."""
    pixels = np.random.default_rng(5).integers(0, 65536, (48, 64, 4)).astype(np.uint16)
    pixels[:10, :, 3] = 0
    pixels[20:, :, 3] = 65535
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))
    return path, pixels
