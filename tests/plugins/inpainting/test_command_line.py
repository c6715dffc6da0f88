"""From file to file: depth, transparency, profile and metadata go through, the rest stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.cli import main
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata

from .conftest import disc


@pytest.fixture
def impasto(capsys):
    """Run a command line; returns its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def model(impasto, network_file):
    code, out, errors = impasto("models", "import", network_file, "--json")
    assert code == 0, errors
    assert json.loads(out)["task"] == "inpainting"
    return json.loads(out)["id"]


@pytest.fixture
def mask(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(disc(60, 80, 12, 3)).save(path)
    return path


def test_profile_and_metadata_stay(impasto, model, mask, photo, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = photo(60, 80)
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(pixels).save(source, exif=exif, icc_profile=profile)
    code, _, errors = impasto(
        "run", "inpainting.fill", source, "-o", target, "--mask", mask, "--model", model,
        "--device", "cpu",
    )  # fmt: skip
    assert code == 0, errors
    with Image.open(target) as made:
        assert made.info["icc_profile"] == profile
        assert made.getexif()[0x010F] == "A camera"
        after = np.asarray(made.convert("RGB"))
    outside = disc(60, 80, 12, 3) == 0
    assert np.array_equal(after[outside], pixels[outside])
    assert not np.array_equal(after[28:32, 38:42], pixels[28:32, 38:42])


@pytest.mark.parametrize("engine", ["network", "patchmatch", "prior"])
def test_sixteen_bits_and_transparency_stay(impasto, model, mask, photo, tmp_path, engine):
    pixels = np.dstack([photo(60, 80, np.uint16), photo(60, 80, np.uint16, 1)[..., :1]])
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    write_image(source, pixels, Metadata())
    code, _, errors = impasto(
        "run", "inpainting.fill", source, "-o", target, "--mask", mask, "--model", model,
        "--engine", engine, "--steps", "3", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, errors
    after = read_image(target).pixels
    assert after.dtype == np.uint16
    outside = disc(60, 80, 12, 3) == 0
    assert np.array_equal(after[outside], pixels[outside])
    assert np.array_equal(after[..., 3], pixels[..., 3])


def test_several_results_are_a_folder(impasto, model, mask, photo, tmp_path):
    source, target = tmp_path / "in.png", tmp_path / "out"
    Image.fromarray(photo(60, 80)).save(source)
    code, _, errors = impasto(
        "run", "inpainting.fill", source, "-o", target, "--mask", mask, "--model", model,
        "--variations", "3", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, errors
    assert len(list(target.glob("*.png"))) == 3


def test_growing_the_mask_reaches_further(impasto, model, mask, photo, tmp_path):
    source = tmp_path / "in.png"
    pixels = photo(60, 80)
    Image.fromarray(pixels).save(source)
    reached = []
    for grow in (0, 6):
        target = tmp_path / f"{grow}.png"
        code, _, errors = impasto(
            "run", "inpainting.fill", source, "-o", target, "--mask", mask, "--grow", grow,
            "--model", model, "--device", "cpu",
        )  # fmt: skip
        assert code == 0, errors
        after = np.asarray(Image.open(target).convert("RGB"))
        reached.append(int((after != pixels).any(axis=2).sum()))
    assert reached[1] > reached[0]


def test_no_mask_is_bad_usage(impasto, photo, tmp_path):
    Image.fromarray(photo(40, 40)).save(tmp_path / "in.png")
    code, _, errors = impasto(
        "run", "inpainting.fill", tmp_path / "in.png", "-o", tmp_path / "out.png"
    )
    assert code == 2
    assert "--mask" in errors


def test_an_empty_mask_is_told(impasto, model, photo, tmp_path):
    Image.fromarray(photo(40, 40)).save(tmp_path / "in.png")
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "mask.png")
    code, _, errors = impasto(
        "run", "inpainting.fill", tmp_path / "in.png", "-o", tmp_path / "out.png",
        "--mask", tmp_path / "mask.png", "--model", model,
    )  # fmt: skip
    assert code == 1
    assert "Nothing is selected" in errors
