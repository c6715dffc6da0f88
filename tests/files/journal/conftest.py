"""Pictures for journals: random edits of small layer trees."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.document import BlendMode, Group, Guide, Layer, Picture, Raster, Text

Step = Callable[[Picture, random.Random], Picture]


def _pixels(rng: random.Random, dtype: Any, channels: int) -> np.ndarray:
    height, width = rng.randrange(1, 90), rng.randrange(1, 90)
    top = np.iinfo(dtype).max
    generator = np.random.default_rng(rng.randrange(2**32))
    if rng.random() < 0.3:
        return generator.integers(0, top + 1, (height, width, channels), dtype=dtype)
    return np.full((height, width, channels), rng.randrange(top + 1), dtype)


def _raster(rng: random.Random, dtype: Any, channels: int) -> Raster:
    x, y = rng.randrange(-300, 300), rng.randrange(-300, 300)
    return Raster.from_array(_pixels(rng, dtype, channels), x, y)


def _paint(picture: Picture, rng: random.Random) -> Picture:
    layer = rng.choice(picture.layers)
    pixels = _pixels(rng, picture.dtype, 4)
    raster = layer.raster.write(rng.randrange(-300, 300), rng.randrange(-300, 300), pixels)
    return picture.with_layer(layer.replaced(raster=raster))


def _add(picture: Picture, rng: random.Random) -> Picture:
    layer = Layer(f"Layer {rng.randrange(100)} ö", _raster(rng, picture.dtype, 4))
    nodes = (*picture.nodes, layer)
    if rng.random() < 0.4:
        group = Group("Group", nodes, blend=BlendMode.SCREEN, pass_through=rng.random() < 0.5)
        nodes = (group,)
    return picture.replaced(nodes=nodes, active=layer.id)


def _dress(picture: Picture, rng: random.Random) -> Picture:
    node = rng.choice([node for node, _ in picture.walk()])
    changes: dict[str, Any] = {
        "opacity": rng.random(),
        "visible": rng.random() < 0.5,
        "locked": rng.random() < 0.3,
        "blend": rng.choice(list(BlendMode)),
        "mask": _raster(rng, np.uint8, 1) if rng.random() < 0.7 else None,
    }
    if isinstance(node, Layer):
        changes["text"] = Text("Grüße\n2", "Sans", rng.random() * 90, (1, 2, 255), -4.5, 0.25)
    return picture.with_node(node.replaced(**changes))


def _arrange(picture: Picture, rng: random.Random) -> Picture:
    return picture.replaced(
        width=rng.randrange(1, 700),
        height=rng.randrange(1, 700),
        icc=bytes([rng.randrange(256)]) * rng.randrange(1, 600),
        selection=_raster(rng, np.uint8, 1) if rng.random() < 0.6 else None,
        guides=(Guide(vertical=True, position=rng.random() * 50),),
        mask_active=rng.random() < 0.5,
    )


def _drop(picture: Picture, rng: random.Random) -> Picture:
    return picture.replaced(nodes=(picture.layers[-1],), active=picture.layers[-1].id)


@pytest.fixture
def pictures() -> Callable[[int, int], list[Picture]]:
    """A seeded sequence of pictures, each an edit of the one before or of an older one."""

    def make(seed: int, count: int) -> list[Picture]:
        rng = random.Random(seed)
        dtype = rng.choice([np.uint8, np.uint16])
        first = Layer("Background", _raster(rng, dtype, 4))
        out = [Picture(300, 200, (first,), first.id)]
        while len(out) < count:
            base = out[-1] if rng.random() < 0.8 else rng.choice(out)
            step: Step = rng.choice([_paint, _paint, _add, _dress, _arrange, _drop])
            out.append(step(base, rng))
        return out

    return make
