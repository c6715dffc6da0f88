"""Batches: names, what is skipped, what fails, what is entered, and what is watched."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.files.documents import recipe_of
from studio.host.batch import batch as batches
from studio.host.batch.batch import Order, Tools, run_batch
from studio.host.batch.engines import Watcher
from studio.host.batch.items import Found, check_template, find_pictures, plan
from studio.host.batch.ledger import NAME, FolderLedger
from studio.host.batch.report import write_report
from studio.host.recipes import EditStep, OperationStep, Recipe
from studio.host.recipes.replay import Manner

COUNTING = """
    def count(pixels, mask, parameters, context):
        calls.append(float(pixels.mean()))
        if pixels.shape[3] == 13:
            raise UserError("Thirteen is too unlucky.", "Crop it.")
        if pixels.shape[3] == 14:
            raise ValueError("fourteen")
        return 1 - pixels
"""
COUNT = Recipe(name="Count", steps=(OperationStep(operation="t.count"),))


@pytest.fixture
def probe(host):
    return host(COUNTING, count={})


@pytest.fixture
def tools(probe):
    return Tools(probe.runner.execute, probe.runner.registry, probe.runner.store)


def picture(path: Path, value: int = 100, width: int = 12, height: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), value, np.uint8)).save(path)
    return path


@pytest.fixture
def order(tmp_path):
    for number in range(4):
        picture(tmp_path / "in" / f"{number}.png", 40 + number)
    manner = Manner(device="cpu", precision="float32")
    return Order(COUNT, (tmp_path / "in",), tmp_path / "out", manner=manner)


def states(summary):
    return [outcome.state for outcome in summary.outcomes]


def test_pictures_are_found_in_folders_and_keep_theirs(tmp_path):
    for name in ("b.png", "a.jpg", "deep/er/c.webp", "out/done.png", ".hidden/x.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    found = find_pictures([tmp_path / "b.png", tmp_path], tmp_path / "out")
    assert [(each.path.name, each.folder) for each in found] == [
        ("b.png", ""), ("a.jpg", ""), ("c.webp", "deep/er"),
    ]  # fmt: skip
    items = plan(found, "{number:03d}-{name}-{recipe}.{ext}", "So/ft")
    assert [item.output for item in items] == [
        "001-b-So-ft.png", "002-a-So-ft.jpg", "deep/er/003-c-So-ft.webp",
    ]  # fmt: skip
    assert plan([Found(Path("x.psd"))], "{name}.{ext}", "r")[0].output == "x.png"
    with pytest.raises(UserError, match="no file or folder"):
        find_pictures([tmp_path / "nowhere"], tmp_path / "out")


@pytest.mark.parametrize(
    "template", ["{name}", "{nmae}.png", "{name", "../{name}.png", "/{name}.png", "{name.x}.png",
                 "{name}.exe", "{0}.png"],
)  # fmt: skip
def test_templates_that_cannot_work_are_refused(template):
    with pytest.raises(UserError) as caught:
        check_template(template)
    assert caught.value.hint


def test_results_never_take_the_place_of_each_other_or_of_inputs(order, tools, tmp_path):
    picture(tmp_path / "in" / "deep" / "0.png")
    one = replace(order, inputs=(tmp_path / "in" / "0.png", tmp_path / "in" / "deep" / "0.png"))
    with pytest.raises(UserError, match="would both become 0.png"):
        run_batch(one, tools)
    with pytest.raises(UserError, match="overwrite the input"):
        run_batch(
            replace(order, folder=tmp_path / "in", inputs=(tmp_path / "in" / "0.png",)), tools
        )
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no pictures"):
        run_batch(replace(order, inputs=(tmp_path / "empty",)), tools)


def test_every_picture_is_done_and_what_fails_stops_none(order, tools, tmp_path):
    (tmp_path / "in" / "1a.png").write_bytes(b"no picture")
    picture(tmp_path / "in" / "2a.png", width=13)
    picture(tmp_path / "in" / "2b.png", width=14)
    summary = run_batch(order, tools)
    assert states(summary) == ["done", "done", "failed", "done", "failed", "failed", "done"]
    messages = [outcome.message for outcome in summary.of("failed")]
    assert "1a.png" in messages[0]
    assert messages[1] == "Thirteen is too unlucky."
    assert "fourteen" in messages[2]
    for number in range(4):
        pixels = np.asarray(Image.open(tmp_path / "out" / f"{number}.png"))
        assert set(np.unique(pixels[..., :3])) == {255 - 40 - number}
    (record,) = recipe_of(tmp_path / "out" / "0.png")
    assert record["operation"] == "t.count"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [NAME, "0.png", "1.png", "2.png", "3.png"]


def test_resuming_does_what_is_missing_or_has_changed(order, tools, probe, tmp_path):
    run_batch(order, tools)
    calls = probe.module.calls
    again = replace(order, resume=True)

    def redone(order=again):
        calls.clear()
        return states(run_batch(order, tools)), len(calls)

    assert redone() == (["skipped"] * 4, 0)
    (tmp_path / "out" / "1.png").unlink()
    assert redone() == (["skipped", "done", "skipped", "skipped"], 1)
    picture(tmp_path / "in" / "2.png", 77)
    picture(tmp_path / "in" / "4.png", 78)
    assert redone() == (["skipped", "skipped", "done", "skipped", "done"], 2)
    other = Recipe(name="Count", steps=(OperationStep(operation="t.count", seed=1),))
    assert redone(replace(again, recipe=other))[1] == 5
    assert redone(replace(again, recipe=other, new_seeds=True))[1] == 5
    assert redone(replace(order, recipe=other))[1] == 5  # without --resume


def test_files_of_others_are_left_alone(order, tools, tmp_path):
    picture(tmp_path / "out" / "2.png", 1)
    before = (tmp_path / "out" / "2.png").read_bytes()
    summary = run_batch(order, tools)
    assert states(summary) == ["done", "done", "failed", "done"]
    assert "that no batch made" in summary.outcomes[2].message
    assert (tmp_path / "out" / "2.png").read_bytes() == before
    picture(tmp_path / "out" / "3.png", 1)  # a result that somebody worked on
    assert states(run_batch(replace(order, resume=True), tools)).count("failed") == 2
    assert states(run_batch(replace(order, overwrite=True), tools)) == ["done"] * 4


def test_an_entry_without_its_file_and_half_a_line_cost_nothing(order, tools, tmp_path):
    run_batch(order, tools)
    ledger = tmp_path / "out" / NAME
    ledger.write_bytes(ledger.read_bytes()[:-20])
    (tmp_path / "out" / ".impasto-partial-1.png").write_bytes(b"half")
    summary = run_batch(replace(order, resume=True, overwrite=True), tools)
    assert states(summary) == ["skipped"] * 3 + ["done"]
    assert states(run_batch(replace(order, resume=True), tools)) == ["skipped"] * 4
    assert not list((tmp_path / "out").glob(".impasto-partial*"))


def test_two_batches_do_not_write_into_one_folder(order, tools):
    with FolderLedger(order.folder), pytest.raises(UserError, match="Another batch"):
        run_batch(order, tools)
    assert states(run_batch(order, tools)) == ["done"] * 4


def test_stopping_keeps_what_is_finished(order, tools):
    class Enough(Watcher):
        done = 0

        def finished(self, outcome):
            self.done += 1

        def cancelled(self):
            return self.done >= 1

    summary = run_batch(order, tools, Enough())
    assert summary.cancelled
    kept = len(summary.of("done"))
    assert 1 <= kept < 4
    again = run_batch(replace(order, resume=True), tools)
    assert len(again.of("skipped")) == kept
    assert not again.of("failed")


def test_reports(order, tools, tmp_path):
    picture(tmp_path / "in" / "9=.png", width=13)
    summary = run_batch(replace(order, new_seeds=True), tools)
    for name in ("r.csv", "r.json"):
        write_report(tmp_path / name, COUNT, order.folder, summary)
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    whole = json.loads((tmp_path / "r.json").read_text())
    assert [row["state"] for row in rows] == ["done"] * 4 + ["failed"]
    assert rows[4]["hint"] == "Crop it."
    assert (whole["done"], whole["failed"], whole["recipe_sha256"]) == (4, 1, COUNT.digest)
    seeds = {each["seeds"][0] for each in whole["pictures"] if each["state"] == "done"}
    assert len(seeds) == 4
    assert Path(rows[0]["output"]).is_file()


def test_layers_stay_layers_in_openraster(tools, tmp_path):
    picture(tmp_path / "a.png")
    recipe = Recipe(steps=(EditStep(edit="flip", values={"axis": "vertical"}),))
    order = Order(recipe, (tmp_path / "a.png",), tmp_path / "out", "{name}.ora")
    assert states(run_batch(order, tools)) == ["done"]
    assert (tmp_path / "out" / "a.ora").is_file()


def test_a_watched_folder(order, tools, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "POLL", 0.05)
    enough = threading.Event()

    class Visitor(Watcher):
        names: list[str] = []  # noqa: RUF012 - of one test

        def finished(self, outcome):
            self.names.append(f"{Path(outcome.item.source).name} {outcome.state}")
            if len(self.names) == 4:
                picture(tmp_path / "in" / "late.png")
                picture(tmp_path / "in" / "0.png", 3)
            if len(self.names) == 6:
                enough.set()

        def cancelled(self):
            return enough.is_set()

    visitor = Visitor()
    with pytest.raises(UserError, match="number"):
        run_batch(replace(order, watch=True, template="{number}.png"), tools)
    run_batch(replace(order, watch=True), tools, visitor)
    assert sorted(visitor.names[4:]) == ["0.png done", "late.png done"]
