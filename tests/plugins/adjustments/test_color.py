"""Colour, against colorsys, scikit-image and published values."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from skimage.color import rgb2lab, rgb2xyz

from studio.files.profiles import convert, named_profiles
from studio_plugins.adjustments.color_engine import CENTRES, planckian_white


@pytest.fixture
def colors():
    return np.random.default_rng(2).integers(0, 256, (6, 50, 3), np.uint8)


def through_hls(pixels, change):
    out = np.empty(pixels.shape)
    for index in np.ndindex(pixels.shape[:2]):
        h, l, s = colorsys.rgb_to_hls(*(pixels[index] / 255))  # noqa: E741 - lightness
        out[index] = colorsys.hls_to_rgb(*change(h, l, s))
    return out * 255


@pytest.mark.parametrize(
    ("hue", "saturation", "lightness"), [(75, 0, 0), (-120, 40, 0), (0, -50, 30), (10, 20, -45)]
)
def test_hue_and_saturation(adjust, colors, hue, saturation, lightness):
    def change(h, l, s):  # noqa: E741 - lightness
        share = lightness / 100
        lighter = l + (1 - l) * share if share > 0 else l * (1 + share)
        return (h + hue / 360) % 1, lighter, min(s * (1 + saturation / 100), 1)

    after = adjust("hue-saturation", colors, hue=hue, saturation=saturation, lightness=lightness)
    assert np.abs(after - through_hls(colors, change)).max() <= 0.51


def test_only_the_chosen_range_changes(adjust):
    pure = {name: colorsys.hls_to_rgb(angle / 360, 0.5, 0.9) for name, angle in CENTRES.items()}
    row = (np.array([[*pure.values(), (0.5, 0.5, 0.5)]]) * 255).round().astype(np.uint8)
    for index, name in enumerate(pure):
        after = adjust("hue-saturation", row, range=name, saturation=-100, lightness=-20)
        changed = (after != row).any(axis=2)[0]
        assert changed.nonzero()[0].tolist() == [index]


def test_ranges_add_up_to_all(adjust):
    wheel = np.array([[colorsys.hls_to_rgb(a / 360, 0.5, 0.8) for a in range(360)]])
    wheel = (wheel * 65535).round().astype(np.uint16)
    whole = adjust("hue-saturation", wheel, saturation=-20).astype(float) - wheel
    parts = sum(
        adjust("hue-saturation", wheel, range=name, saturation=-20).astype(float) - wheel
        for name in CENTRES
    )
    assert np.abs(whole - parts).max() < 8


def test_colorize_gives_one_hue(adjust, colors):
    after = adjust("hue-saturation", colors, colorize=True, hue=-150, saturation=20) / 255
    for pixel in after.reshape(-1, 3):
        if 0.1 < pixel.mean() < 0.9:
            hue, _, saturation = colorsys.rgb_to_hls(*pixel)
            assert hue * 360 == pytest.approx(210, abs=5)
            assert saturation == pytest.approx(0.6, abs=0.06)


def test_planckian_white_has_the_published_chromaticity():
    # CIE 015:2018 gives illuminant A as x 0.44758, y 0.40745, a black body of 2856 K.
    x, y, z = planckian_white(2856)
    assert x / (x + y + z) == pytest.approx(0.44758, abs=5e-4)
    assert y / (x + y + z) == pytest.approx(0.40745, abs=5e-4)


@pytest.mark.parametrize("temperature", [2500, 4000, 5500, 6500, 9000])
def test_planckian_white_has_the_temperature_that_mccamy_finds(temperature):
    x, y, z = planckian_white(temperature)
    x, y = x / (x + y + z), y / (x + y + z)
    n = (x - 0.3320) / (0.1858 - y)
    found = 449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33
    assert found == pytest.approx(temperature, rel=0.02)


def test_warm_light_is_cooled_and_tint_goes_to_magenta(adjust):
    gray = np.full((1, 1, 3), 128, np.uint8)
    cooled = adjust("white-balance", gray, temperature=3500)[0, 0].astype(int)
    assert cooled[2] > cooled[1] > cooled[0]
    warmed = adjust("white-balance", gray, temperature=10000)[0, 0].astype(int)
    assert warmed[0] > warmed[1] > warmed[2]
    tinted = adjust("white-balance", gray, tint=60)[0, 0].astype(int)
    assert min(tinted[0], tinted[2]) > tinted[1]


def test_adaptation_agrees_with_bradford_computed_in_xyz(adjust, colors):
    bradford = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    soft = (80 + colors / 255 * 80).astype(np.uint16) * 257
    source, target = planckian_white(5000), planckian_white(6500)
    gain = (bradford @ target) / (bradford @ source)
    expected = rgb2xyz(soft / 65535) @ (np.linalg.inv(bradford) @ np.diag(gain) @ bradford).T
    after = adjust("white-balance", soft, temperature=5000)
    assert np.abs(rgb2xyz(after / 65535) - expected).max() < 1e-3


def test_the_neutral_colour_becomes_gray_and_keeps_its_lightness(adjust):
    cast = np.full((2, 2, 3), (0xC8, 0xB4, 0x96), np.uint8)
    after = adjust("white-balance", cast, neutral="#c8b496")
    assert np.ptp(after.astype(int), axis=2).max() <= 1
    before, now = (rgb2lab(each / 255)[0, 0, 0] for each in (cast, after))
    assert now == pytest.approx(before, abs=0.5)


@pytest.mark.parametrize("profile", ["Display P3", "ROMM RGB (ProPhoto)"])
def test_a_chosen_colour_is_the_one_seen_whatever_the_profile_of_the_picture(adjust, profile):
    """Colors are chosen in sRGB; the same numbers mean another color in a wider profile."""
    icc = named_profiles()[profile]
    seen = np.full((2, 2, 3), (0xD0, 0xA0, 0x60), np.uint16) * np.uint16(257)
    cast = convert(seen, None, icc)

    def left(before):
        return np.ptp(before.astype(int), axis=2).max() / np.ptp(cast.astype(int), axis=2).max()

    assert left(adjust("white-balance", cast, icc=icc, neutral="#d0a060")) < 0.05
    assert left(adjust("white-balance", cast, icc=icc, temperature=6500)) == 1


def test_vibrance_moves_pale_colours_more(adjust):
    pale, strong = (140, 130, 120), (220, 60, 20)
    pixels = np.array([[pale, strong]], np.uint8)
    after = adjust("vibrance", pixels, vibrance=80).astype(float)
    growth = [np.ptp(after[0, i]) / np.ptp(pixels[0, i].astype(float)) for i in range(2)]
    assert growth[0] > 1.5
    assert growth[0] > growth[1] >= 1
    weights = np.array([0.2126, 0.7152, 0.0722])
    assert after[0, 0] @ weights == pytest.approx(pixels[0, 0] @ weights, abs=1)


def test_no_saturation_is_the_luma(adjust, colors):
    after = adjust("vibrance", colors, saturation=-100)
    luma = colors @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(after - luma[..., None]).max() <= 0.51


def test_black_and_white_mixes_the_channels(adjust, colors):
    after = adjust("black-and-white", colors, red=50, green=80, blue=-30)
    expected = np.clip(colors @ np.array([0.5, 0.8, -0.3]), 0, 255)
    assert np.abs(after - expected[..., None]).max() <= 0.51


def test_a_tint_keeps_lightness_and_gives_its_hue(adjust):
    grays = np.repeat(np.arange(20, 236, dtype=np.uint8)[None, :, None], 3, axis=2)
    after = adjust("black-and-white", grays, tint="#806040", strength=100) / 255
    hue, _, saturation = colorsys.rgb_to_hls(0x80 / 255, 0x60 / 255, 0x40 / 255)
    for gray, pixel in zip(grays[0, :, 0], after[0], strict=True):
        h, l, s = colorsys.rgb_to_hls(*pixel)  # noqa: E741 - lightness
        assert l * 255 == pytest.approx(gray, abs=1)
        assert (h, s) == pytest.approx((hue, saturation), abs=0.06)
