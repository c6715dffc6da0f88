from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.document import Document, Picture, Rect
from studio.qt.canvas import Overlay


@dataclass(frozen=True)
class Tile:
    x: int
    y: int
    pixels: np.ndarray
    size: tuple[int, int]
    area: Rect


CLEAR = 14
"""Columns beside the divider that its line and handle may cover."""


def parts(view, got, area=None):
    """Pixels of the canvas (or an area) left and right of the divider, without the labels."""
    divider = view.shown_divider()
    placed = view.viewport.placed(area or Rect(0, 0, *view.viewport.canvas))
    rows = slice(placed.y, placed.bottom)
    left = got[rows, placed.x : divider.x - CLEAR]
    right = got[rows, divider.x + CLEAR : placed.right]
    return left, right


def overlay_on(view, after, area=None, **labels):
    labels = {"label_before": "", "label_after": "", **labels}
    view.set_overlay(Overlay(Picture.from_pixels(after), area, **labels))


def test_before_is_left_and_after_right_of_the_divider(open_view, grab, noise):
    before, after = noise(200, 150), noise(200, 150, seed=1)
    view = open_view(before)
    overlay_on(view, after)
    for position in (0.5, 0.3, 0.71):
        view.divider = position
        left, right = parts(view, grab(view))
        assert left.shape[1] == round(200 * position) - CLEAR
        assert np.array_equal(left, before[:, : left.shape[1], :3])
        assert np.array_equal(right, after[:, 200 - right.shape[1] :, :3])


def test_a_larger_result_covers_the_same_area(open_view, grab, noise):
    before = noise(200, 150)
    after = noise(400, 300, seed=1)
    view = open_view(before)
    overlay_on(view, after)
    left, right = parts(view, grab(view))
    assert np.array_equal(left, before[:, : left.shape[1], :3])
    level = view.scene.after.pyramid.levels[1][..., 2::-1]
    assert np.array_equal(right, level[:, 200 - right.shape[1] :])
    view.zoom_to(2.0)
    seen = view.visible_region()
    left, right = parts(view, grab(view), seen)
    expected = after[2 * seen.y : 2 * seen.bottom, : 2 * seen.right, :3]
    assert np.array_equal(right, expected[:, -right.shape[1] :])


def test_a_try_covers_its_area_alone(open_view, grab, noise):
    before, after = noise(200, 150), noise(80, 60, seed=1)
    view = open_view(before)
    area = Rect(61, 47, 80, 60)
    overlay_on(view, after, area)
    left, right = parts(view, grab(view), area)
    assert np.array_equal(left, before[47:107, 61:, :3][:, : left.shape[1]])
    assert np.array_equal(right, after[:, 80 - right.shape[1] :, :3])
    got, (x, y) = grab(view), view.viewport.origin
    assert np.array_equal(got[y : y + 46, x : x + 200], before[:46, :, :3])
    assert np.array_equal(got[y + 47 : y + 107, x + 142 : x + 200], before[47:107, 142:, :3])


def test_the_original_shows_while_asked(open_view, grab, noise):
    before = noise(200, 150)
    view = open_view(before)
    plain = grab(view)
    overlay_on(view, noise(200, 150, seed=1))
    assert not np.array_equal(grab(view), plain)
    view.set_show_before(True)
    assert np.array_equal(grab(view), plain)
    assert "original" in view.accessibleDescription()
    view.set_show_before(False)
    QTest.keyPress(view, Qt.Key.Key_Tab)
    assert view.showing_before
    QTest.keyRelease(view, Qt.Key.Key_Tab)
    assert not view.showing_before
    view.set_overlay(None)
    assert np.array_equal(grab(view), plain)


def test_labels_stand_on_both_sides(open_view, grab, noise):
    white = np.full((150, 300, 4), 255, np.uint8)
    view = open_view(white)
    overlay_on(view, white, label_before="Original", label_after="Upscale")
    left, right = parts(view, grab(view))
    assert (left[:40] < 255).any()
    assert (right[:40] < 255).any()
    view.divider = 0.02
    left, _ = parts(view, grab(view))
    assert (left == 255).all(), "no room, no label"


def test_the_divider_is_dragged_anywhere_on_its_line(open_view, noise, qtbot):
    view = open_view(noise(200, 150))
    overlay_on(view, noise(200, 150, seed=1))
    divider = view.shown_divider()
    start = QPoint(divider.x + 4, divider.shown.top() + 10)
    moved = []
    view.divider_moved.connect(moved.append)
    QTest.mouseMove(view, start)
    assert view.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, QPoint(divider.shown.x() + 50, start.y() + 70))
    assert view.divider == pytest.approx(0.25)
    QTest.mouseMove(view, QPoint(-50, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(0, 0))
    assert view.divider == 0
    assert moved[-2:] == [0.25, 0]
    QTest.mouseMove(view, QPoint(200, 100))
    assert view.divider == 0
    assert view.cursor().shape() != Qt.CursorShape.SplitHCursor


def test_pressing_beside_the_divider_leaves_it(open_view, noise):
    view = open_view(noise(200, 150))
    overlay_on(view, noise(200, 150, seed=1))
    divider = view.shown_divider()
    beside = QPoint(divider.x + 8, divider.shown.top() + 10)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=beside)
    QTest.mouseMove(view, QPoint(20, 20))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert view.divider == 0.5


def test_the_divider_is_moved_by_keys(open_view, noise):
    view = open_view(noise(200, 150))
    overlay_on(view, noise(200, 150, seed=1))
    origin = view.viewport.origin
    for key, modifier, expected in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.51),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, 0.41),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 1),
    ):
        QTest.keyClick(view, key, modifier)
        assert view.divider == pytest.approx(expected)
        assert f"{view.divider:.0%}" in view.accessibleDescription()
    assert view.viewport.origin == origin
    view.set_overlay(None)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.viewport.origin != origin


def test_the_divider_stays_in_view_wherever_the_picture_is(open_view, noise):
    view = open_view(noise(200, 150))
    overlay_on(view, noise(200, 150, seed=1))
    view.zoom_to(16.0)
    view.pan(5000, 0)
    assert 0 < view.shown_divider().x < 320
    overlay_on(view, noise(10, 10), Rect(190, 0, 10, 10))
    assert view.shown_divider().shown.isEmpty()


def test_an_overlay_needs_a_document_and_goes_with_it(open_view, noise):
    view = open_view()
    overlay = Overlay(Picture.from_pixels(noise(10, 10)))
    with pytest.raises(ValueError, match="document"):
        view.set_overlay(overlay)
    view.set_document(Document(Picture.from_pixels(noise(20, 20))))
    view.set_overlay(overlay)
    view.set_document(Document(Picture.from_pixels(noise(30, 20))))
    assert view.overlay is None


def test_tiles_of_a_running_job_appear_where_they_belong(open_view, grab, noise):
    before = noise(200, 150)
    view = open_view(before)
    plain = grab(view)
    view.zoom_to(2.0)
    enlarged = grab(view)
    area = Rect(40, 30, 100, 80)
    for channels, at in ((3, (60, 40)), (4, (108, 40))):
        pixels = noise(48, 32, seed=at[0])[..., :channels]
        view.show_tile(Tile(*at, pixels, (200, 160), area))
        placed = view.viewport.placed(Rect(40 + at[0] // 2, 30 + at[1] // 2, 24, 16))
        rows, columns = slice(placed.y, placed.bottom), slice(placed.x, placed.right)
        got = grab(view)
        assert np.array_equal(got[rows, columns], pixels[..., :3])
        assert np.array_equal(got[placed.bottom + 1 :], enlarged[placed.bottom + 1 :])
    view.clear_tiles()
    view.zoom_to(1.0)
    assert np.array_equal(grab(view), plain)


def test_what_a_job_makes_around_the_picture_is_seen_there(open_view, grab, noise):
    before = noise(200, 150)
    view = open_view(before)
    plain = grab(view)
    pixels = np.zeros((150, 230, 4), np.uint8)
    pixels[:, :30] = (9, 99, 199, 255)
    view.show_tile(Tile(0, 0, pixels, (230, 150), Rect(-30, 0, 230, 150)))
    got = grab(view)
    new, old = (view.viewport.placed(Rect(*r)) for r in ((-30, 0, 30, 150), (0, 0, 200, 150)))
    assert (got[new.y : new.bottom, new.x : new.right] == (9, 99, 199)).all()
    assert np.array_equal(got[old.y : old.bottom, old.x : old.right], before[..., :3])
    view.clear_tiles()
    assert np.array_equal(grab(view), plain)


def test_tiles_of_a_huge_result_are_kept_small(open_view, grab):
    view = open_view(np.zeros((150, 200, 4), np.uint8) + 255)
    pixels = np.full((400, 500, 3), (9, 99, 199), np.uint8)
    size = (20000, 15000)
    for x in range(0, 2000, 500):
        view.show_tile(Tile(x, 400, pixels, size, Rect(0, 0, 200, 150)))
    view.zoom_to(8.0)
    view.pan(4000, 4000)
    placed = view.viewport.placed(Rect(0, 4, 20, 4))
    seen = grab(view)[placed.y : placed.bottom, placed.x : placed.right]
    assert (seen == (9, 99, 199)).all(), "no seams between tiles"
    another = Tile(0, 0, pixels, (500, 400), Rect(0, 0, 50, 40))
    view.show_tile(another)
    seen = grab(view)[placed.y : placed.bottom, placed.x : placed.right]
    assert (seen == (9, 99, 199)).all()
    after = view.viewport.placed(Rect(0, 41, 20, 4))
    assert (grab(view)[after.y : after.bottom, after.x : after.right] == 255).all()
