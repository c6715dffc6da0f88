from __future__ import annotations

import numpy as np
import pytest

from studio.api import UserError
from studio.document import Picture
from studio.host.jobs import JobState
from studio.host.requests import RunRequest
from studio.host.services import build_services, bundled_models

PLUGIN = """
from studio.api import Operation, Parameters, hookimpl
api_version = 1

def double(pixels, mask, parameters, context):
    return pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)

def size(parameters, width, height):
    return 2 * width, 2 * height

@hookimpl
def operations():
    return [Operation("serve.double", "Double", "T", "t.", Parameters, ":double", output="canvas",
                      output_size=size)]
"""


@pytest.fixture
def services(tmp_path):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "serve.py").write_text(PLUGIN)
    services = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    yield services
    services.jobs.close(20)


def request(side=10):
    picture = Picture.from_pixels(np.full((side, side, 4), 255, np.uint8))
    return RunRequest("serve.double", picture=picture, device="cpu")


def test_everything_a_window_or_a_command_needs_is_there(services):
    assert services.runner.execute(request()).size == (20, 20)
    assert services.jobs is services.jobs
    assert services.runner.networks is services.networks
    assert services.jobs.runner.networks is services.networks


def test_a_changed_limit_holds_for_the_queue_too(services):
    large = request(600)
    job = services.jobs.submit(large)
    assert services.jobs.wait(job, 20)
    assert job.state is JobState.DONE

    services.settings.update(max_megapixels=1)

    with pytest.raises(UserError, match="limit is 1"):
        services.runner.execute(large)
    job = services.jobs.retry(job)
    assert services.jobs.wait(job, 20)
    assert job.state is JobState.FAILED
    assert "limit is 1" in job.error.message


def test_disabled_plugins_stay_out(tmp_path, services):
    services.settings.update(disabled_plugins=("serve",))
    again = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    with pytest.raises(UserError, match="no operation"):
        again.registry.operation("serve.double")


def test_bundled_models_lie_in_the_resources():
    assert bundled_models().parent.is_dir()
