"""Light and dark, against formulas written down a second time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.interpolate import CubicHermiteSpline

RAMP = np.repeat(np.arange(65536, dtype=np.uint16)[None, :, None], 3, axis=2)
X = np.arange(65536) / 65535


def as_levels(values):
    return np.rint(np.clip(values, 0, 1) * 65535)


def difference(after, values, channel=0):
    return np.abs(after[0, :, channel].astype(float) - as_levels(values)).max()


def test_levels(adjust):
    after = adjust("levels", RAMP, rgb=(0.1, 2.0, 0.8, 0.05, 0.9), red=(0.0, 1.0, 0.5))
    plain = 0.05 + np.clip((X - 0.1) / 0.7, 0, 1) ** 0.5 * 0.85
    assert difference(after, plain, 1) <= 1
    red = np.clip(X / 0.5, 0, 1)
    assert difference(after, 0.05 + np.clip((red - 0.1) / 0.7, 0, 1) ** 0.5 * 0.85) <= 1


def test_levels_with_white_below_black_in_the_output_invert(adjust):
    assert difference(adjust("levels", RAMP, rgb=(0, 1, 1, 1, 0)), 1 - X) <= 1


def test_curves_are_the_monotone_cubic_of_fritsch_and_carlson(adjust):
    points = ((0, 0.1), (0.2, 0.3), (0.4, 0.32), (0.7, 0.9), (1, 0.95))
    x, y = np.array(points).T
    slope = np.diff(y) / np.diff(x)
    tangent = np.concatenate([[slope[0]], (slope[1:] + slope[:-1]) / 2, [slope[-1]]])
    for k, rise in enumerate(slope):
        a, b = tangent[k] / rise, tangent[k + 1] / rise
        if a * a + b * b > 9:
            shrink = 3 / math.hypot(a, b)
            tangent[k], tangent[k + 1] = shrink * a * rise, shrink * b * rise
    expected = CubicHermiteSpline(x, y, tangent)(X)
    assert difference(adjust("curves", RAMP, rgb=points), expected) <= 1


def test_the_curve_of_a_channel_comes_before_that_of_all(adjust):
    after = adjust("curves", RAMP, rgb=((0, 0), (1, 0.5)), red=((0, 1), (1, 0)))
    assert difference(after, (1 - X) / 2) <= 1
    assert difference(after, X / 2, 2) <= 1


def test_a_curve_is_level_beyond_its_ends(adjust):
    after = adjust("curves", RAMP, rgb=((0.25, 0.2), (0.75, 0.8)))
    assert difference(after, np.interp(X, (0.25, 0.75), (0.2, 0.8))) <= 1


@pytest.mark.parametrize(("brightness", "contrast"), [(40, 0), (-60, 0), (0, 50), (20, -70)])
def test_brightness_and_contrast(adjust, brightness, contrast):
    b = brightness / 200
    moved = X * (1 + b) if b < 0 else X + (1 - X) * b
    slope = math.tan(math.radians(45 * (contrast / 100 + 1)))
    after = adjust("brightness-contrast", RAMP, brightness=brightness, contrast=contrast)
    assert difference(after, (moved - 0.5) * slope + 0.5) <= 1


def test_full_contrast_leaves_black_and_white(adjust):
    after = adjust("brightness-contrast", RAMP, contrast=100)
    assert np.isin(after[0, [0, 30000, 40000, 65535], 0], (0, 65535)).all()


def linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encoded(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    ("exposure", "offset", "gamma"), [(1, 0, 1), (-2.5, 0, 1), (0, -0.05, 1), (0.5, 0.02, 1.8)]
)
def test_exposure_is_done_in_linear_light(adjust, exposure, offset, gamma):
    light = np.clip(linear(X) * 2.0**exposure + offset, 0, None) ** (1 / gamma)
    after = adjust("exposure", RAMP, exposure=exposure, offset=offset, gamma=gamma)
    assert difference(after, encoded(light)) <= 2


def test_one_stop_more_doubles_the_light_of_a_middle_gray(adjust):
    gray = np.full((1, 1, 3), 118, np.uint8)  # 18 % of the light
    light = linear(adjust("exposure", gray, exposure=1) / 255)
    assert light == pytest.approx(2 * linear(118 / 255), rel=0.01)


def test_auto_levels_agree_with_pillow(adjust):
    random = np.random.default_rng(0)
    picture = np.clip(random.normal((90, 120, 150), (15, 20, 10), (200, 200, 3)), 0, 255)
    picture = picture.astype(np.uint8)
    after = adjust("auto-levels", picture, clip=0).astype(int)
    pillow = np.asarray(ImageOps.autocontrast(Image.fromarray(picture))).astype(int)
    assert np.abs(after - pillow).max() <= 1
    together = adjust("auto-levels", picture, clip=0, method="together").astype(int)
    low, high = int(picture.min()), int(picture.max())
    expected = (picture.astype(int) - low) * 255 / (high - low)
    assert np.abs(together - expected).max() <= 1


def test_auto_levels_count_what_is_selected(adjust):
    picture = np.full((40, 40, 3), 10, np.uint8)
    picture[10:30, 10:20], picture[10:30, 20:30] = 100, 140
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    after = adjust("auto-levels", picture, mask, clip=0)
    assert (after[10:30, 10:20] <= 1).all()
    assert (after[10:30, 20:30] >= 254).all()
    assert (after[mask == 0] == 10).all()


def test_auto_levels_leave_a_flat_picture_alone(adjust):
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert np.array_equal(adjust("auto-levels", flat), flat)
