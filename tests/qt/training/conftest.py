"""The window with a trainer that really trains, and pictures to train it on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DROPINS = Path(__file__).parents[2] / "dropins"


@pytest.fixture
def plugins(plugins: Path) -> Path:
    """With the tiny trainer beside the others."""
    shutil.copy(DROPINS / "tinytrain.py", plugins)
    return plugins


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six pictures of noise."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(6):
        pixels = random.integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder
