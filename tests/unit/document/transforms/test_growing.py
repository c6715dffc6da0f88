"""A canvas that grows around its picture: what was there stays, in every bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.api import Margins
from studio.document import (
    BlendMode,
    Document,
    Group,
    Guide,
    Layer,
    Picture,
    Raster,
    Rect,
    Text,
    composite,
)
from studio.document.transforms import grow, grown_canvas, margin_weights

SIDES = st.tuples(*[st.integers(0, 300)] * 4).filter(any)


def noise(width, height, dtype=np.uint8, channels=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


def rich(width, height, dtype, seed):
    """Layers, a masked group, a selection, guides and text."""
    base = Layer("Base", Raster.from_array(noise(width, height, dtype, seed=seed)))
    pixels = Raster.from_array(noise(width, height, dtype, seed=seed + 1))
    words = Text("hello", "Sans", 12.0, (1, 2, 3), 3.0, 4.0)
    inner = Layer("Inner", pixels, mask=Raster.from_array(noise(width, height, np.uint8, 1, 7)),
                  text=words, blend=BlendMode.MULTIPLY)  # fmt: skip
    group = Group("Group", (inner,), mask=Raster.from_array(noise(width, height, np.uint8, 1, 9)))
    selection = Raster.from_array(noise(width, height, np.uint8, 1, seed + 3))
    guides = (Guide(True, 1.0), Guide(False, float(height)))
    return Picture(width, height, (base, group), base.id, selection=selection, guides=guides)


@given(
    sides=SIDES,
    overlap=st.sampled_from([0, 0, 3, 400]),
    size=st.tuples(st.integers(1, 290), st.integers(1, 40)),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    seed=st.integers(0, 99),
)
def test_every_original_pixel_moves_as_it_is_and_undo_and_redo_agree(
    sides, overlap, size, dtype, seed
):
    picture = rich(*size, dtype, seed)
    margins = Margins(*sides, overlap)
    rect = grown_canvas(margins, *size)
    new = noise(rect.width, rect.height, dtype, seed=seed + 50)
    document = Document(picture)

    assert document.apply("Grow", grow(margins, new, "New"))

    after = document.picture
    old = Rect(margins.left, margins.top, *size)
    assert after.bounds == Rect(0, 0, *margins.size(*size))
    for was, layer in zip(picture.layers, after.layers[:-1], strict=True):
        assert layer.id == was.id
        assert np.array_equal(layer.raster.read(old), was.raster.read(picture.bounds))
        assert not layer.raster.read(after.bounds)[: old.y].any()
        if was.mask is not None:
            assert np.array_equal(layer.mask.read(old), was.mask.read(picture.bounds))
    assert np.array_equal(after.selection.read(old), picture.selection.read(picture.bounds))
    assert [guide.position for guide in after.guides] == [1.0 + old.x, size[1] + old.y]
    text = after.layers[1].text
    assert (text.x, text.y) == (3.0 + old.x, 4.0 + old.y)

    top = after.layers[-1]
    assert (top.name, after.active) == ("New", top.id)
    shown = composite(after)
    weights = margin_weights(margins, *size)
    whole = weights == 1
    assert np.array_equal(top.raster.read(after.bounds)[whole], new[whole])
    if not overlap:
        assert np.array_equal(shown[old.y : old.bottom, old.x : old.right], composite(picture))
    assert not top.raster.read(after.bounds)[weights == 0].any()

    document.undo()
    assert document.picture is picture
    document.redo()
    assert document.picture is after
    assert len(document.history.steps) == 1


def test_an_overlap_fades_away_from_the_sides_that_grow():
    weights = margin_weights(Margins(2, 0, 0, 0, overlap=4), 10, 3)
    assert weights.shape == (3, 12)
    line = weights[1]
    assert (line[:2] == 1).all()
    assert (np.diff(line[2:6]) < 0).all()
    assert (line[2:6] > 0).all()
    assert (line[2:6] < 1).all()
    assert not line[6:].any()

    both = margin_weights(Margins(1, 1, 1, 1, overlap=50), 4, 4)
    assert np.array_equal(both, both[::-1])
    assert np.array_equal(both, both[:, ::-1])
    assert both.max() == 1


def test_pixels_of_another_size_belong_nowhere():
    picture = Picture.from_pixels(noise(4, 4))
    with pytest.raises(ValueError, match="5 x 4"):
        grow(Margins(1, 0, 0, 0), noise(4, 4), "New")(picture)
