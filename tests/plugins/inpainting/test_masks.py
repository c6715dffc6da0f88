"""Random holes: how large, where, and repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from studio_plugins.inpainting.masks import (
    blob,
    boxes,
    clouds,
    missing_border,
    random_mask,
    scratches,
    strokes,
    thick,
)


@pytest.mark.parametrize("kind", [blob, boxes, clouds, missing_border, scratches, strokes])
@pytest.mark.parametrize("side", [32, 96])
def test_a_kind_makes_holes(kind, side):
    random = np.random.default_rng(0)
    masks = [kind(side, random) for _ in range(40)]
    assert all(mask.shape == (side, side) for mask in masks)
    assert all(mask.dtype == bool for mask in masks)
    shares = [mask.mean() for mask in masks]
    assert 0.005 < np.mean(shares) < 0.6
    assert len({round(float(share), 4) for share in shares}) > 20


def test_random_holes_are_never_empty_and_leave_something():
    random = np.random.default_rng(1)
    shares = [random_mask(64, random).mean() for _ in range(300)]
    assert min(shares) > 0.005
    assert max(shares) < 0.95


def test_the_same_seed_makes_the_same_holes():
    first, second = (
        [random_mask(48, np.random.default_rng(7)) for _ in range(3)] for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_thick_holes_cover_the_share_that_is_asked_for():
    random = np.random.default_rng(2)
    shares = np.array([thick(96, random, (0.1, 0.3)).mean() for _ in range(60)])
    assert (shares <= 0.3).all()
    assert (shares >= 0.1).mean() > 0.9


def test_a_missing_border_touches_the_border_and_keeps_the_middle():
    random = np.random.default_rng(3)
    for _ in range(50):
        mask = missing_border(64, random)
        rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        assert rim.any()
        assert not mask[28:36, 28:36].any()
