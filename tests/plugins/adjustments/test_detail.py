"""Detail, against SciPy, scikit-image and noise of known strength."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.filters import unsharp_mask


@pytest.fixture
def scene():
    """Seeded edges, waves and texture, 150 x 170 x 3, as 16 bits."""
    random = np.random.default_rng(8)
    y, x = np.mgrid[:150, :170]
    base = np.stack([np.sin(x / 9 + k) + np.cos(y / 13 - k) for k in range(3)], axis=2) / 4 + 0.5
    base[40:90, 30:80] = (0.9, 0.2, 0.3)
    base += random.normal(0, 0.02, base.shape)
    return (np.clip(base, 0, 1) * 65535).astype(np.uint16)


@pytest.mark.parametrize("radius", [0.4, 1.5, 5, 8, 12, 30, 70])
def test_blur_is_a_gaussian(adjust, scene, radius):
    expected = gaussian_filter(scene.astype(float), (radius, radius, 0), mode="reflect")
    after = adjust("gaussian-blur", scene, radius=radius)
    assert np.abs(after - expected).max() / 257 < 0.6


def test_blur_of_a_reduced_picture_is_reduced_too(adjust, scene):
    half = adjust("gaussian-blur", scene, radius=6, scale=0.5).astype(int)
    assert np.abs(half - adjust("gaussian-blur", scene, radius=3)).max() <= 1


def test_blur_spreads_transparency_but_no_hidden_colour(adjust):
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)  # hidden
    pixels[20:40, 20:40] = (200, 0, 0, 255)
    after = adjust("gaussian-blur", pixels, radius=3).astype(int)
    seen = after[..., 3] > 8
    assert (after[seen][:, 1] <= 1).all()
    expected = gaussian_filter(pixels[..., 3].astype(float), 3, mode="reflect")
    assert np.abs(after[..., 3] - expected).max() <= 1


def test_sharpening_is_an_unsharp_mask(adjust, scene):
    after = adjust("sharpen", scene, radius=2, amount=150, threshold=0)
    expected = unsharp_mask(scene / 65535, radius=2, amount=1.5, channel_axis=2)
    assert np.abs(after[12:-12, 12:-12] / 65535 - expected[12:-12, 12:-12]).max() < 3 / 255


def test_the_threshold_spares_small_differences(adjust):
    noise = np.random.default_rng(0).integers(126, 130, (40, 40, 3), dtype=np.uint8)
    noise[:, 20:] += 90
    after = adjust("sharpen", noise, radius=1, amount=200, threshold=4)
    assert np.array_equal(after[:, :15], noise[:, :15])
    assert (after[:, 20].astype(int) > noise[:, 20]).all()


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


@pytest.mark.parametrize("sigma", [8, 20])
def test_denoising_comes_closer_to_the_clean_picture(adjust, scene, sigma):
    clean = gaussian_filter(scene / 257, (0.7, 0.7, 0))
    random = np.random.default_rng(1)
    noisy = np.clip(np.rint(clean + random.normal(0, sigma, clean.shape)), 0, 255).astype(np.uint8)
    after = adjust("denoise", noisy, luminance=sigma, color=sigma)
    assert psnr(after, clean) > psnr(noisy, clean) + 5


def test_denoising_real_photographs_helps(adjust, shared):
    gains = []
    for path in sorted((shared / "data/sr_bench/Set5").iterdir()):
        clean = np.asarray(Image.open(path).convert("RGB"))
        random = np.random.default_rng(1)
        noisy = np.clip(clean + random.normal(0, 15, clean.shape), 0, 255).round().astype(np.uint8)
        after = adjust("denoise", noisy, luminance=15, color=15)
        gains.append(psnr(after, clean) - psnr(noisy, clean))
    assert gains
    assert np.mean(gains) > 4


def test_luminance_and_colour_are_denoised_apart(adjust):
    random = np.random.default_rng(4)
    gray = np.clip(128 + random.normal(0, 12, (80, 80, 1)), 0, 255)
    grain = np.repeat(gray, 3, axis=2).astype(np.uint8)
    assert np.abs(adjust("denoise", grain, luminance=0, color=40).astype(int) - grain).max() <= 1
    assert adjust("denoise", grain, luminance=12, color=0).std() < grain.std() * 0.6


def test_an_edge_stays_an_edge(adjust):
    pixels = np.full((60, 60, 3), 40, np.uint8)
    pixels[:, 30:] = 200
    after = adjust("denoise", pixels, luminance=10, color=10).astype(int)
    assert np.abs(after - pixels).max() <= 12


def test_strips_leave_no_seam(adjust, scene):
    tall = np.concatenate([scene, scene[::-1], scene], axis=0)
    for name, parameters in (("gaussian-blur", {"radius": 6}), ("denoise", {}), ("sharpen", {})):
        whole = adjust(name, tall, **parameters)
        shifted = adjust(name, tall[50:], **parameters)
        margin = slice(100, 250)
        assert np.array_equal(whole[150:300], shifted[margin]), name
