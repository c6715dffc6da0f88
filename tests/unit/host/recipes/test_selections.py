"""Selections as shares of the picture: the same place on pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest

from studio.document import Raster, Rect
from studio.document.regions import feather
from studio.document.regions.masks import from_mask
from studio.document.regions.shapes import ellipse, polygon, rectangle
from studio.host.recipes.selections import Box, Outline, Soft, placed, relative

SIZE = 300, 200
BOUNDS = Rect(0, 0, *SIZE)


def share(selection: Raster, width: int, height: int) -> np.ndarray:
    return selection.read(Rect(0, 0, width, height))[..., 0].astype(float) / 255


def ring() -> Raster:
    outer = share(ellipse(20, 20, 160, 160, BOUNDS), *SIZE)
    inner = share(ellipse(60, 60, 80, 80, BOUNDS), *SIZE)
    return from_mask(np.rint((outer - inner) * 255).astype(np.uint8))


def two() -> Raster:
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[10:60, 10:60] = mask[100:180, 200:290] = 255
    return from_mask(mask)


SELECTIONS = {
    "rectangle": (rectangle(30, 40, 120, 60, BOUNDS), Box),
    "all": (rectangle(0, 0, *SIZE, BOUNDS), Box),
    "ellipse": (ellipse(40, 30, 200, 120, BOUNDS), Outline),
    "triangle": (polygon(((10, 10), (290, 60), (80, 190)), BOUNDS), Outline),
    "ring": (ring(), Outline),
    "two": (two(), Outline),
    "soft": (feather(ellipse(80, 40, 120, 120, BOUNDS), 12, BOUNDS), Soft),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_on_the_same_picture_it_is_the_same_place(name):
    selection, kind = SELECTIONS[name]
    found = relative(selection, *SIZE)
    assert isinstance(found, kind)
    before, after = share(selection, *SIZE), share(placed(found, *SIZE), *SIZE)
    if kind is Box:
        np.testing.assert_array_equal(after, before)
    assert np.abs(after - before).sum() < 0.02 * before.sum()
    assert len(found.model_dump_json()) < 6000


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("size", [(150, 100), (900, 600), (80, 400), (1, 1)])
def test_on_others_it_is_the_same_share(name, size):
    selection, _ = SELECTIONS[name]
    after = placed(relative(selection, *SIZE), *size)
    assert not after.blank
    if size != (1, 1):
        mean = share(selection, *SIZE).mean()
        assert share(after, *size).mean() == pytest.approx(mean, rel=0.04)


def test_a_thin_line_and_noise_survive():
    mask = np.zeros((200, 300), np.uint8)
    mask[50, 20:280] = 255
    mask[90:93, 100] = 255
    found = relative(from_mask(mask), 300, 200)
    after = share(placed(found, 300, 200), 300, 200)
    assert np.abs(after - mask / 255).sum() < 0.5 * (mask > 0).sum()
    noise = (np.random.default_rng(1).random((200, 300)) > 0.5).astype(np.uint8) * 255
    kept = relative(from_mask(noise), 300, 200)
    assert isinstance(kept, Soft)
    assert share(placed(kept, 300, 200), 300, 200).mean() == pytest.approx(0.5, abs=0.05)


def test_a_packed_mask_that_is_not_what_it_says_is_refused():
    found = relative(SELECTIONS["soft"][0], *SIZE)
    assert isinstance(found, Soft)
    for wrong in ({"width": 4000, "height": 4000}, {"gray": found.gray[:40]}, {"gray": "%%%"}):
        with pytest.raises(ValueError, match=r"."):
            Soft.model_validate({**found.model_dump(), **wrong})
