"""Blend modes against published values, an independent library and the recommendation's own words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.document import BlendMode, Layer, Picture, Raster, composite
from studio.document.blend import blended

COLORS = st.tuples(*[st.integers(0, 255)] * 3)


def scalar(mode, below, above):
    """B(Cb, Cs) of one channel, word for word from Compositing and Blending Level 1, section 9.1."""

    def multiply(cb, cs):
        return cb * cs

    def screen(cb, cs):
        return 1 - (1 - cb) * (1 - cs)

    def hard_light(cb, cs):
        return multiply(cb, 2 * cs) if cs <= 0.5 else screen(cb, 2 * cs - 1)

    def soft_light(cb, cs):
        if cs <= 0.5:
            return cb - (1 - 2 * cs) * cb * (1 - cb)
        curve = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else math.sqrt(cb)
        return cb + (2 * cs - 1) * (curve - cb)

    def dodge(cb, cs):
        if cb == 0:
            return 0.0
        return 1.0 if cs == 1 else min(1.0, cb / (1 - cs))

    def burn(cb, cs):
        if cb == 1:
            return 1.0
        return 0.0 if cs == 0 else 1 - min(1.0, (1 - cb) / cs)

    functions = {
        BlendMode.NORMAL: lambda _cb, cs: cs,
        BlendMode.MULTIPLY: multiply,
        BlendMode.SCREEN: screen,
        BlendMode.OVERLAY: lambda cb, cs: hard_light(cs, cb),
        BlendMode.DARKEN: min,
        BlendMode.LIGHTEN: max,
        BlendMode.COLOR_DODGE: dodge,
        BlendMode.COLOR_BURN: burn,
        BlendMode.HARD_LIGHT: hard_light,
        BlendMode.SOFT_LIGHT: soft_light,
        BlendMode.DIFFERENCE: lambda cb, cs: abs(cb - cs),
        BlendMode.EXCLUSION: lambda cb, cs: cb + cs - 2 * cb * cs,
        BlendMode.PLUS: lambda cb, cs: min(1.0, cb + cs),
    }
    return functions[mode](below, above)


def lum(c):
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def sat(c):
    return max(c) - min(c)


def set_lum(c, target):
    d = target - lum(c)
    c = [channel + d for channel in c]
    middle, lowest, highest = lum(c), min(c), max(c)
    if lowest < 0:
        c = [middle + (channel - middle) * middle / (middle - lowest) for channel in c]
    if highest > 1:
        c = [middle + (channel - middle) * (1 - middle) / (highest - middle) for channel in c]
    return c


def set_sat(c, target):
    order = sorted(range(3), key=lambda i: c[i])
    low, middle, high = order
    out = [0.0, 0.0, 0.0]
    if c[high] > c[low]:
        out[middle] = (c[middle] - c[low]) * target / (c[high] - c[low])
        out[high] = target
    return out


def by_the_words(mode, below, above):
    """B(Cb, Cs) of a colour, section 9.2 for the modes that are not separable."""
    if mode is BlendMode.HUE:
        return set_lum(set_sat(above, sat(below)), lum(below))
    if mode is BlendMode.SATURATION:
        return set_lum(set_sat(below, sat(above)), lum(below))
    if mode is BlendMode.COLOR:
        return set_lum(above, lum(below))
    if mode is BlendMode.LUMINOSITY:
        return set_lum(below, lum(above))
    return [scalar(mode, cb, cs) for cb, cs in zip(below, above, strict=True)]


def one(mode, below, above):
    planes = [np.array(color, np.float32).reshape(3, 1, 1) for color in (below, above)]
    return blended(mode, *planes)[:, 0, 0]


@pytest.mark.parametrize("mode", list(BlendMode), ids=str)
@given(below=COLORS, above=COLORS)
def test_every_mode_is_what_the_recommendation_says(mode, below, above):
    below, above = [c / 255 for c in below], [c / 255 for c in above]
    np.testing.assert_allclose(one(mode, below, above), by_the_words(mode, below, above), atol=3e-6)


# (mode, below, above, result): 8-bit examples computed by hand from the published formulas, with the
# arithmetic beside them, so that a mistake shared by both implementations above would show.
PUBLISHED = [
    (BlendMode.MULTIPLY, 128, 64, 32),  # 128 * 64 / 255 = 32.1
    (BlendMode.SCREEN, 128, 64, 160),  # 128 + 64 - 32.1
    (BlendMode.OVERLAY, 64, 128, 64),  # below half: 2 * 64 * 128 / 255 = 64.3
    (BlendMode.OVERLAY, 192, 128, 192),  # above half: 255 - 2 * 63 * 127 / 255 = 192.2
    (BlendMode.HARD_LIGHT, 128, 64, 64),  # 2 * 128 * 64 / 255 = 64.3
    (BlendMode.HARD_LIGHT, 128, 192, 192),  # 255 - 2 * 127 * 63 / 255 = 192.2
    (BlendMode.SOFT_LIGHT, 128, 64, 96),  # .50196 - .49804 * .50196 * .49804 = .37745 -> 96.2
    (BlendMode.SOFT_LIGHT, 128, 192, 155),  # .50196 + .50588 * (.70849 - .50196) = .60644 -> 154.6
    (BlendMode.SOFT_LIGHT, 32, 192, 60),  # D = ((16x-12)x+4)x = .34457; .12549 + .50588 * .21908
    (BlendMode.DARKEN, 200, 100, 100),
    (BlendMode.LIGHTEN, 200, 100, 200),
    (BlendMode.DIFFERENCE, 40, 100, 60),
    (BlendMode.EXCLUSION, 128, 64, 128),  # 128 + 64 - 2 * 32.1 = 127.7
    (BlendMode.COLOR_DODGE, 64, 128, 129),  # 64 / (127 / 255) = 128.5
    (BlendMode.COLOR_BURN, 192, 128, 129),  # 255 - 63 / (128 / 255) = 129.5
    (BlendMode.PLUS, 200, 100, 255),
]


@pytest.mark.parametrize(("mode", "below", "above", "result"), PUBLISHED)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_examples_through_the_compositor(mode, below, above, result, dtype):
    scale = 257 if dtype == np.uint16 else 1
    got = two_layers(mode, (below,) * 3, (above,) * 3, dtype)
    np.testing.assert_allclose(got[:3] / scale, result, atol=0.75)
    assert got[3] == 255 * scale


# Red under and over blue, where the weights 0.30, 0.59, 0.11 alone decide: luminosity of blue is
# 0.11 * 255 = 28, of red 76.5; a gray has no hue to give.
NON_SEPARABLE = [
    (BlendMode.LUMINOSITY, (255, 0, 0), (0, 0, 255), (94, 0, 0)),  # red scaled: 0.11 / 0.30
    (BlendMode.COLOR, (255, 0, 0), (0, 0, 255), (54, 54, 255)),  # blue lightened to 0.30
    (BlendMode.COLOR, (255, 0, 0), (128, 128, 128), (77, 77, 77)),  # 0.30 * 255 = 76.5
    (BlendMode.LUMINOSITY, (128, 128, 128), (0, 255, 0), (150, 150, 150)),  # 0.59 * 255
    (BlendMode.SATURATION, (200, 100, 50), (70, 70, 70), (125, 125, 125)),  # its luminosity
    (BlendMode.HUE, (90, 90, 90), (0, 255, 0), (90, 90, 90)),
]


@pytest.mark.parametrize(("mode", "below", "above", "result"), NON_SEPARABLE)
def test_non_separable_examples(mode, below, above, result):
    got = two_layers(mode, below, above, np.uint8)
    np.testing.assert_allclose(got[:3], result, atol=1)


def two_layers(mode, below, above, dtype):
    scale = 257 if dtype == np.uint16 else 1
    low, high = (
        Raster.from_array(np.full((1, 1, 4), [c * scale for c in (*color, 255)], dtype))
        for color in (below, above)
    )
    layers = (Layer("below", low), Layer("above", high, blend=mode))
    return composite(Picture(1, 1, layers, layers[0].id))[0, 0].astype(float)


SHARED_WITH_PSD = [
    "multiply screen overlay soft_light hard_light darken lighten difference exclusion",
    "color luminosity hue saturation",
]


@pytest.mark.parametrize("name", " ".join(SHARED_WITH_PSD).split())
def test_every_mode_agrees_with_psd_tools(name):
    """psd-tools follows Adobe's PDF specification, of which the W3C's formulas are a copy."""
    peer = pytest.importorskip("psd_tools.composite.blend")
    rng = np.random.default_rng(5)
    below, above = (rng.random((40, 50, 3)).astype(np.float32) for _ in range(2))
    theirs = getattr(peer, name)(below, above)
    mode = BlendMode(name.replace("_", "-"))
    ours = blended(mode, below.transpose(2, 0, 1), above.transpose(2, 0, 1)).transpose(1, 2, 0)
    assert np.abs(ours - theirs).max() < 1.5 / 255


@pytest.mark.parametrize("mode", list(BlendMode), ids=str)
def test_neither_colour_is_changed_and_the_result_is_in_range(mode):
    rng = np.random.default_rng(2)
    below, above = (rng.integers(0, 2, (3, 30, 30)).astype(np.float32) for _ in range(2))
    kept = below.copy(), above.copy()
    result = blended(mode, below, above)
    np.testing.assert_array_equal(kept[0], below)
    np.testing.assert_array_equal(kept[1], above)
    assert result.dtype == np.float32
    assert -1e-6 <= result.min() <= result.max() <= 1 + 1e-6
