"""Marching ants on 24 megapixels cost no more than a plain frame of the canvas, whatever the shape.

Run with ``pytest tests/benchmarks/bench_selection.py -m benchmark -s``. Printed are a step of the
march and a frame after the view has moved, as multiples of a plain frame, and the time that the
magic wand and other selections take on the picture.
"""

from __future__ import annotations

import statistics
import sys
import time

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.document import Document, Picture
from studio.document.edits import select
from studio.document.regions import by_color, ellipse, feather, from_mask, grow, union, wand
from studio.qt.canvas import CanvasView
from studio.qt.selecting.ants import Ants
from studio.qt.selecting.state import SelectionView

pytestmark = pytest.mark.benchmark

WIDTH, HEIGHT = 6000, 4000


@pytest.fixture(scope="module")
def pixels():
    """Clouds of many scales: a wand selects thousands of specks."""
    rng = np.random.default_rng(0)
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    for cells in (8, 64, 512, 2000):
        noise = rng.random((cells * 2 // 3, cells)).astype(np.float32)
        out += cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    gray = np.clip(out / 4 * 255, 0, 255).astype(np.uint8)
    return np.stack([gray, gray, gray, np.full_like(gray, 255)], axis=2)


def best(work, times=5) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")


def test_selecting_on_24_megapixels(pixels):
    bounds = Picture.from_pixels(pixels).bounds
    seed = pixels[2000, 3000].tolist()
    tell("")
    for depth in (pixels, pixels.astype(np.uint16) * 257):
        name = f"{depth.dtype}"
        tell(f"wand, contiguous, {name}: {best(lambda d=depth: wand(d, 3000, 2000, 12)):.0f} ms")
        color = depth[2000, 3000].tolist()
        tell(
            f"colour range, {name}: {best(lambda d=depth, c=color: by_color(d, [c], 12, 12)):.0f} ms"
        )
    specks = from_mask(by_color(pixels, [seed], 12, 12))
    oval = ellipse(100.5, 100.5, 5800, 3800, bounds)
    tell(f"ellipse: {best(lambda: ellipse(100.5, 100.5, 5800, 3800, bounds)):.0f} ms")
    tell(f"union with specks: {best(lambda: union(oval, specks)):.0f} ms")
    for name, selection in (("ellipse", oval), ("specks", specks)):
        tell(f"grow {name} by 10: {best(lambda s=selection: grow(s, 10, bounds), 3):.0f} ms")
        tell(f"feather {name} by 20: {best(lambda s=selection: feather(s, 20, bounds), 3):.0f} ms")


@pytest.mark.parametrize("zoom", ["fit", 0.5, 1, 8])
@pytest.mark.parametrize("shape", ["ellipse", "specks"])
def test_a_step_of_the_march(qapp: QApplication, pixels, zoom, shape):
    document = Document(Picture.from_pixels(pixels))
    view = CanvasView()
    view.resize(1600, 1000)
    view.show()
    view.set_document(document)
    view.scene.display.wait()
    qapp.processEvents()
    view.fit() if zoom == "fit" else view.zoom_to(zoom)
    plain = best(view.repaint, 40)
    moved = best(lambda: (view.pan(3, 2), view.repaint()), 40)
    if shape == "ellipse":
        selection = ellipse(1000.5, 500.5, 4000, 3000, document.picture.bounds)
    else:
        selection = from_mask(by_color(pixels, [pixels[2000, 3000].tolist()], 12, 12))
    ants = Ants(view, SelectionView())
    view.add_decoration(ants)
    document.apply("Select", select(selection))
    first = best(view.repaint, 1)

    def step():
        ants.advance()
        qapp.processEvents()

    march = best(step, 40)
    pan = best(lambda: (view.pan(3, 2), view.repaint()), 40)
    tell(
        f"\n{shape} at {zoom}: plain frame {plain:.2f} ms; step {march:.2f} ms, {march / plain:.2f} x;"
        f" first frame {first:.1f} ms; moved {pan:.2f} ms against {moved:.2f} ms"
    )
    view.set_document(None)
    view.close()
    view.deleteLater()
