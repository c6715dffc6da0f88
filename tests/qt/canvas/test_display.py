from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

from studio.document import Document, Layer, Picture, Raster, Rect
from studio.document.edits import paint
from studio.document.layer_edits import add_node
from studio.qt.canvas import Display
from studio.qt.canvas.pyramid import Pyramid

pytestmark = pytest.mark.usefixtures("qapp")


class Gate:
    """A display conversion that lets regions through one by one."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.regions: list[np.ndarray] = []

    def __call__(self, pixels, icc):
        if threading.current_thread() is not threading.main_thread():
            self.regions.append(pixels)
            self.entered.set()
            assert self.open.wait(20)
        return pixels


@pytest.fixture
def large(noise) -> Picture:
    return Picture.from_pixels(noise(2900, 2310, alpha=None))


def agrees(display, picture):
    expected = Pyramid(picture.width, picture.height)
    expected.render(picture, picture.bounds)
    return all(
        np.array_equal(level, other)
        for level, other in zip(display.pyramid.levels, expected.levels, strict=True)
    )


def test_images_share_memory_with_the_levels(noise):
    display = Display(Picture.from_pixels(noise(700, 300)))
    assert not display.building
    display.pyramid.levels[1][3, 5] = (1, 2, 3, 255)
    assert display.images[1].pixelColor(5, 3).getRgb() == (3, 2, 1, 255)
    assert [image.width() for image in display.images] == [700, 350, 175]


def test_the_smallest_level_that_needs_no_enlarging(noise):
    display = Display(Picture.from_pixels(noise(2000, 10)))
    levels = [display.level_for(scale) for scale in (64, 1, 0.99, 0.51, 0.5, 0.26, 0.25, 0.125)]
    assert levels == [0, 0, 0, 0, 1, 1, 2, 3]
    assert display.level_for(1 / 256) == len(display.images) - 1


def test_a_large_picture_shows_a_preview_and_is_filled_by_a_thread(large):
    gate = Gate()
    display = Display(large, gate)
    assert display.building
    level = display.preview_level
    assert level == 2
    assert np.array_equal(display.pyramid.levels[2][..., 3], large_alpha(large)[::4, ::4])
    assert display.sharp(0, large.bounds) == []
    assert display.sharp(level, large.bounds) is None
    gate.open.set()
    display.wait()
    assert not display.building
    assert display.sharp(0, large.bounds) is None
    assert agrees(display, large)


def large_alpha(picture):
    return picture.layers[0].raster.read(picture.bounds)[..., 3]


def test_finished_parts_are_reported_and_sharp(large):
    gate = Gate()
    display = Display(large, gate)
    assert gate.entered.wait(20)
    assert display.poll().empty
    gate.open.set()
    display.wait()
    assert display.poll().empty
    rebuilt = Display(large)
    while rebuilt.poll().empty:
        pass
    parts = rebuilt.sharp(0, large.bounds)
    assert parts is None or all(not part.empty for part in parts)
    rebuilt.close()


def test_the_part_in_view_comes_first(large):
    gate = Gate()
    display = Display(large, gate)
    assert gate.entered.wait(20)
    display.prioritise(Rect(1000, 2000, 100, 100))
    gate.open.set()
    display.wait()
    corner = large.layers[0].raster.read(Rect(768, 1792, 1, 1))[0, 0]
    assert np.array_equal(gate.regions[1][0, 0], corner)
    assert agrees(display, large)


def test_edits_during_a_build_win(large, noise):
    gate = Gate()
    display = Display(large, gate)
    assert gate.entered.wait(20)
    document = Document(large)
    changes = []
    document.changed.connect(changes.append)
    for x in (0, 10, 1500):
        document.apply("dab", paint(large.active, x, x, noise(300, 300, seed=x)))
        assert display.update(document.picture, changes[-1].tiles).empty
    gate.open.set()
    display.wait()
    assert agrees(display, document.picture)


def test_small_edits_are_renewed_at_once_and_large_ones_by_the_thread(large, noise):
    display = Display(large)
    display.wait()
    dabbed = paint(large.active, 300, 20, noise(10, 10))(large)
    assert display.update(dabbed, frozenset({(1, 0)})) == Rect(256, 0, 256, 256)
    assert agrees(display, dabbed)
    veil = Layer("veil", Raster.from_array(noise(2900, 2310, alpha=120, seed=3)))
    veiled = add_node(veil)(dabbed)
    assert display.update(veiled, None).empty
    assert display.sharp(0, veiled.bounds) is None, "the old picture shows meanwhile"
    display.wait()
    assert agrees(display, veiled)


def test_tiles_outside_the_canvas_do_not_matter(noise):
    picture = Picture.from_pixels(noise(300, 300))
    display = Display(picture)
    assert display.update(picture, frozenset({(-1, 0), (5, 5)})).empty
    assert not display.building


def test_another_size_needs_another_display(noise):
    display = Display(Picture.from_pixels(noise(30, 30)))
    with pytest.raises(ValueError, match="size"):
        display.update(Picture.from_pixels(noise(31, 30)), None)


def test_closing_stops_a_build_between_two_runs(large):
    gate = Gate()
    display = Display(large, gate)
    assert gate.entered.wait(20)
    threading.Timer(0.05, gate.open.set).start()
    display.close()
    assert not display.building
    assert len(gate.regions) == 1


def test_a_failing_conversion_is_logged_and_the_rest_is_shown(large, caplog):
    calls = []

    def fails_once(pixels, icc):
        if threading.current_thread() is not threading.main_thread():
            calls.append(1)
            if len(calls) == 2:
                raise ValueError("broken profile")
        return pixels

    with caplog.at_level(logging.ERROR):
        display = Display(large, fails_once)
        display.wait()
    assert "cannot show the part" in caplog.text
    assert not display.building
    assert len(calls) == 20
