from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from studio.api import PluginError, UserError
from studio.document import Rect
from studio.host.models import ModelStore
from studio.host.plugins import discover
from studio.host.requests import RunRequest
from studio.host.runs import Runner

PLUGIN = """
from studio.api import Operation, Parameters, hookimpl, integer
api_version = 1

class P(Parameters):
    scale: int = integer(2, minimum=1, maximum=100000)

def size(parameters, width, height):
    return width * parameters.scale, height * parameters.scale

def broken(parameters, width, height):
    return width / 0

def halves(parameters, width, height):
    return width / 2, None

common = dict(menu="T", help="t.", parameters=P, function=".engine:run")

@hookimpl
def operations():
    return [
        Operation("limit.up", "Enlarge", output="canvas", output_size=size, **common),
        Operation("limit.fill", "Fill", selection="required", **common),
        Operation("limit.broken", "Broken", output="canvas", output_size=broken, **common),
        Operation("limit.halves", "Halves", output="canvas", output_size=halves, **common),
        Operation("limit.same", "Same", **common),
    ]
"""
ENGINE = """
def run(pixels, mask, parameters, context):
    return pixels
"""


@pytest.fixture
def runner(tmp_path: Path):
    folder = tmp_path / "plugins" / "limit"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PLUGIN)
    (folder / "engine.py").write_text(ENGINE)
    registry = discover(folder.parent)
    runner = Runner(registry, ModelStore(tmp_path / "m", tmp_path / "b", ()), max_pixels=1_000_000)
    yield runner
    engine = registry.plugin_of("limit.up").module.__name__ + ".engine"
    assert engine not in sys.modules, "the operation was imported before it was refused"


def refused(runner, operation, picture, match, **fields):
    with pytest.raises(UserError, match=match) as caught:
        runner.execute(RunRequest(operation, picture=picture, **fields))
    assert caught.value.hint
    return caught.value


def test_a_result_above_the_limit_names_both_sizes(runner, random_picture):
    error = refused(
        runner, "limit.up", random_picture(300, 400), "12 megapixels", parameters={"scale": 10}
    )
    assert "4000 x 3000" in error.message
    assert "limit is 1" in error.message


def test_a_try_counts_its_region_alone(runner, random_picture):
    error = refused(
        runner,
        "limit.up",
        random_picture(300, 400),
        "2 megapixels",
        parameters={"scale": 100},
        region=Rect(380, 290, 40, 50),
    )
    assert "2000 x 1000" in error.message


def test_a_result_that_cannot_fit_in_memory_says_how_much_it_needs(runner, random_picture):
    runner.max_pixels = 10**18
    error = refused(
        runner, "limit.up", random_picture(300, 400), "GB of memory", parameters={"scale": 100000}
    )
    assert "GB is free" in error.message


def test_what_is_missing_is_named(runner, random_picture):
    refused(runner, "limit.up", None, "needs a picture")
    refused(runner, "limit.fill", random_picture(), "nothing is")
    refused(runner, "limit.same", random_picture(), "outside", region=Rect(500, 500, 10, 10))
    refused(runner, "limit.same", random_picture(), "outside", region=Rect(5, 5, 0, 10))
    refused(runner, "limit.same", random_picture(), "no layer", layer="gone")


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_that_no_generator_takes_is_refused(runner, random_picture, seed):
    refused(runner, "limit.same", random_picture(), f"seed {seed}", seed=seed)


def test_parameters_and_names_are_checked_first(runner, random_picture):
    refused(runner, "limit.up", random_picture(), "Parameters", parameters={"scale": 0})
    refused(runner, "limit.upp", random_picture(), "no operation limit.upp")


@pytest.mark.parametrize("name", ["broken", "halves"])
def test_a_size_that_cannot_be_told_is_the_plugins_fault(runner, random_picture, name):
    with pytest.raises(PluginError, match="size"):
        runner.execute(RunRequest(f"limit.{name}", picture=random_picture()))


def test_a_device_that_is_not_there_is_named(runner, random_picture):
    refused(runner, "limit.same", random_picture(), "no device cuda:99", device="cuda:99")


def test_deep_pictures_need_more(runner, random_picture):
    from studio.host.limits import estimated_bytes

    up = runner.registry.operation("limit.up")
    sizes = [
        estimated_bytes(up, 1000, layers, np.dtype(d).itemsize)
        for layers, d in ((1, "u1"), (1, "u2"), (3, "u2"))
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1000 * (3 * 4 + 2 * 4)
