"""CIELAB against scikit-image, and the way into gamut."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color

from studio.nn.lab import lab_in_gamut, lab_to_srgb, srgb_to_lab, srgb_to_lightness


def _picture(seed: int = 0) -> torch.Tensor:
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.random((2, 3, 17, 23), dtype=np.float32))


def test_agrees_with_scikit_image() -> None:
    rgb = _picture()
    expected = color.rgb2lab(rgb.permute(0, 2, 3, 1).numpy())
    found = srgb_to_lab(rgb).permute(0, 2, 3, 1).numpy()
    # Its white point is rounded differently than its matrix.
    assert np.abs(found - expected).max() < 0.03
    assert np.abs(found[..., 0] - expected[..., 0]).max() < 0.002


def test_there_and_back_keeps_sixteen_bits() -> None:
    rgb = _picture(1)
    rgb[0, :, 0] = torch.linspace(0, 0.01, 23)  # the straight parts of both curves
    assert (lab_to_srgb(srgb_to_lab(rgb)) - rgb).abs().max() < 1 / 65535


def test_gray_has_no_chroma_and_comes_back_gray() -> None:
    gray = torch.linspace(0, 1, 65536).reshape(1, 1, 256, 256).expand(1, 3, -1, -1)
    lab = srgb_to_lab(gray)
    assert lab[:, 1:].abs().max() < 1e-4
    assert lab[:, 0].min() == 0
    assert abs(float(lab[:, 0].max()) - 100) < 1e-4
    lab[:, 1:] = 0
    assert (lab_to_srgb(lab) - gray).abs().max() < 0.25 / 65535


def test_lightness_alone_is_the_same() -> None:
    rgb = _picture(2)
    assert torch.allclose(srgb_to_lightness(rgb), srgb_to_lab(rgb)[:, :1], atol=1e-4)


def test_colors_in_gamut_are_left_alone() -> None:
    lab = srgb_to_lab(_picture(3) * 0.98 + 0.01)
    assert torch.equal(lab_in_gamut(lab), lab)


@settings(max_examples=200, deadline=None)
@given(
    lightness=st.floats(0, 100, width=32),
    a=st.floats(-200, 200, width=32),
    b=st.floats(-200, 200, width=32),
)
def test_any_color_comes_into_gamut_with_its_lightness_and_hue(
    lightness: float, a: float, b: float
) -> None:
    wanted = torch.tensor([lightness, a, b]).reshape(1, 3, 1, 1)
    fitted = lab_in_gamut(wanted)
    rgb = lab_to_srgb(fitted)
    assert float(rgb.min()) > -2e-4
    assert float(rgb.max()) < 1 + 2e-4
    kept = srgb_to_lab(rgb.clamp(0, 1))
    assert abs(float(kept[0, 0]) - lightness) < 0.05  # of 100: 1/8 of a level
    assert abs(float(fitted[0, 1] * b - fitted[0, 2] * a)) <= 1e-4 * (a * a + b * b)
    assert abs(float(fitted[0, 1])) <= abs(a)
    assert abs(float(fitted[0, 2])) <= abs(b)


def test_as_much_chroma_as_fits_is_kept() -> None:
    wanted = torch.tensor([60.0, 150.0, 80.0]).reshape(1, 3, 1, 1)
    rgb = lab_to_srgb(lab_in_gamut(wanted))
    assert max(float(rgb.max()) - 1, -float(rgb.min())) > -0.01
