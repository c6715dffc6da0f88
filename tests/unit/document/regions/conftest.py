"""Selections of a few tiles, soft and hard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from studio.document import Raster, Rect
from studio.document.regions import from_mask

BOUNDS = Rect(0, 0, 600, 300)


@pytest.fixture(scope="session")
def bounds() -> Rect:
    """A canvas of three by two tiles, the last ones in part."""
    return BOUNDS


@pytest.fixture(scope="session")
def blobs() -> Callable[[int], Raster]:
    """``blobs(seed)``: a random selection with whole, empty and mixed tiles."""

    def make(seed: int) -> Raster:
        rng = np.random.default_rng(seed)
        mask = np.zeros((BOUNDS.height, BOUNDS.width), np.uint8)
        for _ in range(rng.integers(0, 5)):
            y, x = rng.integers(0, BOUNDS.height), rng.integers(0, BOUNDS.width)
            height, width = rng.integers(1, 200, 2)
            patch = mask[y : y + height, x : x + width]
            kind = rng.integers(0, 3)
            if kind == 0:
                patch[...] = rng.integers(0, 256)
            elif kind == 1:
                patch[...] = rng.integers(0, 256, patch.shape)
            else:
                patch[...] = 255
        if rng.random() < 0.3:
            mask[:256, :256] = 255
        return from_mask(mask)

    return make
