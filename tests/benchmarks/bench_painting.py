"""A 500-pixel dab on 24 megapixels: engine, document and canvas together; the aim is 8 ms.

Run with ``pytest tests/benchmarks/bench_painting.py -m benchmark -s``. Each dab is compared with a
physical limit: copying the tiles that it touches and writing as many pixels into the display.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.document import TILE, Document, Layer, Picture, Raster, Rect
from studio.document.painting import Brush, SolidInk, Stroke, Target
from studio.document.painting.target import in_tiles
from studio.qt.canvas import CanvasView

pytestmark = pytest.mark.benchmark

WIDTH, HEIGHT = 6000, 4000
SIZE = 500
DABS = 60


def picture(dtype: type, layers: int) -> Picture:
    """Noise on every layer; the upper ones half transparent, the lowest opaque."""
    random = np.random.default_rng(1)
    maximum = int(np.iinfo(dtype).max)
    block = random.integers(0, maximum + 1, (TILE, TILE, 4)).astype(dtype)
    columns, rows = -(-WIDTH // TILE), -(-HEIGHT // TILE)
    made = []
    for number in range(layers):
        tile = block.copy()
        tile[..., 3] = maximum // (1 + (number > 0))
        tile.flags.writeable = False
        tiles = {(x, y): tile for x in range(columns) for y in range(rows)}
        made.append(Layer(f"Layer {number}", Raster(dtype, 4, tiles)))
    return Picture(WIDTH, HEIGHT, tuple(made), made[-1].id)


def times(what: Callable[[int], object]) -> tuple[float, float]:
    """Milliseconds of a call: the median by the clock, and of all threads' processor time."""
    found, used = [], []
    for number in range(DABS):
        start, cpu = time.perf_counter(), time.process_time()
        what(number)
        found.append((time.perf_counter() - start) * 1e3)
        used.append((time.process_time() - cpu) * 1e3)
    return statistics.median(found), statistics.median(used)


def copying(start: Picture, view: CanvasView) -> tuple[float, float]:
    """What copying the touched tiles and writing the display costs."""
    assert view.scene.display is not None
    shown = view.scene.display.pyramid.levels[0]
    touched = in_tiles(Rect(2304 - SIZE // 2 + 128, 1536 - SIZE // 2 + 128, SIZE, SIZE))
    pixels = np.zeros((TILE, TILE, 4), np.uint8)

    def copy(_: int) -> None:
        for index, part in touched:
            start.layers[0].raster.tiles[index].copy()
            rows = slice(part.y, part.bottom)
            shown[rows, part.x : part.right] = pixels[: part.height, : part.width]

    return times(copy)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("hardness", [1.0, 0.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_dab_follows_the_pen(qtbot: QtBot, dtype: type, hardness: float, layers: int) -> None:
    start = picture(dtype, layers)
    document = Document(start)
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(1600, 1000)
    view.set_document(document)
    assert view.scene.display is not None
    view.scene.display.wait()
    limit = copying(start, view)
    target = Target.of(start)
    maximum = int(np.iinfo(dtype).max)
    stroke = Stroke(target, Brush(size=SIZE, hardness=hardness), SolidInk((maximum, 0, 99)))
    transaction = document.begin("Brush")

    def paint(number: int) -> None:
        stroke.line(600 + 50.3 * number, 2000 + 7.7 * number)
        transaction.show(target.painted(stroke.update()), stroke.renewed)

    paint(0)  # makes the shape of the dab
    whole = times(paint)
    transaction.commit()
    view.set_document(None)
    (clock, processor), (_, least) = whole, limit
    print(
        f"\n{np.dtype(dtype).name:6} hardness {hardness:.0f}, {layers} layers: {clock:.2f} ms a dab "
        f"({processor:.2f} ms of processor time; copying {least:.2f}, ratio {processor / least:.0f})"
    )
    assert stroke.touched.contains(2500, 2000)
