"""Masks made out of selections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document.selection import feathered, grown


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    pixels=st.integers(0, 12),
)
def test_grown_selects_all_within_the_distance_and_leaves_the_rest(seed, size, pixels):
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random(size) < 0.03, 255, rng.integers(0, 128, size)).astype(np.uint8)
    y, x = np.mgrid[: size[0], : size[1]]
    near = np.zeros(size, bool)
    for row, column in np.argwhere(mask >= 128):
        near |= (y - row) ** 2 + (x - column) ** 2 <= pixels**2
    want = np.where(near & (pixels > 0), 255, mask)
    before = mask.copy()
    np.testing.assert_array_equal(grown(mask, pixels), want)
    np.testing.assert_array_equal(mask, before)


def test_feathered_fades_about_that_far_and_keeps_the_middle():
    mask = np.zeros((40, 100), np.uint8)
    mask[:, :50] = 255
    soft = feathered(mask, 10)
    edge = soft[20].astype(int)
    assert (np.diff(edge) <= 0).all()
    assert abs(edge[49:51].mean() - 127.5) < 2
    assert edge[39] > 240
    assert edge[60] < 15
    assert (edge[:25] == 255).all()  # also at the border of the picture
    assert (edge[75:] == 0).all()


@pytest.mark.parametrize("change", [grown, feathered])
def test_nothing_asked_is_nothing_changed_and_nothing_selected_stays_so(change):
    mask = np.random.default_rng(1).integers(0, 256, (9, 7)).astype(np.uint8)
    np.testing.assert_array_equal(change(mask, 0), mask)
    assert change(mask, 0) is not mask
    assert not change(np.zeros((9, 7), np.uint8), 5).any()
    assert (change(np.full((9, 7), 255, np.uint8), 5) == 255).all()
