from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from studio.host.services import build_services
from studio.server.app import create_app
from studio.server.options import ServerOptions

DROPINS = Path(__file__).parents[2] / "dropins"


@pytest.fixture
def serve(_own_folders):
    """A client of a server in this process: ``with serve(token=...) as client``."""
    shutil.copy(DROPINS / "testkit.py", os.environ["IMPASTO_PLUGINS"])

    @contextmanager
    def run(**options):
        server, guarded = create_app(build_services(), ServerOptions(device="cpu", **options))
        with TestClient(guarded, base_url="http://127.0.0.1:8765") as client:
            client.server = server
            yield client

    return run


@pytest.fixture
def client(serve):
    with serve() as found:
        yield found


@pytest.fixture
def pixels():
    """H x W x 4, opaque."""
    found = np.random.default_rng(5).integers(1, 255, (20, 30, 4), np.uint8)
    found[..., 3] = 255
    return found


@pytest.fixture
def photo(pixels):
    return encoded(cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGR))


def encoded(array):
    return bytes(cv2.imencode(".png", array)[1])


def decoded(answer):
    """H x W x 4 of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    array = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    code = cv2.COLOR_BGRA2RGBA if array.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(array, code)


@pytest.fixture
def png():
    """Between arrays and the files that are sent."""
    return encoded


@pytest.fixture
def picture_of():
    return decoded
