"""A 500-pixel dab on 24 megapixels: engine, document and canvas together; prints milliseconds.

Run with ``python tests/benchmarks/bench_painting.py``. The limit it is compared with is physical:
copying the tiles that the dab touches and writing the same pixels into the display.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from studio.document import TILE, Document, Layer, Picture, Raster, tile_rect
from studio.document.painting import Brush, SolidInk, Stroke, Target
from studio.document.painting.target import in_tiles
from studio.qt.canvas import CanvasView

WIDTH, HEIGHT = 6000, 4000
SIZE = 500.0
DABS = 40


def picture(dtype: type, layers: int) -> Picture:
    """Noise on every layer; the upper ones half transparent."""
    random = np.random.default_rng(1)
    maximum = np.iinfo(dtype).max
    block = random.integers(0, maximum + 1, (TILE, TILE, 4)).astype(dtype)
    made = []
    for number in range(layers):
        tile = block.copy()
        tile[..., 3] = maximum if number == 0 else maximum // 2
        tile.flags.writeable = False
        columns, rows = -(-WIDTH // TILE), -(-HEIGHT // TILE)
        tiles = {(x, y): tile for x in range(columns) for y in range(rows)}
        made.append(Layer(f"Layer {number}", Raster(dtype, 4, tiles)))
    return Picture(WIDTH, HEIGHT, tuple(made), made[-1].id)


def timed(what: Callable[[int], object], count: int = DABS) -> float:
    """Median milliseconds of a call."""
    times = []
    for number in range(count):
        start = time.perf_counter()
        what(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def measure(dtype: type, hardness: float, layers: int) -> None:
    """Print what a dab costs."""
    start = picture(dtype, layers)
    document = Document(start)
    view = CanvasView()
    view.resize(1600, 1000)
    view.set_document(document)
    if view.scene.display is not None:
        view.scene.display.wait()
    maximum = int(np.iinfo(dtype).max)
    target = Target.of(start)
    stroke = Stroke(target, Brush(size=SIZE, hardness=hardness), SolidInk((maximum, 0, 99)))
    transaction = document.begin("Brush")
    engine: list[float] = []

    def paint(number: int) -> None:
        began = time.perf_counter()
        stroke.line(600 + 50.3 * number, 2000 + 7.7 * number)
        raster = stroke.update()
        engine.append(time.perf_counter() - began)
        transaction.show(target.painted(raster))

    # The first touch makes the shape of the dab and the coverage of its tiles.
    first = timed(paint, 1)
    whole = timed(paint)
    rect = Target.of(document.picture).bounds.intersected(
        tile_rect((9, 6)).grown(int(SIZE - TILE) // 2)
    )
    touched = [index for index, _ in in_tiles(rect)]
    levels = view.scene.display.pyramid.levels[0] if view.scene.display else None

    def copy(_: int) -> None:
        for index in touched:
            tile = start.layers[0].raster.tiles[index].copy()
            if levels is not None:
                shown = tile_rect(index)
                levels[shown.y : shown.bottom, shown.x : shown.right] = tile if (
                    tile.dtype == np.uint8
                ) else tile.view(np.uint8)[..., ::2]

    limit = timed(copy)
    print(
        f"{np.dtype(dtype).name:7} hardness {hardness:.1f}, {layers} layers: "
        f"{whole:5.2f} ms a dab (engine {statistics.median(engine) * 1e3:5.2f}, first {first:5.2f}), "
        f"copying {len(touched)} tiles {limit:5.2f} ms, ratio {whole / limit:4.1f}"
    )
    transaction.commit()
    view.set_document(None)


def main() -> None:
    """Measure both depths."""
    app = QApplication.instance() or QApplication([])
    print(f"{WIDTH} x {HEIGHT} pixels, brush of {SIZE:.0f} pixels")
    for dtype in (np.uint8, np.uint16):
        for hardness, layers in ((1.0, 1), (0.0, 1), (0.5, 3)):
            measure(dtype, hardness, layers)
    del app


if __name__ == "__main__":
    main()
