"""A dirty tile under a brush: five layers of 16 bits, one of them in a non-separable blend mode.

Compared in the same run with Pillow's ``alpha_composite`` of the same five layers at 8 bits, all
normal, which is what an 8-bit editor with one blend mode would pay, and with copying the tile's
layers once, which is what memory alone asks for.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from studio.document import TILE, BlendMode, Layer, Picture, Raster, Rect, composite
from studio.host.memory import keep_pages

RECT = Rect(TILE, TILE, TILE, TILE)
LAYERS = 5


def picture(dtype, *, opaque_background):
    rng = np.random.default_rng(3)
    maximum = np.iinfo(dtype).max
    layers = []
    for number in range(LAYERS):
        pixels = rng.integers(0, maximum, (TILE * 3, TILE * 3, 4), dtype, endpoint=True)
        if number == 0 and opaque_background:
            pixels[..., 3] = maximum
        blend = BlendMode.LUMINOSITY if number == 2 else BlendMode.NORMAL
        layers.append(Layer(f"{number}", Raster.from_array(pixels), opacity=0.8, blend=blend))
    if opaque_background:
        layers[0] = layers[0].replaced(opacity=1.0)
    return Picture(TILE * 3, TILE * 3, tuple(layers), layers[0].id)


def best(function, rounds=40):
    function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times), float(np.median(times))


@pytest.mark.benchmark(group="composite")
@pytest.mark.parametrize("opaque", [True, False], ids=["opaque", "transparent"])
def test_dirty_tile_of_five_deep_layers(benchmark, opaque):
    keep_pages()  # as the program does at its start
    deep = picture(np.uint16, opaque_background=opaque)
    benchmark.pedantic(composite, args=(deep, RECT), rounds=100, warmup_rounds=5)
    ours = benchmark.stats.stats.median
    flat = picture(np.uint8, opaque_background=opaque)
    tiles = [
        Image.fromarray(np.ascontiguousarray(layer.raster.read(RECT))) for layer in flat.layers
    ]

    def pillow():
        out = tiles[0]
        for tile in tiles[1:]:
            out = Image.alpha_composite(out, tile)

    rasters = [layer.raster for layer in deep.layers]
    _, pillow_time = best(pillow)
    _, copy_time = best(lambda: [raster.read(RECT) for raster in rasters])
    print(
        f"\n{'opaque' if opaque else 'transparent'} background: {ours * 1e3:.2f} ms a tile; "
        f"{ours / pillow_time:.1f} x Pillow at 8 bits, normal only ({pillow_time * 1e3:.2f} ms); "
        f"{ours / copy_time:.0f} x copying the layers ({copy_time * 1e3:.3f} ms)"
    )


@pytest.mark.benchmark(group="composite")
@pytest.mark.parametrize("mode", list(BlendMode), ids=str)
def test_dirty_tile_in_each_mode(benchmark, mode):
    keep_pages()
    base = picture(np.uint16, opaque_background=True)
    low, top = base.layers[0], base.layers[1].replaced(blend=mode)
    pair = base.replaced(nodes=(low, top))
    benchmark.pedantic(composite, args=(pair, RECT), rounds=40, warmup_rounds=3)
