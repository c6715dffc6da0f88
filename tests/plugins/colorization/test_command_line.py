"""Coloring files: hints, metadata, profiles, gray files and variations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import color

from studio.cli import main
from studio.files.profiles import named_profiles

Array = np.ndarray[Any, Any]
Impasto = Callable[..., tuple[int, str, str]]


@pytest.fixture
def impasto(capsys: pytest.CaptureFixture[str], model_file: Path) -> Impasto:
    """Run a command line with the tiny model imported; returns code and what it printed."""
    assert main(["models", "import", str(model_file)]) == 0

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def colorize(impasto: Impasto, model_file: Path) -> Impasto:
    return lambda *arguments: impasto(
        "run", "colorization.colorize", *arguments, "--model", model_file.stem, "--device", "cpu"
    )


def lab_of(path: Path) -> Array:
    found: Array = color.rgb2lab(np.asarray(Image.open(path).convert("RGB")) / 255)
    return found


def test_a_gray_file_comes_out_in_color(
    colorize: Impasto, photo: Callable[..., Array], tmp_path: Path
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(photo(60, 90)[..., 0]).save(source)
    code, _, errors = colorize(source, "-o", target)
    assert code == 0, errors
    with Image.open(target) as made:
        assert made.mode == "RGB"
    given, found = lab_of(source), lab_of(target)
    assert np.abs(given[..., 0] - found[..., 0]).max() < 0.5
    assert np.abs(found[..., 1:]).mean() > 2


def test_hints_are_followed(colorize: Impasto, photo: Callable[..., Array], tmp_path: Path) -> None:
    source, target, hints = (tmp_path / name for name in ("in.png", "out.png", "hints.png"))
    gray = np.clip(photo(80, 120), 100, 160)
    Image.fromarray(gray).save(source)
    dabs = np.zeros((80, 120, 4), np.uint8)
    dabs[18:23, 28:33] = (200, 60, 60, 255)
    dabs[58:63, 88:93] = (60, 90, 190, 255)
    Image.fromarray(dabs, "RGBA").save(hints)
    code, _, errors = colorize(source, "-o", target, "--hints", hints)
    assert code == 0, errors
    found = lab_of(target)
    wanted = color.rgb2lab(np.array([[[200, 60, 60], [60, 90, 190]]]) / 255)[0]
    for (row, column), ab in zip(((20, 30), (60, 90)), wanted[:, 1:], strict=True):
        there = found[row, column, 1:]
        assert there @ ab / (np.linalg.norm(there) * np.linalg.norm(ab)) > 0.97, "another hue"
        assert np.linalg.norm(there) > 0.6 * np.linalg.norm(ab)
    assert np.abs(found[..., 0] - lab_of(source)[..., 0]).max() < 0.5


@pytest.mark.parametrize("kind", ["size", "opaque", "empty", "missing"])
def test_hints_that_are_none_are_bad_usage(
    colorize: Impasto, photo: Callable[..., Array], tmp_path: Path, kind: str
) -> None:
    source, hints = tmp_path / "in.png", tmp_path / "hints.png"
    Image.fromarray(photo(40, 50)).save(source)
    pixels = np.zeros((40, 50, 4) if kind != "size" else (50, 40, 4), np.uint8)
    pixels[3:5, 3:5] = 255 if kind == "size" else 0
    if kind == "opaque":
        pixels[:] = 255
    if kind != "missing":
        Image.fromarray(pixels, "RGBA").save(hints)
    code, _, errors = colorize(source, "-o", tmp_path / "out.png", "--hints", hints)
    assert code == (1 if kind == "missing" else 2)
    assert "hints" in errors
    assert not (tmp_path / "out.png").exists()


def test_variations_are_files_that_differ(
    colorize: Impasto, photo: Callable[..., Array], tmp_path: Path
) -> None:
    source, folder = tmp_path / "in.png", tmp_path / "out"
    Image.fromarray(photo(60, 90)).save(source)
    code, _, errors = colorize(source, "-o", folder, "--variations", 3)
    assert code == 0, errors
    made = [lab_of(path) for path in sorted(folder.iterdir())]
    assert len(made) == 3
    for number, each in enumerate(made):
        for other in made[:number]:
            assert np.abs(each - other).max() > 5


def test_depth_profile_and_metadata_stay(
    colorize: Impasto, photo: Callable[..., Array], tmp_path: Path
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    icc = named_profiles()["Display P3"]
    exif = Image.Exif()
    exif[0x010E] = "A street, about 1920"
    Image.fromarray(photo(50, 60)).save(source, icc_profile=icc, exif=exif, dpi=(300, 300))
    code, _, errors = colorize(source, "-o", target)
    assert code == 0, errors
    with Image.open(target) as made:
        assert made.info["icc_profile"] == icc
        assert made.getexif()[0x010E] == "A street, about 1920"
        assert made.info["dpi"][0] == pytest.approx(300, abs=0.1)
    deep, result = tmp_path / "deep.png", tmp_path / "result.png"
    assert cv2.imwrite(str(deep), photo(50, 60, np.uint16))
    assert colorize(deep, "-o", result)[0] == 0
    found = cv2.imread(str(result), cv2.IMREAD_UNCHANGED)
    assert found is not None
    assert found.dtype == np.uint16


def test_what_can_be_set_is_on_the_page(impasto: Impasto) -> None:
    code, out, _ = impasto("run", "colorization.colorize", "--help")
    assert code == 0
    for flag in ("--strength", "--hints", "--mask", "--variations", "--warmth", "--saturation"):
        assert flag in out
