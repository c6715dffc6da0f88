from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from typing_extensions import override

from studio.document import Document, Layer, Picture, Raster, Rect
from studio.document.edits import crop, paint, rescale
from studio.document.layer_edits import add_node
from studio.qt.canvas import CanvasView
from studio.qt.canvas.rendering import Colors
from studio.qt.canvas.rulers import THICKNESS, tick_step


def shown(view, area):
    """The widget's pixels that a canvas rectangle covers, at ratio 1."""
    placed = view.viewport.placed(area)
    return np.s_[placed.y : placed.bottom, placed.x : placed.right]


def checks(view, height, width):
    """The checkerboard of a view, from the corner of the widget."""
    dark, light = (color.red() for color in Colors.of(view.palette()).checks)
    rows, columns = np.mgrid[:height, :width] // 8
    return np.where((rows + columns) % 2 == 0, light, dark)[..., None].repeat(3, 2)


def test_at_100_percent_every_pixel_is_exact(open_view, grab, noise):
    pixels = noise(200, 150)
    view = open_view(pixels)
    assert view.zoom == 1
    assert np.array_equal(grab(view)[shown(view, Rect(0, 0, 200, 150))], pixels[..., :3])
    view.pan(-110.4, 23.3)
    seen = Rect(80, 0, 120, 100)
    assert np.array_equal(grab(view)[shown(view, seen)], pixels[:100, 80:, :3])


def test_sixteen_bits_at_100_percent(open_view, grab, noise):
    pixels = noise(200, 150, depth=np.uint16)
    view = open_view(pixels)
    expected = np.rint(pixels[..., :3] / 257).astype(np.uint8)
    assert np.array_equal(grab(view)[shown(view, Rect(0, 0, 200, 150))], expected)


@pytest.mark.parametrize("zoom", [2, 3, 4, 7, 8])
def test_enlarged_pixels_are_squares(open_view, grab, noise, zoom):
    pixels = noise(300, 300)
    view = open_view(pixels)
    view.zoom_to(zoom)
    area = Rect(150, 152, 10, 9)
    expected = pixels[152:161, 150:160, :3].repeat(zoom, 0).repeat(zoom, 1)
    assert np.array_equal(grab(view)[shown(view, area)], expected)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_reduced_by_powers_of_two_the_level_shows_exactly(open_view, grab, noise, level):
    view = open_view(noise(2203, 1501))
    view.zoom_to(1 / 2**level)
    seen = view.visible_region()
    expected = view.scene.display.pyramid.levels[level][..., 2::-1]
    x, y = seen.x // 2**level + 1, seen.y // 2**level + 1
    got = grab(view)[shown(view, Rect(x * 2**level, y * 2**level, 100 * 2**level, 100 * 2**level))]
    assert np.array_equal(got, expected[y : y + 100, x : x + 100])


def test_between_the_levels_the_picture_is_smooth(open_view, grab):
    stripes = np.full((900, 900, 4), 255, np.uint8)
    stripes[:, ::2, :3] = 0
    view = open_view(stripes)
    view.zoom_to(0.3)
    got = grab(view)[shown(view, Rect(100, 100, 600, 600))].astype(int)
    assert abs(got - 128).max() <= 1


def test_transparency_shows_a_checkerboard_fixed_to_the_screen(open_view, grab, noise):
    pixels = noise(200, 150, alpha=0)
    pixels[50:100, :, 3] = 128
    view = open_view(pixels)
    for dx in (0, 5, 6):
        view.pan(dx, 3)
        behind = checks(view, 240, 320)
        got = grab(view).astype(int)
        clear = shown(view, Rect(0, 0, 200, 50))
        assert np.array_equal(got[clear], behind[clear])
        half = shown(view, Rect(0, 50, 200, 50))
        expected = (pixels[50:100, :, :3] * 128.0 + behind[half] * 127) / 255
        assert np.abs(got[half] - expected).max() <= 1.5


def test_around_the_canvas_is_neutral_gray_with_a_border(open_view, grab, noise):
    view = open_view(noise(100, 100))
    palette = view.palette()
    palette.setColor(QPalette.ColorRole.Window, QColor(40, 50, 90))
    view.setPalette(palette)
    got = grab(view)
    x, y = view.viewport.origin
    red, green, blue = got[5, 5]
    assert red == green == blue < 80
    assert (got[y - 1, x - 1 : x + 101] == Colors.of(palette).border.red()).all()
    assert (got[y + 100, x : x + 100] == 0).all()
    assert (got[y - 2, x : x + 100] == red).all()


def test_the_pixel_grid_shows_above_800_percent(open_view, grab):
    view = open_view(np.full((50, 50, 4), 255, np.uint8))
    cell = shown(view, Rect(20, 20, 5, 5))
    for zoom, lines in ((8, False), (12, True)):
        view.zoom_to(zoom)
        cell = shown(view, Rect(22, 22, 5, 5))
        got = grab(view)[cell]
        assert (got[::zoom] < 255).all() == lines
        assert (got[5::zoom, 5::zoom] == 255).all()
    view.set_pixel_grid(False)
    assert (grab(view)[cell] == 255).all()


@pytest.mark.parametrize("zoom", [0.17, 0.5, 0.73, 1, 1.3, 2, 5.5, 12])
def test_repainting_a_part_agrees_with_the_whole_frame(open_view, grab, noise, zoom):
    view = open_view(noise(900, 700, alpha=None))
    view.zoom_to(zoom, QPointF(40, 60))
    for rect in (QRect(100, 60, 90, 41), QRect(0, 0, 3, 200), QRect(157, 120, 1, 1)):
        left, top, right, bottom = rect.getCoords()
        part = grab(view)[top : bottom + 1, left : right + 1].astype(int)
        # Qt steps through a smooth line in fixed point from where the line begins.
        assert np.abs(grab(view, rect) - part).max() <= 3


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    zoom=st.sampled_from([0.2, 0.45, 1, 1.7, 3]),
    strokes=st.lists(st.tuples(st.integers(-20, 800), st.integers(-20, 600)), max_size=3),
    seed=st.integers(0, 99),
)
def test_after_any_edits_it_shows_what_a_new_view_shows(
    open_view, grab, noise, zoom, strokes, seed
):
    document = Document(Picture.from_pixels(noise(800, 600, alpha=None, seed=seed)))
    view = open_view(document)
    document.apply("layer", add_node(Layer("above", Raster())))
    for x, y in strokes:
        stroke = noise(150, 90, alpha=None, seed=x + 20)
        document.apply("stroke", paint(document.picture.active, x, y, stroke))
    document.undo()
    fresh = open_view(document)
    for each in (view, fresh):
        each.zoom_to(zoom)
    assert np.array_equal(grab(view), grab(fresh))
    view.set_document(None)
    fresh.set_document(None)


def test_only_the_changed_part_is_repainted(open_view, noise, qapp):
    document = Document(Picture.from_pixels(noise(1000, 1000)))
    regions = []

    class Watched(CanvasView):
        @override
        def paintEvent(self, event):
            regions.append(event.region().boundingRect())
            super().paintEvent(event)

    watched = open_view(document, 400, 400, kind=Watched)
    watched.actual_size()
    qapp.processEvents()
    regions.clear()
    x, y = watched.visible_region()[:2]
    document.apply("dot", paint(document.picture.active, x + 50, y + 50, noise(2, 2, seed=5)))
    qapp.processEvents()
    changed = watched.to_widget_rect(Rect((x + 50) // 256 * 256, (y + 50) // 256 * 256, 256, 256))
    assert regions
    assert all(changed.contains(region) for region in regions)


def test_an_upscale_and_its_undo_keep_the_part_in_view(open_view, grab, noise):
    pixels = noise(600, 400)
    document = Document(Picture.from_pixels(pixels))
    view = open_view(document)
    view.zoom_to(4.0)
    before, seen = grab(view), view.visible_region()
    doubled = pixels.repeat(2, 0).repeat(2, 1)
    document.apply("upscale", rescale(1200, 800, {document.picture.active: doubled}))
    assert view.zoom == 2
    assert view.visible_region() == pytest.approx(tuple(2 * side for side in seen), abs=2)
    assert np.array_equal(grab(view), before)
    document.undo()
    assert view.zoom == 4
    assert np.array_equal(grab(view), before)


def test_a_fitted_picture_is_fitted_again_after_a_change_of_size(open_view, noise):
    document = Document(Picture.from_pixels(noise(600, 400)))
    view = open_view(document)
    assert view.fitted
    document.apply("crop", crop(Rect(0, 0, 100, 400)))
    assert view.fitted
    assert view.zoom == (240 - 32) / 400


def test_no_document_paints_the_background_alone(open_view, grab, noise):
    view = open_view()
    assert view.visible_region().empty
    assert len(np.unique(grab(view))) == 1
    view.set_document(Document(Picture.from_pixels(noise(100, 100))))
    assert len(np.unique(grab(view))) > 100
    view.set_document(None)
    assert len(np.unique(grab(view))) == 1


def test_a_display_profile_can_be_exchanged(open_view, grab):
    view = open_view(np.full((100, 100, 4), 255, np.uint8), to_display=lambda pixels, _: pixels)
    inside = shown(view, Rect(0, 0, 100, 100))
    view.set_to_display(lambda pixels, icc: pixels // np.array([2, 1, 1, 1], np.uint8))
    assert (grab(view)[inside] == (127, 255, 255)).all()
    view.set_to_display(None)
    assert (grab(view)[inside] == 255).all()


def test_a_coarse_picture_shows_before_the_sharp_one(open_view, grab, noise, qtbot):
    flat = np.zeros((2304, 2560, 4), np.uint8)
    flat[...] = (10, 120, 200, 255)
    document = Document(Picture.from_pixels(np.tile(flat, (1, 2, 1))))
    view = open_view()
    view.set_document(document)
    view.zoom_to(1.0)
    assert (grab(view) == (10, 120, 200)).all(), "nothing blank is ever painted"
    qtbot.waitUntil(lambda: not view.scene.building)
    assert (grab(view) == (10, 120, 200)).all()
    document.apply("dot", paint(document.picture.active, 2560, 1152, noise(3, 3)))
    view.zoom_to(1.0)
    assert (grab(view) != (10, 120, 200)).any()


def test_rulers_take_room_and_mark_the_pointer(open_view, grab, noise):
    pixels = noise(100, 100)
    view = open_view(pixels)
    view.set_rulers(True)
    got = grab(view)
    x, y = (side + THICKNESS for side in view.viewport.origin)
    assert np.array_equal(got[y : y + 100, x : x + 100], pixels[..., :3])
    ink, paper = got[THICKNESS - 1, x], got[THICKNESS - 2, x - 3]
    assert abs(ink.astype(int) - paper).max() > 60, "a tick stands over column 0"
    assert abs(got[y, THICKNESS - 1].astype(int) - paper).max() > 60
    QTest.mouseMove(view, QPoint(201, 133))
    marked = grab(view)
    for changed in (marked[5, 201] != got[5, 201], marked[133, 5] != got[133, 5]):
        assert changed.any()
    assert np.array_equal(marked[THICKNESS:, THICKNESS:], got[THICKNESS:, THICKNESS:])
    view.set_rulers(False)
    view.fit()
    assert view.viewport.height == 240


@given(st.floats(1 / 256, 64), st.floats(10, 200))
def test_ruler_labels_have_room_and_round_numbers(zoom, room):
    step = tick_step(zoom, room)
    assert step * zoom >= room * (1 - 1e-6) or step == 1
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert step == 1 or step * zoom <= 2.6 * room or step <= 2


HIDPI = """
import sys
import numpy as np
from PySide6.QtWidgets import QApplication
from studio.document import Document, Picture, Rect
from studio.qt.canvas import CanvasView, Overlay

app = QApplication([])
pixels = np.random.default_rng(0).integers(0, 256, (150, 200, 4), np.uint8)
pixels[..., 3] = 255
view = CanvasView()
view.resize(320, 240)
view.show()
view.set_document(Document(Picture.from_pixels(pixels)))
view.actual_size()
ratio = float(sys.argv[1])
assert view.ratio == ratio, view.ratio

def look(area, expected):
    image = view.grab().toImage().convertToFormat(image_format)
    assert image.width() == round(320 * ratio)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    rows = rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)
    p = view.viewport.placed(area)
    x, y = p.x + view.inset, p.y + view.inset
    assert np.array_equal(rows[y : y + p.height, x : x + p.width, :3], expected)

from PySide6.QtGui import QImage
image_format = QImage.Format.Format_RGBA8888
look(Rect(0, 0, 200, 150), pixels[..., :3])
view.set_rulers(True)
look(Rect(0, 0, 200, 150), pixels[..., :3])
view.zoom_to(3.0)
look(Rect(95, 70, 9, 8), pixels[70:78, 95:104, :3].repeat(3, 0).repeat(3, 1))
view.fit()
assert view.viewport.margin == round(16 * ratio)
view.set_document(None)
"""


@pytest.mark.parametrize("ratio", ["1.25", "1.5", "2"])
def test_100_percent_is_one_device_pixel_on_dense_screens(ratio, monkeypatch):
    monkeypatch.setenv("QT_SCALE_FACTOR", ratio)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    done = subprocess.run(
        [sys.executable, "-c", HIDPI, ratio],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
