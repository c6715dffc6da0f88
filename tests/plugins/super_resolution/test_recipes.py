"""A recipe whose step needs a network: the models that ran are the recipe's, or none was named."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.document import Picture, composite
from studio.host.recipes import OperationStep, Recipe
from studio.host.recipes.export import step_of_record
from studio.host.recipes.replay import Manner, replay
from studio.host.requests import RunRequest
from studio.host.services import build_services

OPERATION = "super-resolution.upscale"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return build_services(home / "config", home / "plugins", home / "models")


@pytest.fixture(scope="module")
def picture():
    pixels = np.random.default_rng(1).integers(0, 255, (12, 16, 4), np.uint8)
    pixels[..., 3] = 255
    return Picture.from_pixels(pixels)


def test_models_are_those_of_the_recipe(services, picture):
    manner = Manner(device="cpu", precision="float32")
    request = RunRequest(OPERATION, picture=picture, device="cpu", precision="float32")
    result = services.runner.execute(request)
    recorded = step_of_record(result.record)
    assert recorded.models

    def play(step, manner=manner):
        recipe = Recipe(steps=(step,))
        return replay(recipe, picture, services.runner.execute, services.store, manner).picture

    expected = composite(result.after())
    np.testing.assert_array_equal(composite(play(recorded)), expected)
    np.testing.assert_array_equal(composite(play(OperationStep(operation=OPERATION))), expected)
    other = recorded.model_copy(update={"models": {"some-other-model": "00" * 32}})
    with pytest.raises(UserError, match="which the recipe does not know"):
        play(other)
    np.testing.assert_array_equal(
        composite(play(other, Manner("cpu", "float32", other_models=True))), expected
    )
