"""Profiles and depth of whole documents; colours judged by ImageCms and CIEDE2000."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from skimage.color import deltaE_ciede2000

from studio.api.errors import UserError
from studio.document import Group, Layer, Picture, Raster, Rect
from studio.files import recolor
from studio.files.profiles import (
    is_usable,
    named_profiles,
    profile_name,
    read_profile,
    srgb_profile,
)

NAMES = sorted(named_profiles())


# Primaries, white and curve of each profile, from their own standards.
_D65, _D50 = (0.3127, 0.3290), (0.3457, 0.3585)
SPACES = {
    "sRGB": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65, 0),
    "Display P3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _D65, 0),
    "Compatible with Adobe RGB (1998)": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65, 563 / 256),
    "ROMM RGB (ProPhoto)": ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), _D50, 1.8),
    "Rec. 2020 primaries, sRGB curve": ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), _D65, 0),
}


def lab(values: np.ndarray, name: str) -> np.ndarray:
    """CIE L*a*b* relative to the space's white, by its formulas; values in 0 to 1."""
    red, green, blue, white, gamma = SPACES[name]
    encoded = values[..., :3].astype(np.float64)
    toe = encoded <= 0.04045
    curve = np.where(toe, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = encoded**gamma if gamma else curve

    def xyz(x: float, y: float) -> np.ndarray:
        return np.array([x / y, 1, (1 - x - y) / y])

    columns = np.stack([xyz(*primary) for primary in (red, green, blue)], axis=1)
    matrix = columns * np.linalg.solve(columns, xyz(*white))
    ratio = (linear @ matrix.T) / xyz(*white)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def colors(seed: int) -> np.ndarray:
    """Colours that every profile here can show: sRGB's, opaque."""
    made = np.random.default_rng(seed).integers(0, 256, (40, 40, 4), np.uint8)
    made[..., 3] = 255
    return made


@pytest.mark.parametrize("name", NAMES)
def test_a_conversion_keeps_colours_within_one_delta_e(name):
    """By the formulas of the spaces, in 16 bits: 8-bit steps of a wide one are coarser than 1."""
    picture = recolor.with_depth(Picture.from_pixels(colors(1)), 16)
    there = recolor.converted(picture, named_profiles()[name])
    got = there.layers[0].raster.read(picture.bounds) / 65535
    back = recolor.converted(there, None).layers[0].raster.read(picture.bounds) / 65535
    meant = lab(colors(1) / 255, "sRGB")
    assert deltaE_ciede2000(lab(back, "sRGB"), meant).max() < 0.1
    # Bradford's adaptation to the other white of ROMM moves colours; only whites stay.
    if SPACES[name][3] == _D65:
        assert deltaE_ciede2000(lab(got, name), meant).max() < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_imagecms_converts_to_the_same_colours(name):
    target = named_profiles()[name]
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
        ImageCms.ImageCmsProfile(io.BytesIO(target)),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.NOOPTIMIZE,
    )
    theirs = ImageCms.applyTransform(Image.fromarray(colors(1)[..., :3]), transform)
    assert theirs is not None
    picture = Picture.from_pixels(colors(1))
    ours = recolor.converted(picture, target).layers[0].raster.read(picture.bounds)
    apart = deltaE_ciede2000(lab(ours / 255, name), lab(np.asarray(theirs) / 255, name))
    assert apart.max() < 1


@pytest.mark.parametrize("intent", ["relative", "perceptual", "saturation", "absolute"])
def test_intents_leave_what_fits_alone(intent):
    picture = recolor.with_depth(Picture.from_pixels(colors(2)), 16)
    there = recolor.converted(picture, named_profiles()["Display P3"], intent)
    back = recolor.converted(there, None, intent).layers[0].raster.read(picture.bounds)
    assert np.abs(back.astype(int) - picture.layers[0].raster.read(picture.bounds)).max() <= 24


def test_published_values():
    """Adobe RGB and Display P3 of sRGB's primaries, as color.js and Lindbloom's tables have them."""
    picture = Picture.from_pixels(np.array([[[255, 0, 0, 255], [0, 255, 0, 255]]], np.uint8))
    for name, red, green in (
        ("Display P3", (0.9175, 0.2003, 0.1386), (0.4584, 0.9853, 0.2983)),
        ("Compatible with Adobe RGB (1998)", (0.8586, 0.0, 0.0), (0.5650, 1.0, 0.2344)),
    ):
        deep = recolor.with_depth(picture, 16)
        values = recolor.converted(deep, named_profiles()[name]).layers[0].raster
        got = values.read(Rect(0, 0, 2, 1))[0, :, :3] / 65535
        np.testing.assert_allclose(got, [red, green], atol=0.008, err_msg=name)


def test_every_layer_is_converted_and_holes_stay_empty():
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 4), np.uint8)
    inside = Layer("in", Raster.from_array(noise, 400, -200))
    picture = Picture.from_pixels(noise)
    picture = picture.replaced(nodes=(*picture.nodes, Group("G", (inside,))))
    after = recolor.converted(picture, named_profiles()["ROMM RGB (ProPhoto)"])
    first, second = (layer.raster for layer in after.layers)
    np.testing.assert_array_equal(
        first.read(Rect(0, 0, 30, 30)), second.read(Rect(400, -200, 30, 30))
    )
    assert not first.read(Rect(30, 0, 100, 100)).any()
    np.testing.assert_array_equal(first.read(Rect(0, 0, 30, 30))[..., 3], noise[..., 3])


def test_assigning_keeps_every_value():
    picture = Picture.from_pixels(colors(3))
    after = recolor.assigned(picture, named_profiles()["Display P3"])
    assert after.nodes is picture.nodes
    assert after.icc != picture.icc
    assert recolor.assigned(after, after.icc) is after


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_eight_bits_survive_sixteen(seed, dither):
    noise = np.random.default_rng(seed).integers(0, 256, (20, 30, 4), np.uint8)
    picture = Picture.from_pixels(noise)
    assert recolor.with_depth(recolor.with_depth(picture, 16), 8, dither=dither) == picture


def test_dithering_keeps_the_mean_and_rounding_does_not():
    level = 30 * 257 + 64  # a quarter of the way to 31
    pixels = np.full((256, 256, 4), level, np.uint16)
    picture = Picture.from_pixels(pixels)
    dithered = recolor.with_depth(picture, 8).layers[0].raster.read(picture.bounds)
    plain = recolor.with_depth(picture, 8, dither=False).layers[0].raster.read(picture.bounds)
    assert (plain == 30).all()
    assert set(np.unique(dithered[..., :3])) == {30, 31}
    assert dithered[..., :3].mean() == pytest.approx(30.25, abs=0.02)
    assert (dithered[..., 3] == 30).all()


def test_profiles_have_names_and_are_profiles():
    for name, icc in named_profiles().items():
        assert is_usable(icc)
        assert profile_name(icc) in (name, "Wide gamut, sRGB curve")


def test_profile_files(tmp_path, foreign_profile):
    (tmp_path / "a.icc").write_bytes(foreign_profile)
    assert read_profile(tmp_path / "a.icc") == foreign_profile
    (tmp_path / "b.icc").write_bytes(b"no profile" * 20)
    for wrong in ("b.icc", "gone.icc"):
        with pytest.raises(UserError, match=wrong) as caught:
            read_profile(tmp_path / wrong)
        assert caught.value.hint
