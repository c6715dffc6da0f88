"""What is opened, saved and opened again is the same, as far as the format can hold it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.files.images import SaveOptions, read_image, write_image
from studio.files.metadata import Metadata
from studio.files.profiles import srgb_profile, wide_gamut_profile

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>\xc3\xa9</rdf:RDF></x:xmpmeta>'
LOSSLESS = SaveOptions(lossless=True, compression=1)


def pictures(*dtypes: type) -> st.SearchStrategy[np.ndarray]:
    sizes = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(4))
    return st.sampled_from(dtypes).flatmap(lambda dtype: hnp.arrays(dtype, sizes))


metadata = st.builds(
    Metadata,
    icc=st.sampled_from([None, srgb_profile(), wide_gamut_profile()]),
    xmp=st.sampled_from([None, XMP]),
    dpi=st.none() | st.tuples(*[st.integers(1, 20000).map(float)] * 2),
    source_alpha=st.booleans(),
)


def through(suffix: str, pixels: np.ndarray, about: Metadata, options: SaveOptions = LOSSLESS):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{suffix}"
        notes = write_image(path, pixels, about, options)
        return read_image(path), notes


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([".png", ".tif"]), pictures(np.uint8, np.uint16), metadata)
def test_png_and_tiff_keep_every_value(suffix: str, pixels: np.ndarray, about: Metadata):
    opened, notes = through(suffix, pixels, about)

    assert notes == ()
    assert opened.pixels.dtype == pixels.dtype
    assert opened.pixels.flags.c_contiguous
    np.testing.assert_array_equal(opened.pixels, pixels)
    assert (opened.metadata.icc, opened.metadata.xmp) == (about.icc, about.xmp)
    assert opened.metadata.dpi == about.dpi


@settings(deadline=None, max_examples=30)
@given(pictures(np.uint8), metadata)
def test_lossless_webp_keeps_every_value_also_under_alpha_0(pixels: np.ndarray, about: Metadata):
    opened, notes = through(".webp", pixels, about)

    assert notes == ()
    np.testing.assert_array_equal(opened.pixels, pixels)
    assert (opened.metadata.icc, opened.metadata.xmp) == (about.icc, about.xmp)
    assert opened.metadata.dpi == about.dpi


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([".png", ".tif"]),
    hnp.arrays(np.uint16, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    st.booleans(),
)
def test_gray_is_saved_gray_while_it_is_neutral(suffix: str, values: np.ndarray, alpha: bool):
    opaque = np.full_like(values, 65535)
    pixels = np.stack([values, values, values, opaque], axis=2)
    opened, _ = through(suffix, pixels, Metadata(gray=True, source_alpha=alpha))

    assert opened.metadata.gray
    assert opened.metadata.source_alpha == alpha
    np.testing.assert_array_equal(opened.pixels, pixels)

    pixels[0, 0, 0] ^= 1
    opened, _ = through(suffix, pixels, Metadata(gray=True))
    assert not opened.metadata.gray
    np.testing.assert_array_equal(opened.pixels, pixels)


def test_16_bits_become_8_by_rounding_with_a_note():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.stack([values] * 3 + [np.full_like(values, 65535)], axis=2)
    opened, notes = through(".webp", pixels, Metadata())

    assert notes == ("16 bits were reduced to 8: WebP has no more.",)
    np.testing.assert_array_equal(opened.pixels[..., 0], np.rint(values / 257))


@pytest.mark.parametrize("background", [(255, 255, 255), (10, 200, 0)])
def test_jpeg_flattens_transparency_onto_the_background(background: tuple[int, int, int]):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[8:] = (100, 100, 100, 128)
    opened, notes = through(".jpg", pixels, Metadata(), SaveOptions(100, background=background))

    assert len(notes) == 1
    assert "flattened onto" in notes[0]
    np.testing.assert_allclose(opened.pixels[:7, :, :3] - np.float64(background), 0, atol=3)
    half = 100 * 128 / 255 + np.array(background) * 127 / 255
    np.testing.assert_allclose(opened.pixels[9:, :, :3] - half, 0, atol=3)
    assert (opened.pixels[..., 3] == 255).all()


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".png", ".tif"])
@pytest.mark.parametrize("big_endian", [False, True])
def test_profile_exif_and_resolution_survive(
    suffix, big_endian, picture, make_exif, exif_values, foreign_profile
):
    picture[..., 3] = 255
    block = make_exif(big_endian=big_endian).removeprefix(b"Exif\0\0")
    about = Metadata(icc=foreign_profile, exif=block, xmp=XMP, dpi=(300.0, 150.0))
    first, notes = through(suffix, picture, about, SaveOptions())
    second, _ = through(suffix, first.pixels, first.metadata, SaveOptions())

    assert notes == ()
    before, after = exif_values(block), exif_values(second.metadata.exif)
    assert after[0xA002], after[0xA003] == (31, 23)
    for tag in (0x010F, 0x0110, 0x8298, 0x829A, 0x8827, 0x927C, 1):
        assert after[tag] == before[tag], hex(tag)
    assert second.metadata.icc == foreign_profile
    assert second.metadata.xmp == XMP
    assert second.metadata.dpi == (300.0, 150.0)
    if suffix != ".tif":  # there the resolution is the file's own
        assert (after[0x011A], after[0x011B]) == (300.0, 150.0)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".png", ".tif"])
def test_other_programs_read_what_is_saved(
    suffix, tmp_path, picture, make_exif, exif_values, foreign_profile
):
    picture[..., 3] = 255
    block = make_exif().removeprefix(b"Exif\0\0")
    path = tmp_path / f"a{suffix}"
    write_image(path, picture, Metadata(icc=foreign_profile, exif=block, dpi=(300.0, 300.0)))
    with Image.open(path) as image:
        image.load()
        exif = image.getexif()
        assert image.size == (31, 23)
        assert image.info["icc_profile"] == foreign_profile
        assert exif[0x0110] == "Model 7"
        assert exif.get_ifd(0x8769)[0x8827] == 400
        assert exif.get(0x0112, 1) == 1
        assert exif.get(0x011A, 300.0) == 300.0


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_formats_without_a_resolution_carry_it_in_exif(suffix, picture):
    opened, _ = through(suffix, picture, Metadata(dpi=(72.5, 72.5)), SaveOptions())

    assert opened.metadata.dpi == (72.5, 72.5)


def test_repeated_saves_do_not_grow(picture, make_exif):
    about = Metadata(exif=make_exif().removeprefix(b"Exif\0\0"), dpi=(300.0, 300.0))
    sizes = []
    for _ in range(4):
        opened, _ = through(".webp", picture, about)
        about = opened.metadata
        sizes.append(len(about.exif or b""))

    assert len(set(sizes[1:])) == 1


def test_png_carries_a_recipe(tmp_path, picture):
    path = tmp_path / "a.png"
    recipe = {"impasto": '{"scale": 4}', "Title": "Ölfarbe \N{ARTIST PALETTE}"}
    write_image(path, picture, Metadata(), SaveOptions(text=recipe))
    with Image.open(path) as image:
        image.load()
        assert image.text == recipe
    np.testing.assert_array_equal(read_image(path).pixels, picture)


def test_xmp_and_exif_too_large_for_jpeg_are_left_out_with_a_note(picture):
    picture[..., 3] = 255
    exif = b"II*\0\x08\0\0\0\0\0\0\0\0\0" + bytes(70000)
    opened, notes = through(".jpg", picture, Metadata(xmp=bytes(70000), exif=exif))

    assert len(notes) == 2
    assert opened.metadata.xmp is None
    assert opened.metadata.exif is None
