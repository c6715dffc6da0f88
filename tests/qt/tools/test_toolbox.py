"""The framework: choosing tools, keys, bars, colours."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget
from pytestqt.qtbot import QtBot

from studio.host.settings import Settings
from studio.qt.main_window import MainWindow
from studio.qt.tools.area import PaintArea
from studio.qt.tools.base import GROUPS
from studio.qt.tools.color_panel import ColorPanel
from studio.qt.tools.colors import FIRST_KEPT, Colors, from_profile, in_profile
from studio.qt.tools.toolbox import TOOLS

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def paint_area(window: MainWindow) -> PaintArea:
    return next(area for area in window.areas if isinstance(area, PaintArea))


def test_tools_have_all_that_people_need_to_know_them() -> None:
    assert len({tool.id for tool in TOOLS}) == len(TOOLS)
    shortcuts = [tool.shortcut for tool in TOOLS if tool.shortcut]
    assert len(set(shortcuts)) == len(shortcuts)
    for tool in TOOLS:
        assert tool.group in GROUPS
        assert tool.title
        assert tool.hint.endswith(".")


def test_every_tool_can_be_taken_up_and_put_down(studio) -> None:
    for tool in TOOLS:
        studio.toolbox.choose(tool.id)
        assert studio.canvas.tool is studio.toolbox.current
        studio.canvas.grab()
    studio.toolbox.choose("hand")
    assert studio.steps == []


def test_the_hand_moves_the_picture(studio) -> None:
    studio.toolbox.choose("hand")
    before = studio.canvas.viewport.origin
    start = QPoint(100, 100)
    QTest.mousePress(studio.canvas, LEFT, PLAIN, start)
    QTest.mouseMove(studio.canvas, start + QPoint(30, -20))
    QTest.mouseRelease(studio.canvas, LEFT, PLAIN, start + QPoint(30, -20))
    after = studio.canvas.viewport.origin
    assert (after[0] - before[0], after[1] - before[1]) == (30, -20)


def test_zoom_by_click_and_by_rectangle(studio) -> None:
    studio.toolbox.choose("zoom")
    studio.drag((100, 75))
    assert studio.canvas.zoom > 1
    studio.drag((100, 75), modifiers=Qt.KeyboardModifier.AltModifier)
    assert studio.canvas.zoom == 1
    studio.drag((40, 30), (80, 60))
    seen = studio.canvas.visible_region()
    assert seen.contains(40, 30)
    assert seen.contains(79, 59)
    assert studio.canvas.zoom == 10


def test_single_letters_choose_tools_but_not_while_typing(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.setFocus()
    QTest.keyClick(opened.canvas, Qt.Key.Key_B)
    assert opened.toolbox.current.id == "brush"
    field = opened.tools.operations.search
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_E)
    assert field.text() == "e"
    assert opened.toolbox.current.id == "brush"
    opened.canvas.setFocus()
    size = opened.toolbox.current.values.number("size")  # type: ignore[attr-defined]  # of its class
    QTest.keyClick(opened.canvas, Qt.Key.Key_BracketRight)
    assert opened.toolbox.current.values.number("size") > size  # type: ignore[attr-defined]  # of its class
    opened.toolbox.colors.foreground = (1, 2, 3)
    QTest.keyClick(opened.canvas, Qt.Key.Key_X)
    assert opened.toolbox.colors.background == (1, 2, 3)
    QTest.keyClick(opened.canvas, Qt.Key.Key_D)
    assert opened.toolbox.colors.foreground == (0, 0, 0)


def test_the_bars_follow_the_tool_and_name_everything(opened: MainWindow) -> None:
    area = paint_area(opened)
    for tool in TOOLS:
        area.bar.button(tool.id).click()
        assert opened.toolbox.current.id == tool.id
        assert area.bar.button(tool.id).isChecked()
        row = area.options.row
        if row is None:
            continue
        for kind in (QAbstractSpinBox, QComboBox, QSlider):
            for control in row.findChildren(kind):
                assert control.accessibleName(), (tool.id, control)
    brush = area.bar.button("brush")
    assert brush.toolTip() == "Brush (B)"
    assert brush.accessibleName() == "Brush"
    assert brush.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_options_and_values_are_the_same(opened: MainWindow) -> None:
    area = paint_area(opened)
    opened.toolbox.choose("brush")
    values = opened.toolbox.current.values  # type: ignore[attr-defined]  # of its class
    row = area.options.row
    assert row is not None
    slider, box = (next(c for c in row.findChildren(kind) if c.accessibleName() == "Size")
                   for kind in (QSlider, QAbstractSpinBox))  # fmt: skip
    slider.setValue(slider.maximum())
    assert values.number("size") == 1000
    assert box.value() == 1000
    values.set("size", 31)
    assert box.value() == 31


def test_enter_in_an_option_leads_back_to_the_canvas(opened: MainWindow) -> None:
    opened.toolbox.choose("brush")
    row = paint_area(opened).options.row
    assert row is not None
    box = row.findChild(QAbstractSpinBox)
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "64")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert opened.toolbox.current.values.number("size") == 64  # type: ignore[attr-defined]  # of its class
    assert opened.canvas.hasFocus()


def test_the_colour_panel_takes_digits_fields_and_swatches(studio, qtbot: QtBot) -> None:
    colors = studio.toolbox.colors
    panel = ColorPanel(colors, studio.workspace.theme)
    qtbot.addWidget(panel)
    panel.show()
    panel.hex.setText("#f80")
    panel.hex.editingFinished.emit()
    assert colors.foreground == (255, 136, 0)
    panel.fields["B"].setValue(10)
    assert colors.foreground == (255, 136, 10)
    panel.hex.setText("nonsense")
    panel.hex.editingFinished.emit()
    assert panel.hex.text() == "#ff880a"
    panel.fields["H"].setValue(120)
    panel.fields["S"].setValue(100)
    assert colors.foreground == (0, 255, 0)
    panel.background.click()
    panel.square.setFocus()
    QTest.keyClick(panel.square, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert max(colors.background) == 230
    colors.keep((1, 2, 3))
    swatch = panel.kept.findChildren(QWidget)[-1]
    QTest.mouseClick(swatch, LEFT)
    assert colors.background == (1, 2, 3)
    QTest.keyClick(swatch, Qt.Key.Key_Delete)
    assert colors.kept == FIRST_KEPT


def test_hue_and_saturation_survive_black(studio, qtbot: QtBot) -> None:
    panel = ColorPanel(studio.toolbox.colors, studio.workspace.theme)
    qtbot.addWidget(panel)
    studio.toolbox.colors.foreground = (20, 40, 200)
    hue = panel.fields["H"].value()
    panel.fields["V"].setValue(0)
    assert studio.toolbox.colors.foreground == (0, 0, 0)
    panel.fields["V"].setValue(100)
    assert panel.fields["H"].value() == hue
    assert studio.toolbox.colors.foreground[2] == 255


def test_colours_are_remembered(tmp_path) -> None:
    colors = Colors(Settings.load(tmp_path))
    colors.foreground = (9, 8, 7)
    colors.used((9, 8, 7))
    colors.keep((1, 2, 3))
    colors.save()
    again = Colors(Settings.load(tmp_path))
    assert (again.foreground, again.recent) == ((9, 8, 7), ((9, 8, 7),))
    assert again.kept == (*FIRST_KEPT, (1, 2, 3))
    for color in again.kept:
        again.drop(color)
    assert Colors(Settings.load(tmp_path)).kept == ()


def test_spoiled_settings_give_default_colours(tmp_path) -> None:
    settings = Settings.load(tmp_path)
    settings.remember_tool("colors", {"foreground": [1, "x", 900], "kept": "no", "recent": [[1]]})
    colors = Colors(settings)
    assert (colors.foreground, colors.kept, colors.recent) == ((0, 0, 0), (), ())


def test_srgb_colours_come_back_from_srgb_pictures() -> None:
    for color in ((255, 0, 0), (1, 2, 3), (255, 255, 255)):
        for dtype, scale in ((np.uint8, 1), (np.uint16, 257)):
            there = in_profile(color, None, dtype)
            assert there == tuple(value * scale for value in color)
            assert from_profile(there, None, dtype) == color
