"""Curves, levels and colours on the command line."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_a_curve_is_typed_as_points(impasto, photo, tmp_path):
    path, pixels = photo
    out = tmp_path / "out.png"
    done = impasto("run", "adjustments.curves", path, "-o", out, "--rgb", "0,1;1,0")
    assert done.code == 0
    assert np.array_equal(read(out)[..., 2::-1], 255 - pixels[..., :3])


def test_levels_are_typed_as_three_or_five_numbers(impasto, photo, tmp_path):
    path, pixels = photo
    out = tmp_path / "out.png"
    done = impasto(
        "run", "adjustments.levels", path, "-o", out, "--rgb", "0,1,1,1,0", "--red", "0,1,1"
    )
    assert done.code == 0
    assert np.array_equal(read(out)[..., 2::-1], 255 - pixels[..., :3])


def test_sixteen_bits_and_a_mask(impasto, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (20, 20, 3), np.uint16)
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15] = 255
    cv2.imwrite(str(tmp_path / "in.png"), pixels)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    done = impasto(
        "run", "adjustments.invert", tmp_path / "in.png", "-o", tmp_path / "out.png",
        "--mask", tmp_path / "mask.png",
    )  # fmt: skip
    assert done.code == 0
    expected = np.where(mask[..., None] > 0, 65535 - pixels, pixels)
    assert np.array_equal(read(tmp_path / "out.png"), expected)


@pytest.mark.parametrize(
    ("operation", "flag", "value", "says"),
    [
        ("curves", "--rgb", "0,0;0.5", "list of points"),
        ("curves", "--red", "0.5,0;0.2,1", "must rise"),
        ("levels", "--rgb", "0,1", "neither 3 nor 5"),
        ("levels", "--blue", "0.9,1,0.1", "below white"),
        ("white-balance", "--neutral", "gray", "not a color"),
    ],
)
def test_wrong_values_are_named_with_what_is_right(
    impasto, photo, tmp_path, operation, flag, value, says
):
    found = impasto(
        "run", f"adjustments.{operation}", photo[0], "-o", tmp_path / "x.png", flag, value
    )
    assert found.code == 2
    assert says in found.error_lines[0]
    assert flag in found.error_lines[1]
    assert "takes" in found.error_lines[1]


def test_the_description_shows_how_to_type_them(impasto):
    words = impasto("operations", "adjustments.curves").out
    assert "0,0;0.5,0.6;1,1" in words
    assert 'Preset Lighter: --rgb "0,0;0.5,0.62;1,1"' in words
    assert "BLACK,GAMMA,WHITE" in impasto("operations", "adjustments.levels").out
