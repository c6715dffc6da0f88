"""Coloring through the runner: lightness, alpha, depth, masks, and every size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from skimage import color

from studio.api import UserError
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner

Array = np.ndarray[Any, Any]
LEVEL = 100 / 255 * 1.15  # of L, for one level of gray where a level is largest


def lightness(pixels: Array) -> Array:
    """L of CIELAB by scikit-image."""
    found: Array = color.rgb2lab(pixels[..., :3] / np.iinfo(pixels.dtype).max)[..., 0]
    return found


def gray_levels(pixels: Array) -> Array:
    """The gray of the same lightness, in levels of 255."""
    light = lightness(pixels)
    lab = np.stack([light, np.zeros_like(light), np.zeros_like(light)], axis=-1)
    found: Array = color.lab2rgb(lab)[..., 1] * 255
    return found


def chroma(pixels: Array) -> Array:
    lab = color.rgb2lab(pixels[..., :3] / np.iinfo(pixels.dtype).max)
    found: Array = np.hypot(lab[..., 1], lab[..., 2])
    return found


def test_colors_come_and_the_lightness_stays(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    given = photo(90, 130)
    made = colored(given)
    assert made.shape == (90, 130, 4)
    assert chroma(made).mean() > 3
    assert np.abs(gray_levels(made) - given[..., 0]).max() <= 1


@pytest.mark.parametrize("saturation", [1.0, 2.0])
@pytest.mark.parametrize("warmth", [-1.0, 0.0, 1.0])
def test_colors_beyond_the_gamut_do_not_change_the_lightness(
    photo: Callable[..., Array], colored: Callable[..., Array], saturation: float, warmth: float
) -> None:
    given = photo(64, 64)
    made = colored(given, saturation=saturation, warmth=warmth, vividness=1.0)
    assert np.abs(gray_levels(made) - given[..., 0]).max() <= 1


def test_a_picture_in_color_keeps_its_lightness(colored: Callable[..., Array]) -> None:
    random = np.random.default_rng(1)
    given = random.integers(0, 256, (48, 64, 3)).astype(np.uint8)
    made = colored(given)
    assert np.abs(gray_levels(made) - gray_levels(given)).max() <= 1


def test_sixteen_bits_stay_sixteen_bits(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    given = photo(70, 90, np.uint16)
    made = colored(given)
    assert made.dtype == np.uint16
    # Three hundredths of a level of 8 bits.
    assert np.abs(gray_levels(made) - given[..., 0] / 257).max() < 0.03


def test_where_the_mask_is_0_nothing_changes(
    photo: Callable[..., Array], run: Callable[..., RunResult]
) -> None:
    given = photo(60, 80)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 30:60] = 255
    mask[30:50, 10:30] = 100
    after = run(given, mask).after().layers[0].raster.read(run(given, mask).after().bounds)
    assert np.array_equal(after[mask == 0][:, :3], given[mask == 0])
    assert chroma(after)[mask == 255].mean() > 3
    assert 0 < chroma(after)[mask == 100].mean() < chroma(after)[mask == 255].mean()


def test_alpha_stays_and_hidden_colors_do_not_count(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    given = photo(64, 80)
    alpha = np.full((64, 80, 1), 255, np.uint8)
    alpha[:, :30] = 0
    alpha[:, 30:40] = 130
    hidden = given.copy()
    hidden[:, :30] = np.random.default_rng(0).integers(0, 256, (64, 30, 3))
    first = colored(np.concatenate([given, alpha], axis=2))
    second = colored(np.concatenate([hidden, alpha], axis=2))
    assert np.array_equal(first[..., 3:], alpha)
    assert np.array_equal(first[:, 30:], second[:, 30:])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 3), (17, 600), (33, 31)])
def test_every_size_works(
    photo: Callable[..., Array], colored: Callable[..., Array], size: tuple[int, int]
) -> None:
    given = photo(*size)
    made = colored(given, variations=2)
    assert made.shape[:2] == size
    assert np.abs(gray_levels(made) - given[..., 0]).max() <= 1


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_stay(colored: Callable[..., Array], level: int) -> None:
    given = np.full((40, 40, 3), level, np.uint8)
    assert np.abs(colored(given)[..., :3].astype(int) - level).max() <= 1


def test_strength_blends_with_the_picture(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    given = photo(64, 64)
    assert np.array_equal(colored(given, strength=0.0)[..., :3], given)
    half, full = chroma(colored(given, strength=0.5)), chroma(colored(given, strength=1.0))
    assert half.mean() == pytest.approx(full.mean() / 2, rel=0.1)


def test_saturation_and_warmth(photo: Callable[..., Array], colored: Callable[..., Array]) -> None:
    given = photo(64, 64)
    assert np.ptp(colored(given, saturation=0.0)[..., :3], axis=2).max() <= 1
    b = [
        color.rgb2lab(colored(given, saturation=0.3, warmth=warmth)[..., :3])[..., 2].mean()
        for warmth in (-1.0, 0.0, 1.0)
    ]
    assert b[0] + 5 < b[1] < b[2] - 5


def test_sepia_is_seen_as_gray(photo: Callable[..., Array], colored: Callable[..., Array]) -> None:
    given = photo(64, 64)
    toned = np.clip(
        np.stack([given[..., 0] * f for f in (1.0, 0.86, 0.66)], axis=2), 0, 255
    ).astype(np.uint8)
    gray = np.repeat(gray_levels(toned)[..., None].round().astype(np.uint8), 3, axis=2)
    difference = colored(toned).astype(int) - colored(gray).astype(int)
    assert np.abs(difference).mean() < 2


def test_faded_tones_are_stretched_for_the_network_alone(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    given = photo(64, 64)
    faded = (110 + given.astype(float) * 0.2).round().astype(np.uint8)
    made, plain = colored(faded), colored(faded, print="good")
    assert np.abs(gray_levels(made) - faded[..., 0]).max() <= 1
    assert not np.array_equal(made, plain)
    assert np.array_equal(made, colored(faded, print="faded"))
    assert np.array_equal(colored(given), colored(given, print="good"))


def test_contrast_and_denoise_restore_an_old_print(
    photo: Callable[..., Array], colored: Callable[..., Array]
) -> None:
    faded = (110 + photo(64, 64).astype(float) * 0.2).round().astype(np.uint8)
    restored = colored(faded, contrast=1.0)
    assert np.ptp(gray_levels(restored)) > 200 > 3 * np.ptp(gray_levels(faded))
    noisy = np.random.default_rng(0).normal(128, 12, (64, 64, 1)).round().astype(np.uint8)
    noisy = np.repeat(noisy, 3, axis=2)
    assert gray_levels(colored(noisy, denoise=1.0)).std() < gray_levels(noisy).std() / 2


def test_without_a_bundled_model_it_says_so(
    registry: PluginRegistry, store: ModelStore, photo: Callable[..., Array], tmp_path: Any
) -> None:
    from studio.document import Picture

    others = [card for card in store.cards() if card.task != "colorization"]
    empty = ModelStore(tmp_path / "empty", tmp_path, others)
    pixels = np.dstack([photo(20, 20), np.full((20, 20), 255, np.uint8)])
    request = RunRequest("colorization.colorize", {}, Picture.from_pixels(pixels), device="cpu")
    with pytest.raises(UserError, match="No bundled model is for colorization"):
        Runner(registry, empty).execute(request)
