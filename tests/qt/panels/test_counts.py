"""Counts of levels against numpy over the whole picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import BlendMode, Layer, Picture, Raster, composite
from studio.document import layer_edits as core
from studio.qt.panels import counts as module
from studio.qt.panels.counts import Counter


def noise(seed: int, height: int = 300, width: int = 520, dtype: type = np.uint8):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, 4), dtype, endpoint=True)


def expected(pixels, chosen):
    """Bins of red, green, blue of the chosen pixels, from 8-bit values."""
    values = pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8)
    return np.stack([np.bincount(values[..., c][chosen], minlength=256) for c in range(3)])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_visible_counts_what_shows(dtype):
    picture = Picture.from_pixels(noise(1, dtype=dtype))
    upper = Layer("up", Raster.from_array(noise(2, dtype=dtype)), blend=BlendMode.MULTIPLY)
    picture = core.add_node(upper)(picture)
    shown = composite(picture)
    counts = Counter().count(picture, "visible")
    assert counts is not None
    assert np.array_equal(counts.bins[:3], expected(shown, shown[..., 3] > 0))
    assert counts.pixels == np.count_nonzero(shown[..., 3])


def test_the_layer_alone_and_the_selection_alone():
    picture = Picture.from_pixels(noise(3))
    upper = Layer("up", Raster.from_array(noise(4)[:100, :80]), opacity=0.5)
    picture = core.add_node(upper)(picture)
    selection = np.zeros((300, 520, 1), np.uint8)
    selection[40:280, 250:300] = 200
    selection[0:10, 0:10] = 100  # less than half
    picture = picture.replaced(selection=Raster.from_array(selection))
    counter = Counter()
    layer = counter.count(picture, "layer")
    pixels = noise(4)[:100, :80]
    assert layer is not None
    assert np.array_equal(layer.bins[:3], expected(pixels, pixels[..., 3] > 0))
    shown = composite(picture)
    selected = counter.count(picture, "selection")
    assert selected is not None
    chosen = (shown[..., 3] > 0) & (selection[..., 0] >= 128)
    assert np.array_equal(selected.bins[:3], expected(shown, chosen))


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_counting_on_is_counting_anew(data):
    picture = Picture.from_pixels(noise(5))
    counter = Counter()
    for step in range(data.draw(st.integers(1, 5))):
        source = data.draw(st.sampled_from(["visible", "layer", "selection"]))
        action = data.draw(st.sampled_from(["paint", "add", "select", "deselect", "fade"]))
        x, y = data.draw(st.integers(0, 500)), data.draw(st.integers(0, 280))
        if action == "paint":
            layer = picture.active_layer
            raster = layer.raster.write(x, y, noise(step, 15, 18))
            picture = picture.with_layer(layer.replaced(raster=raster))
        elif action == "add":
            picture = core.add_node(Layer("n", Raster.from_array(noise(step, 9, 9), x, y)))(picture)
        elif action == "select":
            chosen = Raster.from_array(np.full((60, 300, 1), 255, np.uint8), x, y)
            picture = picture.replaced(selection=chosen)
        elif action == "deselect":
            picture = picture.replaced(selection=None)
        else:
            picture = core.change_node(picture.active, opacity=0.3)(picture)
        again, anew = counter.count(picture, source), Counter().count(picture, source)
        assert again is not None
        assert anew is not None
        assert np.array_equal(again.bins, anew.bins)


def test_a_stroke_counts_its_tiles_only(monkeypatch):
    picture = Picture.from_pixels(noise(6, 800, 1200))
    counter = Counter()
    counter.count(picture, "visible")
    done: list[tuple[int, int]] = []
    count = module._tile_counts
    monkeypatch.setattr(module, "_tile_counts", lambda p, s, i: (done.append(i), count(p, s, i))[1])
    layer = picture.active_layer
    raster = layer.raster.write(250, 10, np.zeros((5, 20, 4), np.uint8))
    counter.count(picture.with_layer(layer.replaced(raster=raster)), "visible")
    assert sorted(done) == [(0, 0), (1, 0)]


def test_a_cancelled_count_goes_on_where_it_was():
    picture = Picture.from_pixels(noise(7, 600, 600))
    counter, asked = Counter(), iter([False, False, True])
    assert counter.count(picture, "visible", lambda: next(asked)) is None
    counts = counter.count(picture, "visible")
    assert counts is not None
    assert np.array_equal(counts.bins, Counter().count(picture, "visible").bins)


def test_statistics_are_those_of_numpy():
    pixels = noise(8)
    pixels[..., 3] = 255
    counts = Counter().count(Picture.from_pixels(pixels), "visible")
    assert counts is not None
    for channel in range(3):
        found = counts.statistics(channel)
        assert found.mean == pytest.approx(pixels[..., channel].mean())
        assert found.deviation == pytest.approx(pixels[..., channel].std())
        assert found.median == np.median(pixels[..., channel])
    assert counts.below(0, 99) == pytest.approx((pixels[..., 0] <= 99).mean())
    gray = np.full((4, 4, 4), 255, np.uint8)
    gray[:2] = (0, 0, 0, 255)
    clipped = Counter().count(Picture.from_pixels(gray), "visible")
    assert clipped.clipped() == (0.5, 0.5)
    assert clipped.statistics(3).median == 127.5


def test_nothing_to_count():
    counts = Counter().count(Picture.from_pixels(np.zeros((9, 9, 4), np.uint8)), "visible")
    assert counts.pixels == 0
    assert counts.statistics(0) is None
