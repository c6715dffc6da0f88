"""Documents to write: hypothesis strategies of whole layer trees, and a fixed one for others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from studio.document import Group, Guide, Layer, Picture, Raster, Text
from studio.document.blend import BlendMode
from studio.files.icc import P3_PRIMARIES, matrix_profile

_NAMES = st.text(max_size=12)
_OPACITIES = st.floats(0, 1, allow_nan=False)


def _noise(seed: int, height: int, width: int, channels: int, depth: type) -> np.ndarray:
    rng = np.random.default_rng(seed)
    top = int(np.iinfo(depth).max)
    pixels = rng.integers(0, top + 1, (height, width, channels), depth)
    # Rows without anything, colours under no alpha, and full alpha: what pictures have.
    pixels[rng.random((height, width)) < 0.3] = 0
    if channels == 4:
        pixels[..., 3][rng.random((height, width)) < 0.3] = 0
        pixels[..., 3][rng.random((height, width)) < 0.3] = top
    return pixels


@st.composite
def _rasters(draw: st.DrawFn, channels: int, depth: type) -> Raster:
    height, width = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    x, y = draw(st.integers(-300, 300)), draw(st.integers(-300, 300))
    if not height or not width:
        return Raster(depth, channels)
    return Raster.from_array(
        _noise(draw(st.integers(0, 2**32)), height, width, channels, depth), x, y
    )


_texts = st.builds(
    Text,
    content=st.text(max_size=20),
    family=st.sampled_from(["Noto Sans", "Serif"]),
    size=st.floats(1, 200),
    color=st.tuples(*[st.integers(0, 255)] * 3),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
    bold=st.booleans(),
    italic=st.booleans(),
    align=st.sampled_from(["left", "center", "right"]),
)


@st.composite
def _nodes(draw: st.DrawFn, depth: type, level: int = 0) -> Layer | Group:
    mask_depth = draw(st.sampled_from([np.uint8, depth]))
    common = {
        "name": draw(_NAMES),
        "visible": draw(st.booleans()),
        "opacity": draw(_OPACITIES),
        "mask": draw(st.none() | _rasters(1, mask_depth)),
        "blend": draw(st.sampled_from(BlendMode)),
        "locked": draw(st.booleans()),
    }
    if level < 3 and draw(st.integers(0, 3)) == 0:
        children = draw(st.lists(_nodes(depth, level + 1), max_size=3))
        return Group(children=tuple(children), pass_through=draw(st.booleans()), **common)
    return Layer(raster=draw(_rasters(4, depth)), text=draw(st.none() | _texts), **common)


@st.composite
def _pictures(draw: st.DrawFn) -> Picture:
    depth = draw(st.sampled_from([np.uint8, np.uint16]))
    nodes = draw(st.lists(_nodes(depth), min_size=1, max_size=4))
    base = Layer("Background", draw(_rasters(4, depth)))
    picture = Picture(
        draw(st.integers(1, 60)), draw(st.integers(1, 60)), (base, *nodes), base.id,
        draw(st.sampled_from([None, matrix_profile("Display P3", P3_PRIMARIES)])),
        selection=draw(st.none() | _rasters(1, np.uint8)),
        guides=tuple(draw(st.lists(st.builds(Guide, st.booleans(), st.floats(-99, 99))))),
        mask_active=draw(st.booleans()),
    )  # fmt: skip
    chosen = draw(st.sampled_from([node.id for node, _ in picture.walk()]))
    return picture.replaced(active=chosen)


@pytest.fixture(scope="session")
def pictures() -> Callable[[], st.SearchStrategy[Picture]]:
    """Makes the strategy of random documents: trees, masks, blend modes, both depths."""
    return _pictures


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Random pixels (seed, height, width, channels, depth), with holes and full alpha."""
    return _noise
