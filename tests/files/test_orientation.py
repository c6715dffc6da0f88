"""EXIF orientation is applied to the pixels once and is 1 ever after."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from studio.files.images import SaveOptions, read_image, write_image

STORED = np.random.default_rng(3).integers(0, 256, (3, 5, 3), np.uint8)


def upright(orientation: int) -> np.ndarray:
    """What Pillow makes of the stored pixels."""
    image = Image.fromarray(STORED)
    image.getexif()[0x0112] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_applied_once(orientation, suffix, tmp_path, make_exif, exif_values):
    path = tmp_path / f"a{suffix}"
    if suffix == ".tif":
        extra = [(274, 3, 1, orientation, True)]
        tifffile.imwrite(path, STORED, photometric="rgb", metadata=None, extratags=extra)
    else:
        Image.fromarray(STORED).save(path, exif=make_exif(orientation), lossless=True)
    expected = upright(orientation)

    opened = read_image(path)
    np.testing.assert_array_equal(opened.pixels[..., :3], expected)
    assert exif_values(opened.metadata.exif).get(0x0112, 1) == 1

    write_image(path, opened.pixels, opened.metadata, SaveOptions(lossless=True))
    again = read_image(path)
    np.testing.assert_array_equal(again.pixels[..., :3], expected)
    with Image.open(path) as image:
        assert image.getexif().get(0x0112, 1) == 1
        assert image.size == (expected.shape[1], expected.shape[0])


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("suffix", [".jpg", ".avif"])
def test_applied_once_where_the_format_is_lossy(orientation, suffix, tmp_path, make_exif):
    path = tmp_path / f"a{suffix}"
    blocks = np.kron(STORED, np.ones((16, 16, 1), np.uint8))
    Image.fromarray(blocks).save(
        path, exif=make_exif(orientation), quality=100, subsampling="4:4:4"
    )
    opened = read_image(path)
    middle = opened.pixels[8::16, 8::16, :3]
    np.testing.assert_allclose(middle - upright(orientation).astype(float), 0, atol=8)

    write_image(path, opened.pixels, opened.metadata, SaveOptions(100))
    assert read_image(path).pixels.shape == opened.pixels.shape


@pytest.mark.parametrize("big_endian", [False, True])
def test_a_thumbnail_is_dropped_and_all_else_stays(big_endian, save_pillow, make_exif, exif_values):
    block = make_exif(6, thumbnail=True, big_endian=big_endian)
    assert Image.open(io.BytesIO(block[block.index(b"\xff\xd8") :])).size == (8, 8)
    path = save_pillow(Image.fromarray(STORED), "a.jpg", exif=block)

    kept = read_image(path).metadata.exif
    assert kept is not None
    assert b"\xff\xd8" not in kept.replace(bytes(range(200)), b"")
    assert exif_values(kept) == {**exif_values(block), 0x0112: 1}


@pytest.mark.parametrize(
    "packet", [b'<a tiff:Orientation="6"/>', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_xmp_is_turned_too(packet, save_pillow, make_exif):
    path = save_pillow(Image.fromarray(STORED), "a.jpg", exif=make_exif(6), xmp=packet)

    assert read_image(path).metadata.xmp == packet.replace(b"6", b"1")


@pytest.mark.parametrize("cut", [4, 9, 20, 60, 100])
def test_a_damaged_block_costs_the_exif_and_not_the_picture(cut, tmp_path, make_exif):
    path = tmp_path / "a.png"
    Image.fromarray(STORED).save(path, exif=make_exif(6).removeprefix(b"Exif\0\0")[:cut])
    opened = read_image(path)

    assert opened.pixels.shape in {(3, 5, 4), (5, 3, 4)}
    again = tmp_path / "b.jpg"
    write_image(again, opened.pixels, opened.metadata)
    assert read_image(again).pixels.shape == opened.pixels.shape
