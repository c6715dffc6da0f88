"""Curves, levels and colours: by mouse, by keyboard, by number."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from studio.api import Curve, Levels, Parameters, color, curve, levels
from studio.api.parameters import describe
from studio.host.services import Services
from studio.qt.background import Background
from studio.qt.forms import Form
from studio.qt.forms.channels import Channels
from studio.qt.forms.color_control import ColorControl
from studio.qt.forms.tone_controls import CurveControl, LevelsControl
from studio.qt.models import Models
from studio.qt.panels.counts import Counts
from studio.qt.theme import Theme


class Tones(Parameters):
    rgb: Curve = curve(title="RGB")
    red: Curve = curve(channel="red")
    range: Levels = levels()
    tint: str | None = color()


SPECS = {spec.name: spec for spec in describe(Tones)}


@pytest.fixture
def curves(qtbot: QtBot) -> CurveControl:
    control = CurveControl(SPECS["rgb"])
    qtbot.addWidget(control)
    control.resize(300, 360)
    control.show()
    qtbot.waitExposed(control)
    return control


@pytest.fixture
def bars(qtbot: QtBot) -> LevelsControl:
    control = LevelsControl(SPECS["range"])
    qtbot.addWidget(control)
    control.resize(300, 300)
    control.show()
    qtbot.waitExposed(control)
    return control


def at(control: CurveControl, x: float, y: float) -> QPoint:
    return control.editor.place(x, y).toPoint()


LEFT = Qt.MouseButton.LeftButton


def test_a_click_adds_a_point_and_a_drag_moves_it(qtbot: QtBot, curves: CurveControl) -> None:
    qtbot.mousePress(curves.editor, LEFT, pos=at(curves, 0.5, 0.7))
    assert len(curves.value()) == 3
    assert curves.value()[1] == pytest.approx((0.5, 0.7), abs=0.01)
    qtbot.mouseMove(curves.editor, at(curves, 0.25, 0.4))
    qtbot.mouseRelease(curves.editor, LEFT, pos=at(curves, 0.25, 0.4))
    assert curves.value()[1] == pytest.approx((0.25, 0.4), abs=0.01)
    assert curves.x_field.value() == pytest.approx(64, abs=2)


def test_a_point_does_not_pass_its_neighbours(qtbot: QtBot, curves: CurveControl) -> None:
    curves.set_value(((0, 0), (0.4, 0.4), (0.6, 0.6), (1, 1)))
    qtbot.mousePress(curves.editor, LEFT, pos=at(curves, 0.4, 0.4))
    qtbot.mouseMove(curves.editor, at(curves, 0.9, 0.5))
    xs = [x for x, _ in curves.value()]
    assert xs == sorted(xs)
    assert xs[1] < xs[2]


def test_a_point_is_removed_by_a_double_click_or_by_dragging_it_out(
    qtbot: QtBot, curves: CurveControl
) -> None:
    points = ((0, 0), (0.4, 0.5), (1, 1))
    curves.set_value(points)
    qtbot.mouseDClick(curves.editor, LEFT, pos=at(curves, 0.4, 0.5))
    assert curves.value() == ((0, 0), (1, 1))
    curves.set_value(points)
    qtbot.mousePress(curves.editor, LEFT, pos=at(curves, 0.4, 0.5))
    qtbot.mouseMove(curves.editor, QPoint(120, -60))
    assert curves.value() == ((0, 0), (1, 1))
    qtbot.mouseMove(curves.editor, at(curves, 0.5, 0.5))
    qtbot.mouseRelease(curves.editor, LEFT, pos=at(curves, 0.5, 0.5))
    assert len(curves.value()) == 3, "it comes back with the pointer"


def test_two_points_are_left_at_least(qtbot: QtBot, curves: CurveControl) -> None:
    for _ in range(3):
        qtbot.keyClick(curves.editor, Qt.Key.Key_Delete)
    assert curves.value() == ((0, 0), (1, 1))


def test_the_keyboard_does_all_of_it(qtbot: QtBot, curves: CurveControl) -> None:
    editor = curves.editor
    qtbot.keyClick(editor, Qt.Key.Key_Insert)
    assert curves.value() == ((0, 0), (0.5, 0.5), (1, 1))
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    qtbot.keyClick(editor, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert curves.value()[1] == pytest.approx((0.5 - 10 / 255, 0.5 + 1 / 255))
    qtbot.keyClick(editor, Qt.Key.Key_PageUp)
    qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert curves.value()[2] == pytest.approx((1, 254 / 255))
    assert "3 of 3" in editor.accessibleDescription()
    qtbot.keyClick(editor, Qt.Key.Key_PageDown)
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert len(curves.value()) == 2


def test_numbers_move_the_chosen_point(curves: CurveControl) -> None:
    curves.set_value(((0, 0), (0.4, 0.5), (1, 1)))
    curves.editor.select(1)
    curves.x_field.setValue(51)
    curves.y_field.setValue(204)
    assert curves.value()[1] == pytest.approx((0.2, 0.8))
    curves.straight.click()
    assert curves.value() == ((0, 0), (1, 1))


def test_handles_and_numbers_of_levels_agree(qtbot: QtBot, bars: LevelsControl) -> None:
    bars.black.setValue(51)
    assert bars.input.positions[0] == pytest.approx(0.2)
    tip = bars.input.place(bars.input.positions[2]).toPoint()
    qtbot.mousePress(bars.input, LEFT, pos=tip)
    qtbot.mouseMove(bars.input, bars.input.place(0.8).toPoint())
    qtbot.mouseRelease(bars.input, LEFT)
    assert bars.white.value() == pytest.approx(204, abs=2)
    middle = bars.input.place(bars.input.positions[1]).toPoint()
    qtbot.mousePress(bars.input, LEFT, pos=middle)
    qtbot.mouseMove(bars.input, middle - QPoint(30, 0))
    qtbot.mouseRelease(bars.input, LEFT)
    assert bars.value().gamma > 1.1
    assert bars.gamma.value() == pytest.approx(bars.value().gamma, abs=0.01)


def test_levels_by_keyboard(qtbot: QtBot, bars: LevelsControl) -> None:
    qtbot.keyClick(bars.input, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert bars.value().black == pytest.approx(10 / 255)
    qtbot.keyClick(bars.output, Qt.Key.Key_PageUp)
    qtbot.keyClick(bars.output, Qt.Key.Key_Left)
    assert bars.value().output_white == pytest.approx(254 / 255)
    assert "254" in bars.output.accessibleDescription()


def test_black_stays_below_white(bars: LevelsControl) -> None:
    bars.white.setValue(100)
    bars.black.setValue(200)
    assert bars.value().black < bars.value().white
    bars.set_value((0.5, 1, 1))
    bars.white.setValue(10)
    assert bars.value().black < bars.value().white


def test_auto_finds_the_range_of_the_histogram(bars: LevelsControl) -> None:
    assert not bars.auto.isEnabled()
    bins = np.zeros((4, 256), np.int64)
    bins[:, 40:201] = 1000
    bars.show_counts(Counts(bins))
    bars.auto.click()
    assert (bars.black.value(), bars.white.value()) == (40, 200)


def test_a_colour_is_text_or_nothing(qtbot: QtBot) -> None:
    control = ColorControl(SPECS["tint"])
    qtbot.addWidget(control)
    assert control.value() is None
    control.edit.setText("#80c0ff")
    assert control.value() == "#80c0ff"
    assert not control.choose.icon().isNull()


@pytest.fixture
def form(qtbot: QtBot, services: Services, theme: Theme) -> Form:
    background = Background()
    models = Models(services.store, services.registry.loaders, background, background)
    made = Form(Tones, models, theme)
    made.background = background  # type: ignore[attr-defined]  # lives as long as the form
    qtbot.addWidget(made)
    return made


def test_channels_share_a_place_and_mark_what_was_changed(form: Form) -> None:
    (channels,) = form.findChildren(Channels)
    assert [channels.choice.itemText(i) for i in range(2)] == ["RGB", "Red"]
    form.set_values({"red": [[0, 0.5], [1, 1]], "range": [0.1, 1.2, 0.9, 0, 1]})
    assert channels.choice.itemText(1) != "Red"
    assert form.valid
    assert form.values()["red"] == ((0, 0.5), (1, 1))
    assert form.values()["range"] == Levels(0.1, 1.2, 0.9)
    form.reset()
    assert channels.choice.itemText(1) == "Red"
    channels.choice.setCurrentIndex(1)
    assert channels.stack.currentWidget() is form.controls["red"]


def test_a_wrong_colour_shows_beside_its_field(form: Form) -> None:
    form.controls["tint"].set_value("blue")
    assert set(form.problems()) == {"tint"}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_they_are_drawn_in_either_theme(
    theme: Theme, curves: CurveControl, bars: LevelsControl, name: Literal["dark", "light"]
) -> None:
    theme.choose(name)
    bins = np.full((4, 256), 5, np.int64)
    for control in (curves, bars):
        control.show_counts(Counts(bins))
    image = curves.editor.grab().toImage()
    ratio = image.devicePixelRatio()
    field = curves.editor.field
    corner = (field.topLeft() + QPointF(6, 6)) * ratio
    line = curves.editor.place(0.5, 0.5) * ratio
    ground, drawn = (image.pixelColor(p.toPoint()).lightness() for p in (corner, line))
    assert abs(ground - drawn) > 60
    theme.choose("dark")
