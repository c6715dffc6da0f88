"""A file in, a larger file out: depth, profile and metadata stay."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.cli import main
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata
from studio.files.profiles import wide_gamut_profile


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("transparent", [False, True])
def test_a_file_keeps_all_it_had(tmp_path, photograph, capsys, suffix, dtype, transparent):
    pixels = photograph(24, 32, dtype)
    if transparent:
        random = np.random.default_rng(1)
        pixels[..., 3] = random.integers(1, np.iinfo(dtype).max, (24, 32), dtype)
    source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    write_image(source, pixels, Metadata(icc=wide_gamut_profile(), dpi=(240.0, 240.0)))
    words = ["--fill", "stretch", "--left", "7", "--bottom", "5", "--json"]

    code = main(["run", "uncropping.extend", str(source), "-o", str(target), *words])

    assert code == 0
    line = json.loads(capsys.readouterr().out)
    assert line["size"] == [39, 29]
    assert line["record"]["parameters"]["left"] == 7
    opened = read_image(target)
    assert opened.pixels.dtype == dtype
    assert np.array_equal(opened.pixels[:24, 7:], pixels)
    assert opened.metadata.icc == wide_gamut_profile()
    assert opened.metadata.dpi == pytest.approx((240, 240), abs=0.5)
    edge = opened.pixels[:24, 6, 3]
    assert np.array_equal(edge, pixels[:, 0, 3])


def test_contradictions_are_told_before_anything_is_made(tmp_path, photograph, capsys):
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    write_image(source, photograph(9, 9), Metadata())
    words = ["--left", "7", "--aspect", "16:9"]
    assert main(["run", "uncropping.extend", str(source), "-o", str(target), *words]) != 0
    said = capsys.readouterr().err
    assert "left" in said
    assert "aspect" in said
    assert not target.exists()


def test_it_describes_itself(capsys):
    assert main(["operations", "uncropping.extend"]) == 0
    said = capsys.readouterr().out
    assert "the picture with something new around it" in said
    assert "--aspect" in said
    assert "--mask" not in said
