from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio import api
from studio.api import hookspecs, parameters
from studio.document import Picture, composite
from studio.host.declarations import TRAINER_FLAGS
from studio.host.requests import RunRequest
from studio.host.services import build_services
from studio.nn import loops, training

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE)


def public_names() -> Iterator[str]:
    """Everything an author can name: hooks, fields, functions, methods."""
    yield from (name for name, hook in vars(hookspecs).items() if hasattr(hook, "impasto_spec"))
    for record in (
        *(api.Operation, api.Preset, api.Pixels, api.Recognised, api.CheckpointLoader),
        *(api.Gallery, api.Trainer, api.Folder, api.FollowUp, api.Sketch),
    ):
        yield from (field.name for field in dataclasses.fields(record))
    for model in (api.ModelCard, api.ModelFile):
        yield from model.model_fields
    yield from (name for name in vars(api.Context) if not name.startswith("_"))
    yield from parameters.RESERVED
    yield from TRAINER_FLAGS
    yield from (name for name in api.__all__ if name != "Context")


def training_names() -> Iterator[str]:
    """What a recipe can name of the bench and of the loop."""
    yield from (name for name in vars(training.TrainingContext) if not name.startswith("_"))
    yield from training.TrainingContext.__annotations__
    yield from (name for name in vars(loops.Learner) if not name.startswith("_"))
    for record in (training.Trained, loops.Schedule, loops.Validation, loops.Fitted):
        yield from (field.name for field in dataclasses.fields(record))


@pytest.mark.parametrize("name", sorted({*public_names(), *training_names()}))
def test_the_guide_mentions(name: str):
    assert re.search(rf"[`@.]{name}\b", GUIDE), f"plugins/README.md does not mention {name}"


@pytest.mark.parametrize(
    "function",
    [
        api.number,
        api.integer,
        api.boolean,
        api.choice,
        api.text,
        api.option,
        api.model,
        api.picture,
        api.pictures,
        api.color,
        api.curve,
        api.levels,
    ],
    ids=lambda function: function.__name__,
)
def test_the_guide_mentions_every_argument_of(function: object):
    assert callable(function)
    for name in inspect.signature(function).parameters:
        if name not in {"titles", "task"}:  # shown in the guide by position
            assert f"`{name}`" in GUIDE, f"plugins/README.md does not mention {name}"


@pytest.mark.parametrize("method", ["network", "prepare", "tiled", "progress", "part", "card"])
def test_the_guide_mentions_every_argument_of_the_context(method: str):
    for name in list(inspect.signature(getattr(api.Context, method)).parameters)[1:]:
        assert re.search(rf"[`(,] ?{name}\b", GUIDE), f"plugins/README.md does not mention {name}"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The first example, saved as the guide says; its source."""
    source = code_blocks("python")[0]
    (tmp_path / "invert.py").write_text(source)
    monkeypatch.setenv("IMPASTO_PLUGINS", str(tmp_path))
    return source


def test_the_first_example_is_a_plugin_of_ten_lines(example: str):
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    registry = build_services().registry
    assert not [failure for failure in registry.failures if failure.name == "invert"]
    operation = registry.operation("invert.apply")
    invert = registry.function(operation)
    half = api.validate(operation.parameters, {"strength": 0.5})
    assert invert(0.2, None, operation.parameters(), None) == pytest.approx(0.8)
    assert invert(0.2, None, half, None) == pytest.approx(0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_first_example_runs(example: str, dtype: type[np.unsignedinteger[Any]]):
    top = np.iinfo(dtype).max
    random = np.random.default_rng(0)
    pixels = random.integers(0, top, (70, 300, 4), dtype=dtype, endpoint=True)
    picture = Picture.from_pixels(pixels)
    result = build_services().runner.execute(RunRequest("invert.apply", {}, picture))
    after = composite(result.after())
    visible = pixels[..., 3] > 0
    assert np.array_equal(after[..., 3], pixels[..., 3])
    assert np.array_equal(after[visible][:, :3], top - pixels[visible][:, :3])
    assert result.record["parameters"] == {"strength": 1.0}


def test_the_example_of_a_card_is_a_card(tmp_path: Path):
    (table,) = [block for block in code_blocks("toml") if "my-upscaler" in block]
    (tmp_path / "models.toml").write_text(table)
    (card,) = api.read_cards(tmp_path / "models.toml")
    assert (card.id, card.files[0].bytes) == ("my-upscaler-x2", 1200000)


def test_the_other_examples_are_python():
    for block in code_blocks("python"):
        compile(block, "plugins/README.md", "exec")
