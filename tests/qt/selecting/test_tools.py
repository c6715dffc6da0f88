"""The selection tools, worked with mouse and keys on the canvas of the real window."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.document import Guide
from studio.qt.geometry.snapping import Switches

SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
KEY = Qt.Key


def test_a_rectangle_takes_whole_pixels_and_one_undo_step(hand):
    hand.choose("select-rectangle")
    hand.drag((20, 30), (120, 90))
    assert hand.box() == (20, 30, 120, 90)
    assert hand.selected().sum() == 255 * 100 * 60
    assert hand.titles == ["Rectangle selection"]
    hand.window.session.document.undo()
    assert hand.selected() is None


def test_modifiers_at_the_press_add_subtract_and_intersect(hand):
    hand.choose("select-rectangle")
    hand.drag((20, 20), (120, 120))
    hand.drag((100, 100), (160, 160), SHIFT)
    assert hand.selected().sum() == 255 * (100 * 100 + 60 * 60 - 20 * 20)
    hand.drag((20, 20), (50, 120), ALT)
    assert hand.box() == (50, 20, 160, 160)
    hand.drag((100, 100), (200, 150), SHIFT | ALT)
    assert hand.box() == (100, 100, 160, 150)


def test_the_chosen_mode_counts_without_keys(hand):
    hand.choose("select-rectangle")
    hand.drag((20, 20), (60, 60))
    hand.window.toolbox.desk.selecting.options["mode"] = "add"
    hand.drag((100, 20), (140, 60))
    assert hand.selected().sum() == 255 * 2 * 40 * 40


def test_keys_while_dragging_make_it_square_centred_and_move_it(hand):
    tool = hand.choose("select-rectangle")
    hand.press(100, 100)
    hand.move(130, 120)
    assert tool.box().getRect() == (100, 100, 30, 20)
    QTest.keyPress(hand.canvas, KEY.Key_Shift)
    assert tool.box().getRect() == (100, 100, 30, 30)
    QTest.keyPress(hand.canvas, KEY.Key_Alt, SHIFT)
    assert tool.box().getRect() == (70, 70, 60, 60)
    QTest.keyRelease(hand.canvas, KEY.Key_Alt)
    QTest.keyRelease(hand.canvas, KEY.Key_Shift)
    QTest.keyPress(hand.canvas, KEY.Key_Space)
    hand.move(140, 135)
    QTest.keyRelease(hand.canvas, KEY.Key_Space)
    hand.release(140, 135)
    assert hand.box() == (110, 115, 140, 135)


def test_shift_that_chose_the_mode_makes_no_square_until_pressed_again(hand):
    tool = hand.choose("select-rectangle")
    hand.press(100, 100, SHIFT)
    hand.move(130, 120, SHIFT)
    assert tool.box().height() == 20
    QTest.keyRelease(hand.canvas, KEY.Key_Shift)
    QTest.keyPress(hand.canvas, KEY.Key_Shift)
    assert tool.box().height() == 30
    QTest.keyRelease(hand.canvas, KEY.Key_Shift)
    hand.release(130, 120)
    assert hand.box() == (100, 100, 130, 120)


def test_an_ellipse_is_antialiased_unless_told_otherwise(hand):
    tool = hand.choose("select-ellipse")
    hand.drag((50, 40), (250, 160))
    got = hand.selected()
    assert abs(got.sum() / 255 - math.pi * 100 * 60) < 5
    assert len(np.unique(got)) > 20
    tool.values.set("antialias", value=False)
    hand.drag((10, 10), (40, 30))
    assert set(np.unique(hand.selected())) == {0, 255}
    tool.values.set("antialias", value=True)


def test_fixed_ratio_size_and_feather(hand):
    tool = hand.choose("select-rectangle")
    tool.values.set("fixed", "ratio")
    tool.values.set("width", 3)
    tool.values.set("height", 2)
    hand.drag((10, 10), (100, 20))
    assert hand.box() == (10, 10, 100, 70)
    tool.values.set("fixed", "size")
    tool.values.set("width", 40)
    tool.values.set("height", 20)
    hand.click(200, 150)
    assert hand.box() == (180, 140, 220, 160)
    tool.values.set("fixed", "free")
    tool.values.set("feather", 10)
    hand.drag((50, 50), (150, 150))
    assert 100 < hand.selected()[100, 50] < 156
    tool.values.set("feather", 0)


def test_escape_gives_up_and_a_click_beside_deselects(hand):
    tool = hand.choose("select-rectangle")
    hand.drag((20, 20), (60, 60))
    hand.press(100, 100)
    hand.move(200, 150)
    assert tool.busy
    QTest.keyClick(hand.canvas, KEY.Key_Escape)
    hand.release(200, 150)
    assert hand.box() == (20, 20, 60, 60)
    hand.click(200, 150)
    assert hand.selected() is None
    assert hand.titles[-1] == "Deselect"


def test_dragging_inside_moves_the_outline_alone(hand):
    pixels = hand.picture.active_layer.raster
    hand.choose("select-rectangle")
    hand.drag((20, 20), (60, 60))
    hand.press(40, 40)
    hand.move(70, 55)
    assert hand.window.toolbox.desk.selecting.offset == (30, 15)
    assert hand.box() == (20, 20, 60, 60)
    hand.release(70, 55)
    assert hand.box() == (50, 35, 90, 75)
    assert hand.window.toolbox.desk.selecting.offset == (0, 0)
    assert hand.picture.active_layer.raster is pixels


def test_arrow_keys_move_the_outline_and_the_view_without_one(hand):
    hand.choose("lasso")
    before = hand.canvas.viewport.origin
    hand.window.actions_by_id.trigger("select-all")
    hand.choose("select-rectangle")
    hand.drag((20, 20), (60, 60), ALT)
    hand.drag((30, 30), (80, 80))
    steps = len(hand.titles)
    QTest.keyClick(hand.canvas, KEY.Key_Right)
    QTest.keyClick(hand.canvas, KEY.Key_Down, SHIFT)
    assert hand.box() == (31, 40, 81, 90)
    hand.choose("lasso")
    assert hand.titles[steps:] == ["Move the selection"], "keys are one undo step"
    hand.choose("select-rectangle")
    assert hand.canvas.viewport.origin == before
    hand.window.actions_by_id.trigger("select-none")
    QTest.keyClick(hand.canvas, KEY.Key_Right)
    assert hand.canvas.viewport.origin != before


def test_a_lasso_selects_what_it_goes_around(hand):
    hand.choose("lasso")
    hand.press(50, 50)
    for x, y in ((150, 50), (150, 150), (50, 150)):
        hand.move(x, y)
    hand.release(50, 150)
    assert abs(hand.selected().sum() / 255 - 100 * 100) < 30
    assert hand.titles == ["Lasso"]


def click_corners(hand, *corners: tuple[int, int]):
    for x, y in corners:
        hand.press(x, y)
        hand.release(x, y)


def test_a_polygon_is_closed_by_enter_after_taking_a_corner_back(hand):
    tool = hand.choose("select-polygon")
    click_corners(hand, (20, 20), (120, 20), (200, 190))
    QTest.keyClick(hand.canvas, KEY.Key_Backspace)
    click_corners(hand, (120, 120), (20, 120))
    QTest.keyClick(hand.canvas, KEY.Key_Return)
    assert not tool.busy
    assert hand.box() == (20, 20, 120, 120)
    assert hand.selected().sum() == 255 * 100 * 100


def test_a_polygon_is_closed_by_a_double_click_and_by_its_first_corner(hand):
    hand.choose("select-polygon")
    click_corners(hand, (20, 20), (120, 20), (120, 120))
    QTest.mouseDClick(hand.canvas, Qt.MouseButton.LeftButton, pos=hand.at(120, 120))
    hand.release(120, 120)  # which QTest leaves out
    assert abs(hand.selected().sum() / 255 - 5000) < 60
    click_corners(hand, (150, 20), (250, 20), (250, 120), (150, 120), (151, 21))
    assert hand.box() == (150, 20, 250, 120)


def test_escape_cancels_a_polygon(hand):
    tool = hand.choose("select-polygon")
    click_corners(hand, (20, 20), (120, 20), (120, 120))
    QTest.keyClick(hand.canvas, KEY.Key_Escape)
    assert not tool.busy
    assert hand.selected() is None


def test_the_wand_takes_the_connected_quarter_or_all_alike(hand):
    tool = hand.choose("wand")
    hand.click(10, 10)
    assert hand.box() == (0, 0, 150, 100)
    tool.values.set("contiguous", value=False)
    hand.click(10, 10)
    assert hand.selected()[150, 200] == 255
    assert hand.selected()[150, 50] == 0
    tool.values.set("tolerance", 2)
    hand.click(10, 10)
    assert hand.selected()[150, 200] == 0
    hand.click(200, 10, SHIFT)
    assert hand.selected()[:100].min() == 255
    tool.values.set("contiguous", value=True)
    tool.values.set("tolerance", 32)


def test_by_colour_selects_everywhere_softly(hand):
    tool = hand.choose("select-color")
    tool.values.set("tolerance", 0)
    tool.values.set("softness", 10)
    hand.click(10, 10)
    assert hand.selected()[10, 10] == 255
    assert 100 < hand.selected()[150, 200] < 156
    assert hand.selected()[10, 200] == 0


def test_the_selection_brush_adds_and_takes_away(hand):
    tool = hand.choose("select-brush")
    tool.values.set("size", 20)
    tool.values.set("hardness", 100)
    hand.drag((50, 100), (250, 100))
    assert hand.selected()[100, 60:240].min() == 255
    assert hand.selected()[80, 150] == 0
    hand.drag((150, 60), (150, 140), ALT)
    assert hand.selected()[100, 150] == 0
    assert hand.selected()[100, 100] == 255
    assert hand.titles == ["Selection brush"] * 2
    hand.window.actions_by_id.trigger("brush-larger")
    assert tool.values.number("size") == 22


def test_every_tool_has_modes_with_names(hand):
    options = hand.window.toolbox.desk.selecting.options
    tools = [tool.id for tool in hand.window.toolbox.types if tool.group == "select"]
    assert len(tools) == 7
    for tool in tools:
        row = hand.choose(tool).options()
        names = [button.accessibleName() for button in row.buttons.values()]
        assert len(names) in (3, 4)
        assert all(names)
        row.buttons["subtract"].click()
        assert options.mode == "subtract"
        options["mode"] = "add"
        assert row.buttons["add"].isChecked()
        row.deleteLater()


def test_a_corner_near_a_guide_or_the_edge_jumps_to_it_and_is_free_without_snapping(hand):
    document = hand.window.session.document
    settings = hand.window.services.settings
    guides = (Guide(vertical=True, position=83.0), Guide(vertical=False, position=61.0))
    document.view_change(lambda picture: picture.replaced(guides=guides))
    hand.choose("select-rectangle")
    hand.drag((3, 2), (86, 58))
    assert hand.box() == (0, 0, 83, 61)
    Switches.of(settings).remember(settings, on=False)
    hand.drag((103, 2), (186, 58))
    assert hand.box() == (103, 2, 186, 58)


def test_a_shape_on_a_large_picture_is_made_on_a_thread(hand, qtbot, monkeypatch):
    monkeypatch.setattr("studio.qt.editing.AT_ONCE", 100)
    hand.choose("select-ellipse")
    hand.drag((20, 20), (120, 80))
    qtbot.waitUntil(lambda: hand.titles == ["Ellipse selection"], timeout=20_000)
    assert hand.selected()[50, 70] == 255
    for _ in range(2):
        QTest.keyClick(hand.canvas, KEY.Key_Right)
    qtbot.waitUntil(lambda: len(hand.titles) == 3, timeout=20_000)
    assert hand.box()[0] == 22
