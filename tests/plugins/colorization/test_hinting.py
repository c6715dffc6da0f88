"""Regions follow the hints in them, and other regions do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from skimage import color

from studio.host.hints import Dab
from studio_plugins.colorization.hinting import followed
from studio_plugins.colorization.preparing import Hints, no_hints

Array = np.ndarray[Any, Any]


def ab(pixels: Array) -> Array:
    found: Array = color.rgb2lab(pixels[..., :3] / np.iinfo(pixels.dtype).max)[..., 1:]
    return found


def halves() -> Array:
    """A dark half and a light one."""
    gray = np.full((96, 128, 3), 90, np.uint8)
    gray[:, 64:] = 170
    return gray


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_chroma_at_a_dab_is_that_of_its_color(
    colored: Callable[..., Array], dtype: Any
) -> None:
    given = (halves().astype(dtype) * (np.iinfo(dtype).max // 255)).astype(dtype)
    made = ab(colored(given, hints=(Dab(30, 40, 3, "#8a5a3c"), Dab(100, 50, 3, "#a0b8e0"))))
    wanted = ab(np.array([[[0x8A, 0x5A, 0x3C], [0xA0, 0xB8, 0xE0]]], np.uint8))[0]
    assert np.abs(made[40, 30] - wanted[0]).max() < 1
    assert np.abs(made[50, 100] - wanted[1]).max() < 1


def test_a_region_follows_and_what_is_behind_an_edge_does_not(
    colored: Callable[..., Array],
) -> None:
    quiet = {"saturation": 0.2}  # little of what an untrained network makes up
    before = ab(colored(halves(), **quiet))
    after = ab(colored(halves(), hints=(Dab(50, 48, 3, "#c04040"),), **quiet))
    wanted = ab(np.array([[[0xC0, 0x40, 0x40]]], np.uint8))[0, 0]
    near, beyond = (slice(44, 52), slice(42, 46)), (slice(44, 52), slice(70, 80))
    closer = np.linalg.norm(before[near] - wanted, axis=-1) - np.linalg.norm(
        after[near] - wanted, axis=-1
    )
    assert closer.min() > 5
    moved = np.linalg.norm(after - before, axis=-1)
    assert moved[near].mean() > 3 * moved[beyond].mean()


def test_settings_leave_hints_as_given(colored: Callable[..., Array]) -> None:
    wanted = ab(np.array([[[0x8A, 0x5A, 0x3C]]], np.uint8))[0, 0]
    for settings in ({"saturation": 0.2}, {"warmth": -1.0}, {"vividness": 1.0}, {"edges": False}):
        made = ab(colored(halves(), hints=(Dab(30, 40, 3, "#8a5a3c"),), **settings))
        assert np.abs(made[40, 30] - wanted).max() < 1, settings


def test_a_hint_too_strong_for_its_place_keeps_hue_and_lightness(
    colored: Callable[..., Array],
) -> None:
    light = np.full((64, 64, 3), 235, np.uint8)
    made = colored(light, hints=(Dab(32, 32, 4, "#0000ff"),))
    lab = color.rgb2lab(made[..., :3] / 255)
    assert np.abs(lab[..., 0] - color.rgb2lab(light / 255)[..., 0]).max() < 0.5
    wanted = ab(np.array([[[0, 0, 255]]], np.uint8))[0, 0]
    there = lab[32, 32, 1:]
    assert there @ wanted / (np.linalg.norm(there) * np.linalg.norm(wanted)) > 0.99


def test_many_hints_are_all_followed(colored: Callable[..., Array]) -> None:
    gray = np.full((160, 160, 3), 128, np.uint8)
    palette = ("#a06050", "#508060", "#5060a0", "#908040")
    dabs = tuple(
        Dab(10 + 20 * i, 10 + 20 * j, 2, palette[(i + 2 * j) % 4])
        for i in range(8)
        for j in range(8)
    )
    made = ab(colored(gray, hints=dabs))
    for dab in dabs:
        rgb = [[[int(dab.color[k : k + 2], 16) for k in (1, 3, 5)]]]
        wanted = ab(np.array(rgb, np.uint8))[0, 0]
        assert np.abs(made[int(dab.y), int(dab.x)] - wanted).max() < 1.5


def test_a_picture_that_is_all_hints_comes_out_in_them(colored: Callable[..., Array]) -> None:
    random = np.random.default_rng(0)
    tints = np.kron(random.integers(90, 166, (6, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    gray = np.repeat((color.rgb2gray(tints / 255)[..., None] * 255).astype(np.uint8), 3, axis=2)
    hints = np.dstack([tints, np.full(tints.shape[:2], 255, np.uint8)])
    hints[0, 0, 3] = 0
    difference = np.abs(ab(colored(gray, hints=hints)) - ab(tints))
    assert np.median(difference) < 1


def test_without_hints_nothing_is_corrected() -> None:
    chroma, light = torch.randn(1, 2, 20, 30), torch.rand(1, 1, 20, 30) * 100
    assert torch.equal(followed(chroma, light, no_hints(light), heard=True), chroma)


def test_averages_of_hints_do_not_mix_in_what_is_transparent() -> None:
    rgba = torch.zeros(1, 4, 64, 64)
    rgba[:, :3] = torch.tensor([0.0, 1.0, 0.0])[:, None, None]
    rgba[:, :3, 20:23, 20:23] = torch.tensor([0.8, 0.2, 0.2])[:, None, None]
    rgba[:, 3, 20:23, 20:23] = 1
    hints = Hints.of(rgba, 16, 16)
    wanted = torch.from_numpy(color.rgb2lab(np.array([[[0.8, 0.2, 0.2]]]))[0, 0, 1:]).float()
    known = hints.cover[0, 0] > 0
    assert int(known.sum()) == 1
    assert torch.allclose(hints.ab[0][:, known][:, 0], wanted, atol=0.05)
    assert hints.for_network[0, 2].sum() == 1
