"""Stand-ins of a part of a picture for live previews."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.document import Group, Layer, Picture, Raster, Rect, composite
from studio.host.proxies import reduced


@pytest.fixture
def layered():
    random = np.random.default_rng(0)
    below, above = (random.integers(0, 256, (90, 120, 4), np.uint8) for _ in range(2))
    below[..., 3] = 255
    mask = random.integers(0, 256, (90, 120, 1), np.uint8)
    base = Layer("base", Raster.from_array(below))
    top = Layer("top", Raster.from_array(above), mask=Raster.from_array(mask), opacity=0.6)
    hidden = Layer("hidden", Raster.from_array(above), visible=False)
    group = Group("group", (top, hidden), opacity=0.8)
    selection = Raster.from_array(mask)
    return Picture(120, 90, (base, group), top.id, selection=selection)


def test_at_full_size_it_is_the_part(layered):
    region = Rect(30, 20, 50, 40)
    part = reduced(layered, region, 50, 40)
    assert np.array_equal(composite(part), composite(layered, region))
    assert part.active == layered.active
    assert [node.id for node, _ in part.walk()] == [node.id for node, _ in layered.walk()]
    assert np.array_equal(part.selection.read(part.bounds), layered.selection.read(region))


def test_reducing_averages_areas(layered):
    half = reduced(layered, layered.bounds, 60, 45)
    base = layered.layers[0].raster.read(layered.bounds)
    expected = base[:, :, :3].reshape(45, 2, 60, 2, 3).mean(axis=(1, 3))
    found = half.layers[0].raster.read(half.bounds)[..., :3]
    assert np.abs(found - expected).max() <= 0.51


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_hidden_colours_do_not_bleed_into_the_edge(dtype):
    top = np.iinfo(dtype).max
    pixels = np.zeros((64, 64, 4), dtype)
    pixels[..., 1] = top
    pixels[:, 33:] = (top, 0, 0, top)
    small = composite(reduced(Picture.from_pixels(pixels), Rect(0, 0, 64, 64), 32, 32))
    seen = small[..., 3] > 0
    assert 0 < small[0, 16, 3] < top
    assert (small[seen][:, 0] >= top - top // 100).all()
    assert (small[seen][:, 1] <= top // 100).all()


def test_layers_that_do_not_show_are_left_empty(layered):
    small = reduced(layered, layered.bounds, 30, 20)
    assert not small.layer(layered.layers[2].id).raster.tiles
    assert small.layer(layered.layers[1].id).raster.tiles


def test_sixteen_bits_stay(layered):
    pixels = np.random.default_rng(1).integers(0, 65536, (40, 40, 4), np.uint16)
    pixels[..., 3] = 65535
    small = reduced(Picture.from_pixels(pixels), Rect(0, 0, 40, 40), 17, 13)
    expected = cv2.resize(pixels, (17, 13), interpolation=cv2.INTER_AREA)
    assert small.dtype == np.uint16
    assert np.array_equal(composite(small), expected)
