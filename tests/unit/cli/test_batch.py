"""``impasto batch``: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest

from studio.host.recipes import EditStep, OperationStep, Recipe, write_recipe

pytestmark = pytest.mark.usefixtures("testkit")

INVERT = Recipe(
    name="Negative",
    notes=("Steps that a recipe cannot hold: Brush.",),
    steps=(
        OperationStep(operation="testkit.invert"),
        EditStep(edit="image-size", values={"longest": 15}),
    ),
)


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "negative.toml"
    write_recipe(path, INVERT)
    return path


@pytest.fixture
def folder(tmp_path, photo):
    inside = tmp_path / "in"
    inside.mkdir()
    for name in ("a.png", "b.png"):
        (inside / name).write_bytes(photo[0].read_bytes())
    return inside


def test_a_folder_is_done(impasto, recipe, folder, tmp_path):
    out = tmp_path / "out"
    found = impasto("batch", recipe, folder, "-o", out, "--template", "{name}-{recipe}.{ext}")
    assert found.code == 0
    assert [line.split("  ")[0] for line in found.out.splitlines()] == [
        str(out / "a-Negative.png"), str(out / "b-Negative.png"),
    ]  # fmt: skip
    assert found.err.splitlines()[-1].startswith("Negative: 2 done, 0 skipped, 0 failed, in ")
    assert "leaves something out" in found.err
    assert cv2.imread(str(out / "a-Negative.png")).shape == (10, 15, 3)
    again = impasto("batch", recipe, folder, "-o", out, "--resume", "--json",
                    "--template", "{name}-{recipe}.{ext}")  # fmt: skip
    assert [json.loads(line)["state"] for line in again.out.splitlines()] == ["skipped"] * 2


def test_failures_are_listed_at_the_end_and_reported(impasto, recipe, folder, tmp_path):
    (folder / "a0.png").write_bytes(b"no picture")
    report = tmp_path / "report.csv"
    found = impasto("batch", recipe, folder, "-o", tmp_path / "out", "--report", report)
    assert found.code == 1
    assert len(found.out.splitlines()) == 2
    lines = found.err.splitlines()
    at = lines.index("Failed:")
    assert lines[at + 1].startswith(f"  {folder / 'a0.png'}: ")
    assert "2 done, 0 skipped, 1 failed" in lines[-1]
    assert [line.split(",")[2] for line in report.read_text().splitlines()[1:]] == [
        "done", "failed", "done",
    ]  # fmt: skip


def test_new_seeds_differ(impasto, recipe, folder, tmp_path):
    found = impasto("batch", recipe, folder, "-o", tmp_path / "out", "--new-seeds", "--json")
    seeds = [json.loads(line)["seeds"] for line in found.out.splitlines()]
    assert seeds[0] != seeds[1]
    assert [0] not in seeds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recipe = 9", "of version 9"),
        ('recipe = 1\n[[steps]]\noperation = "testkit.gone"\nplugin = "kit"', "testkit.gone"),
        ('recipe = 1\n[[steps]]\noperation = "testkit.invert"\n[steps.models]\nm = "0"', "model m"),
        ("photo", "cannot be read"),
    ],
)
def test_recipes_that_cannot_be_replayed_are_bad_usage(impasto, folder, tmp_path, text, words):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    found = impasto("batch", path, folder, "-o", tmp_path / "out")
    assert found.code == 2
    assert words in found.error_lines[0]
    assert found.error_lines[1].startswith("Hint: ")
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_hash_is_refused_unless_allowed(impasto, folder, tmp_path, monkeypatch):
    weights = tmp_path / "tiny.safetensors"
    weights.write_bytes(b"weights of the test model")
    monkeypatch.setenv("TESTKIT_WEIGHTS", str(weights))
    step = OperationStep(operation="testkit.invert", models={"tiny": "00" * 32})
    path = tmp_path / "old.toml"
    write_recipe(path, Recipe(name="Old", steps=(step,)))
    refused = impasto("batch", path, folder, "-o", tmp_path / "out")
    assert refused.code == 2
    assert "is not the one that the recipe was made with" in refused.error_lines[0]
    allowed = impasto("batch", path, folder, "-o", tmp_path / "out", "--other-models")
    assert allowed.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--template", "{name}"],
        ["--report", "r.xlsx"],
        ["--engine", "steam"],
        ["--watch", "--template", "{number}.png"],
        ["--workers", "2"],
        ["--engine", "ray", "--workers", "0"],
    ],
)
def test_bad_usage(impasto, recipe, folder, tmp_path, arguments):
    found = impasto("batch", recipe, folder, "-o", tmp_path / "out", *arguments)
    assert found.code == 2
    assert not (tmp_path / "out").exists()


def test_without_ray_its_engine_says_how_to_get_it(impasto, recipe, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    found = impasto("batch", recipe, folder, "-o", tmp_path / "out", "--engine", "ray")
    assert found.code == 1
    assert "needs Ray" in found.error_lines[0]
    assert 'pip install "impasto[cluster]"' in found.error_lines[1]
    assert not (tmp_path / "out").exists()


def test_addresses_work_from_the_command_line(impasto, recipe, folder, tmp_path):
    out = f"file://{tmp_path}/out"
    found = impasto("batch", recipe, f"file://{folder}", "-o", out, "--threads", "1")
    assert found.code == 0, found.err
    assert [line.split("  ")[0] for line in found.out.splitlines()] == [
        f"{out}/a.png", f"{out}/b.png",
    ]  # fmt: skip
    assert cv2.imread(str(tmp_path / "out" / "a.png")).shape == (10, 15, 3)


def test_results_are_the_same_as_of_a_run(impasto, folder, tmp_path):
    path = tmp_path / "plain.toml"
    write_recipe(path, Recipe(steps=(OperationStep(operation="testkit.invert"),)))
    impasto("run", "testkit.invert", folder / "a.png", "-o", tmp_path / "one.png")
    impasto("batch", path, folder / "a.png", "-o", tmp_path / "out")
    one, two = (cv2.imread(str(p)) for p in (tmp_path / "one.png", tmp_path / "out" / "a.png"))
    np.testing.assert_array_equal(one, two)
