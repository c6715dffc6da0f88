"""The Select menu, its dialogs, and what of the Edit menu follows the selection."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.document import Picture
from studio.document.edits import select
from studio.document.regions import ellipse, rectangle
from studio.qt.selecting.dialogs import AmountDialog, ColorRangeDialog
from studio.qt.session import Source


def choose_box(hand, *box: int):
    picture = hand.picture
    hand.window.session.document.apply("Select", select(rectangle(*box, picture.bounds)))


def dialog(hand, kind):
    found = hand.window.findChildren(kind)
    assert len(found) == 1
    return found[0]


def test_all_none_again_and_invert(hand, trigger):
    trigger("select-all")
    assert hand.selected().min() == 255
    assert not hand.window.actions_by_id["select-again"].isEnabled()
    trigger("select-none")
    assert hand.selected() is None
    assert not hand.window.actions_by_id["select-invert"].isEnabled()
    trigger("select-again")
    assert hand.selected().min() == 255
    choose_box(hand, 0, 0, 300, 50)
    trigger("select-invert")
    assert hand.box() == (0, 50, 300, 200)
    trigger("select-invert")
    assert hand.box() == (0, 0, 300, 50)


def test_growing_previews_the_outline_and_applies_once(hand, trigger, qtbot):
    choose_box(hand, 50, 50, 40, 40)
    before = len(hand.titles)
    view = hand.window.toolbox.desk.selecting
    trigger("select-grow")
    asked = dialog(hand, AmountDialog)
    asked.amount.box.setValue(10)

    def previewed():
        return view.preview is not None and view.preview.read(hand.picture.bounds)[70, 40, 0] == 255

    qtbot.waitUntil(previewed, timeout=20_000)
    assert hand.box() == (50, 50, 90, 90)
    asked.accept()
    qtbot.waitUntil(lambda: len(hand.titles) > before, timeout=20_000)
    assert view.preview is None
    assert hand.box() == (40, 40, 100, 100)
    assert hand.titles[before:] == ["Grow the selection"]


def test_a_dialog_that_is_cancelled_leaves_everything(hand, trigger, qtbot):
    choose_box(hand, 50, 50, 40, 40)
    view = hand.window.toolbox.desk.selecting
    for command in ("select-shrink", "select-feather", "select-border", "select-smooth"):
        trigger(command)
        qtbot.waitUntil(lambda: view.preview is not None, timeout=20_000)
        dialog(hand, AmountDialog).reject()
        assert view.preview is None
        QApplication.sendPostedEvents(None, 52)  # deferred deletion
    assert hand.box() == (50, 50, 90, 90)
    assert hand.titles == ["Select"]


def test_a_colour_range_by_the_foreground(hand, trigger, qtbot):
    hand.window.toolbox.colors.foreground = (30, 30, 200)
    trigger("select-color-range")
    asked = dialog(hand, ColorRangeDialog)
    assert asked.color == (30, 30, 200)
    asked.softness.box.setValue(0)
    asked.accept()
    qtbot.waitUntil(lambda: hand.selected() is not None, timeout=20_000)
    assert hand.box() == (0, 100, 150, 200)
    assert hand.titles == ["Color range"]


def test_clearing_and_filling_change_what_is_selected(hand, trigger):
    before = hand.picture.active_layer.raster.read(hand.picture.bounds)
    choose_box(hand, 20, 20, 50, 50)
    colors = hand.window.toolbox.colors
    colors.foreground, colors.background = (1, 2, 3), (250, 251, 252)
    hand.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    QTest.keyClick(hand.canvas, Qt.Key.Key_Backspace, Qt.KeyboardModifier.AltModifier)
    after = hand.picture.active_layer.raster.read(hand.picture.bounds)
    assert (after[20:70, 20:70] == (1, 2, 3, 255)).all()
    trigger("edit-fill-background")
    after = hand.picture.active_layer.raster.read(hand.picture.bounds)
    assert (after[20:70, 20:70] == (250, 251, 252, 255)).all()
    QTest.keyClick(hand.canvas, Qt.Key.Key_Delete)
    after = hand.picture.active_layer.raster.read(hand.picture.bounds)
    assert not after[20:70, 20:70, 3].any()
    after[20:70, 20:70] = before[20:70, 20:70]
    np.testing.assert_array_equal(after, before)
    colors.reset()


def test_a_locked_layer_is_refused_with_a_message(hand, trigger):
    picture = hand.picture
    locked = picture.with_layer(picture.active_layer.replaced(locked=True))
    hand.window.session.document.apply("Lock", lambda _: locked)
    trigger("edit-clear")
    assert hand.titles == ["Lock"]
    assert hand.window.messages.isVisible()


def test_to_a_mask_and_back(hand, trigger):
    assert not hand.window.actions_by_id["select-from-mask"].isEnabled()
    oval = ellipse(50, 20, 120, 150, hand.picture.bounds)
    hand.window.session.document.apply("Select", select(oval))
    trigger("select-to-mask")
    trigger("select-none")
    trigger("select-from-mask")
    assert hand.picture.selection == oval
    trigger("select-from-alpha")
    assert hand.selected().min() == 255


def test_large_pictures_are_changed_on_a_thread(hand, trigger, qtbot):
    pixels = np.zeros((1500, 1500, 4), np.uint16)
    hand.window.session.show(Picture.from_pixels(pixels), Source(), 256, saved=True)
    hand.window.toolbox.colors.foreground = (255, 255, 255)
    trigger("edit-fill-foreground")
    assert hand.titles == []
    qtbot.waitUntil(lambda: hand.titles == ["Fill with color"], timeout=20_000)
    bounds = hand.picture.bounds
    assert hand.picture.active_layer.raster.read(bounds).min() == 65535
    hand.window.toolbox.colors.reset()


def test_brushes_paint_on_the_selection_in_quick_mask(hand, trigger):
    pixels = hand.picture.active_layer.raster
    choose_box(hand, 0, 0, 300, 100)
    trigger("quick-mask")
    brush = hand.choose("brush")
    brush.values.set("size", 40)
    hand.drag((50, 50), (200, 50))
    assert hand.selected()[50, 100] == 0
    assert hand.selected()[5, 100] == 255
    hand.window.toolbox.colors.swap()
    hand.drag((50, 150), (200, 150))
    assert hand.selected()[150, 100] == 255
    hand.choose("eraser")
    hand.drag((100, 120), (100, 180))
    assert hand.selected()[150, 100] == 0
    assert hand.picture.active_layer.raster is pixels
    trigger("quick-mask")
    assert not hand.window.actions_by_id["quick-mask"].isChecked()
    hand.window.toolbox.colors.reset()
    hand.choose("brush")
    hand.drag((10, 5), (30, 5))
    assert hand.picture.active_layer.raster is not pixels


def test_clearing_and_filling_are_of_the_selection_in_quick_mask(hand, trigger):
    pixels = hand.picture.active_layer.raster
    hand.choose("select-rectangle")
    hand.drag((20, 20), (60, 60))
    trigger("quick-mask")
    hand.window.toolbox.colors.foreground = (255, 255, 255)
    trigger("edit-fill-foreground")
    assert (hand.selected() == 255).all()
    trigger("edit-clear")
    assert hand.selected() is None
    assert hand.picture.active_layer.raster is pixels
    assert hand.titles[1:] == ["Fill with color", "Clear"]


def test_another_picture_starts_without_quick_mask(hand, trigger):
    trigger("quick-mask")
    fresh = Picture.from_pixels(np.zeros((20, 20, 4), np.uint8))
    hand.window.session.show(fresh, Source(), 64, saved=True)
    assert not hand.window.actions_by_id["quick-mask"].isChecked()


def test_an_operation_changes_only_what_is_selected(hand, qtbot, run_to_result):
    oval = ellipse(60, 30, 160, 120, hand.picture.bounds)
    hand.window.session.document.apply("Select", select(oval))
    before = hand.picture.active_layer.raster.read(hand.picture.bounds)
    run_to_result(hand.window, "tiny.invert")
    hand.window.runs.apply()
    qtbot.waitUntil(lambda: len(hand.titles) == 2, timeout=20_000)
    from studio.document import composite

    after = composite(hand.picture, hand.picture.bounds).astype(int)
    share = oval.read(hand.picture.bounds)[..., 0] / 255
    np.testing.assert_array_equal(after[share == 0], before[share == 0])
    want = before[..., :3] + (255 - 2.0 * before[..., :3]) * share[..., None]
    assert np.abs(after[..., :3] - want).max() <= 1.5
