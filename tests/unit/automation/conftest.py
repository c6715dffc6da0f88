from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import studio
from studio.automation.services import services

DROPINS = Path(__file__).parents[2] / "dropins"


@pytest.fixture(autouse=True)
def _own_services(_own_folders):
    """Each test has folders of its own, and services that look into them; with the test plugin."""
    shutil.copy(DROPINS / "testkit.py", os.environ["IMPASTO_PLUGINS"])
    services.cache_clear()
    yield
    services.cache_clear()


@pytest.fixture
def pixels():
    """H x W x 4, opaque."""
    found = np.random.default_rng(5).integers(1, 255, (20, 30, 4), np.uint8)
    found[..., 3] = 255
    return found


@pytest.fixture
def picture(pixels):
    return studio.open(pixels)
