"""What every adjustment promises: identity, masks, transparency, both depths, no torch to declare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from studio.api import Levels, validate
from studio.host.plugins import discover

OPERATIONS = [o for o in discover(None).operations() if o.id.startswith("adjustments.")]
NAMES = [operation.id.removeprefix("adjustments.") for operation in OPERATIONS]
NEUTRAL: dict[str, dict[str, Any]] = {
    "levels": {},
    "curves": {},
    "brightness-contrast": {},
    "exposure": {},
    "hue-saturation": {},
    "white-balance": {},
    "vibrance": {},
    "sharpen": {"amount": 0},
    "gaussian-blur": {"radius": 0},
    "denoise": {"luminance": 0, "color": 0},
}
STRONG: dict[str, dict[str, Any]] = {
    "levels": {"rgb": (0.1, 1.5, 0.8)},
    "curves": {"rgb": ((0, 0.2), (1, 0.7))},
    "brightness-contrast": {"brightness": 30},
    "exposure": {"exposure": 1},
    "hue-saturation": {"hue": 90},
    "white-balance": {"temperature": 3000},
    "vibrance": {"saturation": -60},
    "auto-levels": {"clip": 5},
}


def test_they_are_all_here():
    assert sorted(NAMES) == sorted([*NEUTRAL, "auto-levels", "black-and-white", "invert"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_each_is_declared_in_full(operation):
    assert operation.live
    assert operation.menu == "Adjust"
    assert operation.help.endswith(".")
    assert operation.keywords
    assert operation.presets or operation.id.endswith("invert")
    local = ("sharpen", "gaussian-blur", "denoise")
    assert (operation.context_pixels > 0) == operation.id.endswith(local)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_neutral_values_change_no_bit(adjust, every_level, name, dtype):
    pixels = every_level(dtype)
    assert np.array_equal(adjust(name, pixels, **NEUTRAL[name]), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_invert_twice_changes_no_bit(adjust, every_level, dtype):
    pixels = every_level(dtype)
    once = adjust("invert", pixels)
    assert np.array_equal(once, np.iinfo(dtype).max - pixels)
    assert np.array_equal(adjust("invert", once), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_outside_the_mask_changes(adjust, every_level, name, dtype):
    pixels = every_level(dtype)
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[20:90, 5:30] = 255
    mask[60:100, 10:20] = 100
    after = adjust(name, pixels, mask, **STRONG.get(name, {}))
    changed = (after != pixels).any(axis=2)
    assert changed[mask > 0].any()
    assert not changed[mask == 0].any()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "gaussian-blur"])
def test_transparency_stays(adjust, every_level, name):
    alpha = np.random.default_rng(1).integers(0, 256, (140, 37, 1), np.uint8)
    pixels = np.concatenate([every_level(), alpha], axis=2)
    after = adjust(name, pixels, **STRONG.get(name, {}))
    assert np.array_equal(after[..., 3], pixels[..., 3])


@pytest.mark.parametrize("name", NAMES)
def test_both_depths_agree(adjust, every_level, name):
    pixels = every_level()
    eight = adjust(name, pixels, **STRONG.get(name, {})).astype(int)
    sixteen = adjust(name, pixels.astype(np.uint16) * 257, **STRONG.get(name, {})) / 257
    assert np.abs(eight - sixteen).max() <= 0.51


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_one_pixel_and_one_of_many_strips_come_through(adjust, name):
    for shape in ((1, 1, 3), (300, 2, 3)):
        assert adjust(name, np.full(shape, 90, np.uint8)).shape == shape


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_preset_runs_and_differs_from_the_defaults(adjust, every_level, operation):
    name = operation.id.removeprefix("adjustments.")
    pixels = every_level() // np.array([2, 3, 4], np.uint8) + np.uint8(30)
    plain = adjust(name, pixels)
    for preset in operation.presets:
        validate(operation.parameters, dict(preset.values))
        assert not np.array_equal(adjust(name, pixels, **preset.values), plain), preset


def test_black_may_be_right(adjust):
    white = np.full((4, 4, 3), 255, np.uint8)
    assert not adjust("invert", white).any()
    assert not adjust("levels", white, rgb=Levels(output_white=0.0)).any()
