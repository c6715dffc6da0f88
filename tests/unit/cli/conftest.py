"""Running the command line in this process, with a plugin of known behaviour."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.cli import main

DROPINS = Path(__file__).parents[2] / "dropins"


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def error_lines(self):
        return [line for line in self.err.splitlines() if not line.startswith("Note:")]


@pytest.fixture
def impasto(capsys):
    """Run a command line; returns its exit code and what it printed."""

    def run(*arguments: object):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture
def testkit(monkeypatch):
    """The test plugin, dropped in."""
    folder = Path(os.environ["IMPASTO_PLUGINS"])
    shutil.copy(DROPINS / "testkit.py", folder)
    return folder


@pytest.fixture
def photo(tmp_path):
    """A small opaque picture: its path and its pixels, RGBA."""
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(5).integers(1, 255, (20, 30, 4), np.uint8)
    pixels[..., 3] = 255
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGR))
    return path, pixels
