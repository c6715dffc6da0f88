from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from studio.nn.metrics import luma, psnr, psnr_y, ssim_y


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 48, 40, generator=generator)
    noise = 0.1 * torch.randn(1, 3, 48, 40, generator=generator)
    return image, (image + noise).clamp(0, 1)


def test_luma_has_the_range_of_bt601():
    black, white = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    assert luma(black).item() == pytest.approx(16 / 255)
    assert luma(white).item() == pytest.approx(235 / 255)


def test_psnr_agrees_with_scikit_image(pair):
    a, b = pair
    expected = peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=1)
    assert psnr(a, b) == pytest.approx(expected, abs=1e-4)
    assert psnr(a, a) == float("inf")


def test_psnr_leaves_the_border_out(pair):
    a, _ = pair
    damaged = a.clone()
    damaged[..., :2, :] = 0
    assert psnr(a, damaged, border=2) == float("inf")
    assert psnr(a, damaged) < 30


def test_psnr_y_is_of_rounded_luma(pair):
    a, b = pair
    rounded = [(x * 255).round() / 255 for x in (a, b)]
    first, second = (luma(x)[..., 4:-4, 4:-4].double().numpy() for x in rounded)
    expected = 10 * np.log10(1 / np.mean((first - second) ** 2))
    assert psnr_y(a, b, 4) == pytest.approx(expected, abs=1e-4)


def test_ssim_agrees_with_scikit_image(pair):
    a, b = ((x * 255).round() / 255 for x in pair)
    first, second = (luma(x)[0, 0].double().numpy() for x in (a, b))
    _, full = structural_similarity(
        first,
        second,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    assert ssim_y(a, b, 0) == pytest.approx(full[5:-5, 5:-5].mean(), abs=2e-3)
