from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from studio.cli import main


@pytest.fixture
def impasto(capsys):
    """Run a command line; returns its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def test_a_file_that_was_brought_along_translates_both_ways(impasto, both, photo, tmp_path):
    path, _ = both
    code, out, _ = impasto("models", "import", path, "--json")
    assert code == 0
    assert json.loads(out)["task"] == "cyclegan"
    Image.fromarray(photo(50, 80)).save(tmp_path / "in.png")
    made = {}
    for direction in ("forward", "backward"):
        target = tmp_path / f"{direction}.png"
        code, _, errors = impasto(
            "run", "cyclegan.translate", tmp_path / "in.png", "-o", target,
            "--model", "day-and-night", "--direction", direction, "--size", "48", "--device", "cpu",
        )  # fmt: skip
        assert code == 0, errors
        made[direction] = np.asarray(Image.open(target))
        assert made[direction].shape[:2] == (50, 80)
    assert not np.array_equal(made["forward"], made["backward"])


def test_what_can_be_set_is_on_the_page(impasto):
    code, out, _ = impasto("run", "cyclegan.translate", "--help")
    assert code == 0
    for flag in ("--model", "--size", "--strength", "--detail", "--preserve-colors", "--direction"):
        assert flag in out


def test_the_trainer_is_offered(impasto):
    code, out, _ = impasto("train", "cyclegan", "--help")
    assert code == 0
    for word in ("--data", "--minutes", "--width"):
        assert word in out
