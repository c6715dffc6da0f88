"""A bench with a trainer that really trains: twelve numbers learn to invert colors."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.host.services import build_services

DROPINS = Path(__file__).parents[3] / "dropins"


def save_pictures(folder, count, side=16, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for number in range(count):
        pixels = random.integers(0, 255, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def until(condition, seconds=60):
    """Wait for a condition, such as a step of a training."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


@pytest.fixture
def photos(tmp_path):
    """Ten pictures of noise."""
    return save_pictures(tmp_path / "photos", 10)


@pytest.fixture
def services():
    """Services of this test's user, with the tiny trainer dropped in."""
    shutil.copy(DROPINS / "tinytrain.py", os.environ["IMPASTO_PLUGINS"])
    made = build_services()
    yield made
    made.training.close()


@pytest.fixture
def bench(services):
    return services.training
