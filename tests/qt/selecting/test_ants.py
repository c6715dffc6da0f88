"""The outline on the screen: where it is, that it shows on anything, and when it moves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from studio.document import Document, Picture, Raster, Rect
from studio.document.edits import select
from studio.document.regions import ellipse, from_mask, rectangle
from studio.qt.canvas import CanvasView
from studio.qt.canvas.viewport import Viewport
from studio.qt.selecting.ants import Ants, find_outline
from studio.qt.selecting.sampling import Sampler
from studio.qt.selecting.state import SelectionView
from studio.qt.selecting.veil import Veil


def viewport(zoom, width=400, height=300, canvas=(1000, 700)) -> Viewport:
    port = Viewport()
    port.resize(width, height)
    port.show(*canvas)
    port.zoom_to(zoom)
    return port


@pytest.mark.parametrize("zoom", [0.11, 0.25, 0.5, 0.7, 1, 1.5, 8])
def test_samples_are_the_pixels_under_the_screen(zoom):
    selection = ellipse(200, 150, 500, 400, Rect(0, 0, 1000, 700))
    port = viewport(zoom)
    sampler = Sampler()
    sampler.take(selection, 1000, 700)
    area = port.placed(Rect(0, 0, 1000, 700)).intersected(Rect(0, 0, 400, 300))
    got = sampler.sample(port, area)
    left, top = port.origin
    x = (np.arange(area.x, area.right) + 0.5 - left) / zoom
    y = (np.arange(area.y, area.bottom) + 0.5 - top) / zoom
    inside = ((x - 450) / 250) ** 2 + ((y[:, None] - 350) / 200) ** 2
    slack = 3 * max(1 / zoom, 1) / 200
    assert (got[inside < (1 - slack) ** 2] == 255).all()
    assert (got[inside > (1 + slack) ** 2] == 0).all()


def test_samples_follow_changed_tiles_and_a_moved_outline():
    bounds = Rect(0, 0, 1000, 700)
    port = viewport(0.25)
    area = port.placed(bounds)
    sampler = Sampler()
    for selection in (rectangle(0, 0, 500, 700, bounds), rectangle(500, 0, 500, 700, bounds)):
        sampler.take(selection, 1000, 700)
        fresh = Sampler()
        fresh.take(selection, 1000, 700)
        np.testing.assert_array_equal(sampler.sample(port, area), fresh.sample(port, area))
    moved = sampler.sample(port, area, (-250, 0))
    assert (moved[:, 64:186] == 255).all()
    assert (moved[:, :62] == 0).all()
    assert (moved[:, 189:] == 0).all()


def test_the_outline_is_the_inner_edge_with_dashes_in_every_direction():
    values = np.zeros((120, 120), np.uint8)
    y, x = np.mgrid[:120, :120]
    values[np.abs(x - 60) + np.abs(y - 60) <= 40] = 255
    found = find_outline(values, 0, 0, 1.0)
    rows, columns = np.divmod(found.where, 120)
    assert (np.abs(rows - 60) + np.abs(columns - 60) == 40).all()
    for side in ((rows < 55) & (columns < 55), (rows < 55) & (columns > 65)):
        light = found.phase[side] < 4
        assert 0.3 < light.mean() < 0.7


def test_specks_beyond_number_are_one_area():
    values = np.random.default_rng(0).integers(0, 2, (500, 600)).astype(np.uint8) * 255
    found = find_outline(values, 5, 7, 1.0)
    assert [cell.getRect() for cell in found.cells] == [(5, 7, 600, 500)]


@pytest.fixture
def view(qapp: QApplication):
    """A canvas of one gray with ants and veil; ``view.selecting`` is how they show."""
    canvas = CanvasView()
    canvas.resize(400, 300)
    canvas.selecting = SelectionView()
    canvas.ants, canvas.veil = Ants(canvas, canvas.selecting), Veil(canvas.selecting)
    canvas.add_decoration(canvas.veil)
    canvas.add_decoration(canvas.ants)
    canvas.show()

    def open_picture(level: int) -> Document:
        pixels = np.full((200, 300, 4), level, np.uint8)
        pixels[..., 3] = 255
        document = Document(Picture.from_pixels(pixels))
        canvas.set_document(document)
        canvas.scene.display.wait()
        canvas.actual_size()
        return document

    canvas.open_picture = open_picture
    yield canvas
    canvas.ants.close()
    canvas.set_document(None)
    canvas.close()
    canvas.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def grabbed(canvas) -> np.ndarray:
    image = canvas.grab().toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    left, top = canvas.viewport.origin
    return rows[top : top + 200, left : left + 300, :3].astype(int)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_ants_are_seen_on_black_gray_and_white(view, level):
    document = view.open_picture(level)
    box = rectangle(50, 40, 100, 80, document.picture.bounds)
    document.apply("Select", select(box))
    edge = grabbed(view)[40, 50:150, 0]
    assert set(np.unique(edge)) == {0, 255}
    assert (grabbed(view)[60:100, 60:140] == level).all()
    before = grabbed(view)
    view.ants.advance()
    assert (grabbed(view) != before).any()
    view.selecting.edges = False
    assert (grabbed(view) == level).all()


def test_after_panning_the_outline_stays_on_the_picture(view):
    document = view.open_picture(128)
    document.apply("Select", select(ellipse(50, 40, 150, 120, document.picture.bounds)))
    before = grabbed(view)
    view.pan(17, -9)
    np.testing.assert_array_equal(grabbed(view)[20:], before[20:])


def test_only_cells_with_an_outline_are_painted_again(view):
    document = view.open_picture(128)
    document.apply("Select", select(rectangle(10, 10, 30, 30, document.picture.bounds)))
    grabbed(view)
    area = sum(cell.width() * cell.height() for cell in view.ants.cells)
    assert 0 < area <= 4 * 64 * 64


def test_ants_march_while_there_is_something_in_an_active_window(view, qtbot):
    document = view.open_picture(128)
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.ants.refresh()
    assert not view.ants.marching
    document.apply("Select", select(rectangle(10, 10, 30, 30, document.picture.bounds)))
    view.ants.refresh()
    assert view.ants.marching
    view.selecting.edges = False
    assert not view.ants.marching
    view.selecting.edges = True
    assert view.ants.marching
    view.hide()
    assert not view.ants.marching


def test_the_veil_covers_what_is_not_selected_by_its_share(view):
    document = view.open_picture(100)
    mask = np.zeros((200, 300), np.uint8)
    mask[:, 100:200] = 128
    mask[:, 200:] = 255
    document.apply("Select", select(from_mask(mask)))
    view.selecting.edges = False
    view.selecting.options["mask_color"] = "#00ff00"
    view.selecting.quick_mask = True
    green = grabbed(view)[100, :, 1]
    assert abs(green[50] - (100 + 155 * 0.5)) <= 2
    assert abs(green[150] - (100 + 155 * 0.25)) <= 2
    assert green[250] == 100
    view.selecting.quick_mask = False
    assert (grabbed(view) == 100).all()


def test_a_preview_is_shown_in_place_of_the_selection(view):
    document = view.open_picture(128)
    bounds = document.picture.bounds
    document.apply("Select", select(rectangle(10, 10, 30, 30, bounds)))
    view.selecting.preview = rectangle(100, 100, 50, 50, bounds)
    shown = grabbed(view)
    assert (shown[10, 10:40] == 128).all()
    assert (shown[100, 100:150] != 128).all()
    view.selecting.preview = Raster(channels=1)
    assert (grabbed(view) == 128).all()
