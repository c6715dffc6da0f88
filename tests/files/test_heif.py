"""HEIC and HEIF: depth, profile, metadata, what is no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.document import Rect
from studio.files.documents import read_document
from studio.files.images import read_image
from studio.files.profiles import profile_name


@pytest.fixture
def smooth() -> np.ndarray:
    """64 x 48 RGB gradient, which HEVC keeps well."""
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([x * 4, y * 5, 255 - x * 2 - y], axis=2).clip(0, 255).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, mode: str = "RGB", **options: object) -> Path:
    container = pillow_heif.from_bytes(mode, pixels.shape[1::-1], pixels.tobytes())
    container.save(path, quality=100, chroma=444, **options)
    return path


def test_eight_bits(tmp_path, smooth):
    image = read_image(saved(tmp_path / "a.heic", smooth))
    assert (image.format, image.pixels.dtype, image.metadata.icc) == ("HEIC", np.uint8, None)
    assert np.abs(image.pixels[..., :3].astype(int) - smooth).max() <= 6
    assert (image.pixels[..., 3] == 255).all()


def test_ten_bits_become_sixteen(tmp_path, smooth):
    deep = smooth.astype(np.uint16) * 257
    image = read_image(saved(tmp_path / "a.heif", deep, "RGB;16"))
    assert image.pixels.dtype == np.uint16
    assert np.abs(image.pixels[..., :3].astype(int) - deep).max() <= 6 * 257
    assert len(np.unique(image.pixels[..., 0])) > 64


def test_alpha(tmp_path, smooth):
    alpha = np.full((48, 64, 1), 128, np.uint8)
    image = read_image(saved(tmp_path / "a.heic", np.concatenate([smooth, alpha], 2), "RGBA"))
    assert image.metadata.source_alpha
    assert np.abs(image.pixels[..., 3].astype(int) - 128).max() <= 3


def test_profile_and_exif(tmp_path, smooth, make_exif, exif_values, foreign_profile):
    path = tmp_path / "a.heic"
    picture = Image.fromarray(smooth)
    picture.info["icc_profile"] = foreign_profile
    container = pillow_heif.from_pillow(picture)
    container.save(path, quality=90, exif=make_exif(1))
    image = read_image(path)
    assert image.metadata.icc == foreign_profile
    assert exif_values(image.metadata.exif)[0x0110] == "Model 7"


def test_display_p3_by_code_points(tmp_path, smooth):
    options = {"color_primaries": 12, "transfer_characteristic": 13, "save_nclx_profile": True}
    image = read_image(saved(tmp_path / "a.heic", smooth, **options))
    assert profile_name(image.metadata.icc) == "Display P3"


def test_as_a_document(tmp_path, smooth):
    found = read_document(saved(tmp_path / "a.heic", smooth))
    assert found.picture.bounds == Rect(0, 0, 64, 48)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_cut_short(tmp_path, smooth, share):
    path = saved(tmp_path / "a.heic", smooth)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UserError) as caught:
        read_image(path)
    assert caught.value.hint


def test_too_large(tmp_path, smooth):
    with pytest.raises(UserError, match="megapixels"):
        read_image(saved(tmp_path / "a.heic", smooth), max_pixels=3000)


def test_turned_by_the_container_once(tmp_path, smooth, make_exif):
    """Orientation 6: libheif turns the pixels, and the EXIF tag does not turn them again."""
    path = tmp_path / "a.heic"
    container = pillow_heif.from_pillow(Image.fromarray(smooth))
    container.save(path, quality=100, exif=make_exif(6))
    image = read_image(path)
    pillow_heif.register_heif_opener()
    with Image.open(path) as independent:
        upright = np.asarray(independent)
    assert image.pixels.shape[:2] == upright.shape[:2]
    assert np.abs(image.pixels[..., :3].astype(int) - upright).max() <= 6
