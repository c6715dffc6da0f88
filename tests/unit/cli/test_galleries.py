"""Reference pictures on the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

DROPINS = Path(__file__).parents[2] / "dropins"


def save(path: Path, color: tuple[int, int, int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((8, 8, 3), color[::-1], np.uint8))
    return path


@pytest.fixture(autouse=True)
def looks():
    """The plugin with a gallery."""
    folder = Path(os.environ["IMPASTO_PLUGINS"]) / "looks"
    shutil.copytree(DROPINS / "looks", folder)
    save(folder / "pictures" / "red.png", (255, 0, 0))
    save(folder / "pictures" / "deep-blue.png", (0, 0, 255))


@pytest.fixture
def mix(impasto, photo, tmp_path):
    """Run it; returns what was printed and the color that came out."""

    def call(*flags: object):
        out = tmp_path / "out.png"
        found = impasto("run", "looks.mix", photo[0], "-o", out, "--overwrite", "--json", *flags)
        color = cv2.imread(str(out))[0, 0, ::-1].tolist() if found.code == 0 else None
        return found, color

    return call


def test_a_plain_file_simply_works(mix, tmp_path):
    path = save(tmp_path / "a b.png", (10, 200, 30))
    found, color = mix("--style", path)
    assert color == [10, 200, 30]
    assert json.loads(found.out)["record"]["parameters"]["style"] == [[str(path), 1.0]]


def test_the_flag_may_be_repeated_and_weighted(mix, tmp_path):
    path = save(tmp_path / "white.png", (255, 255, 255))
    _, color = mix("--style", "gallery:red*0.5", "--style", f"{path}*1.5")
    assert color == [255, 191, 191]
    _, same = mix("--style", f"gallery:red*0.5;{path}*1.5")
    assert same == color


def test_a_path_is_kept_absolute_so_that_the_recipe_replays(mix, tmp_path, monkeypatch):
    save(tmp_path / "here.png", (1, 2, 3))
    monkeypatch.chdir(tmp_path)
    found, _ = mix("--style", "here.png*2", "--ground", "here.png")
    given = json.loads(found.out)["record"]["parameters"]
    assert given["style"] == [[str(tmp_path / "here.png"), 2.0]]
    assert given["ground"] == str(tmp_path / "here.png")


def test_a_file_may_be_called_like_several(mix, tmp_path, monkeypatch):
    save(tmp_path / "a;b.png", (9, 9, 9))
    monkeypatch.chdir(tmp_path)
    assert mix("--style", "a;b.png")[1] == [9, 9, 9]


@pytest.mark.parametrize(
    ("flags", "problem", "hint"),
    [
        (("--style", "gone.png"), 'no file "gone.png"', "gallery:NAME"),
        (("--style", "gallery:red", "--style", "gone.png*2"), 'no file "gone.png"', "--style"),
        (("--style", "gallery:rad"), '"rad"', "gallery:red"),
        (("--ground", "gallery:rad"), '"rad"', "gallery:red"),
        (("--style", "gallery:red*0"), "above 0", "--style"),
        (("--plain", "gallery:red"), 'no file "gallery:red"', "a picture file."),
        (("--style", ";"), "no picture", "--style"),
    ],
)
def test_what_is_not_there_is_bad_usage_before_anything_runs(mix, tmp_path, flags, problem, hint):
    found, _ = mix(*flags)
    assert found.code == 2
    assert problem in found.err
    assert hint in found.err
    assert not (tmp_path / "out.png").exists()


def test_the_parameters_are_described(impasto):
    found = impasto("operations", "looks.mix")
    assert "a picture file or gallery:NAME, with *WEIGHT if wanted; may be repeated" in found.out
    assert 'Preset Warm: --style "gallery:red*0.5"' in found.out
    assert 'Preset Both: --style "gallery:red;gallery:deep-blue*3"' in found.out
    described = json.loads(impasto("operations", "looks.mix", "--json").out)
    assert [each["gallery"] for each in described["parameters"]] == ["looks", "looks", ""]
