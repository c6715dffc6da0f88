"""A worker's side of a batch on a cluster, without a cluster: what it refuses, and what it answers."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from studio.api.errors import UserError
from studio.host.batch.items import Item, Outcome
from studio.host.batch.ledger import NAME, Entry
from studio.host.batch.ray_worker import COLUMN, Hand, outcome_of, to_json
from studio.host.batch.tally import Tally
from studio.host.batch.work import Work, Worker
from studio.host.recipes import OperationStep, Recipe
from studio.host.recipes.replay import Manner
from studio.host.services import build_services

DROPINS = Path(__file__).parents[3] / "dropins"
ITEM = Item("nowhere.png", "nowhere.png")


@pytest.fixture
def work(tmp_path):
    shutil.copy(DROPINS / "testkit.py", os.environ["IMPASTO_PLUGINS"])
    (tmp_path / NAME).touch()
    recipe = Recipe(name="Negative", steps=(OperationStep(operation="testkit.invert"),))
    return Work(
        recipe, str(tmp_path), Manner(device="cpu"), {"a.png": Entry("k", "s")}, resume=True
    )


def charge(work: Work, **other: object) -> str:
    services = build_services()
    base = Worker(work, services.runner.execute, services.registry, services.store).base
    return json.dumps({**json.loads(to_json(work, base, 1)), **other})


def answer(charge: str) -> Outcome:
    (row,) = Hand(charge, None)({COLUMN: [json.dumps({"source": "x.png", "output": "x.png"})]})[
        COLUMN
    ]
    return outcome_of(row)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"impasto": "0.0.1"}, "0.0.1 where the batch was started"),
        ({"base": "0" * 64}, "its plugins or models are not those"),
        ({"folder": "/no/such/folder"}, "is not shared with it"),
    ],
)
def test_a_worker_that_would_do_something_else_refuses(work, other, words):
    with pytest.raises(UserError, match=words) as caught:
        answer(charge(work, **other))
    assert "cannot do this batch" in caught.value.message
    assert caught.value.hint


def test_a_worker_without_the_plugin_or_the_model_refuses(work):
    told = charge(work)
    step = OperationStep(operation="testkit.invert", models={"gone": "00" * 32})
    recipe = replace(work, recipe=Recipe(steps=(step,))).recipe.model_dump(mode="json")
    with pytest.raises(UserError, match="needs the model gone, which is not here"):
        answer(json.dumps({**json.loads(told), "recipe": recipe}))
    (Path(os.environ["IMPASTO_PLUGINS"]) / "testkit.py").unlink()
    with pytest.raises(UserError, match=r"no operation testkit\.invert here"):
        answer(told)


def test_outcomes_survive_the_way_back():
    outcome = Outcome(
        Item("s3://b/a.png", "a.png", 7), "done", "k", "s", "p", (3, 4), 1.5, "", "", ("n",), (7,)
    )
    assert outcome_of(json.dumps(asdict(outcome))) == outcome
    failed = Outcome(ITEM, "failed", message="m", hint="h")
    assert outcome_of(json.dumps(asdict(failed))) == failed


def test_the_tally_counts_what_did_not_come_back():
    tally = Tally()
    assert [tally.begin("a"), tally.begin("a"), tally.begin("b")] == [0, 1, 0]
    tally.end("b")
    assert [tally.begin("b"), tally.begin("a")] == [0, 2]
