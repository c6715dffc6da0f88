"""Painting with the mouse and a pen: what lands in the picture and on the undo stack."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.document import Layer, Raster, Text
from studio.files.profiles import convert, wide_gamut_profile
from studio.qt.canvas import Display

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
WHITE = (255, 255, 255, 255)


def test_a_stroke_is_one_step_of_the_exact_colour(studio) -> None:
    studio.toolbox.colors.foreground = (255, 80, 3)
    studio.choose("brush", size=20, hardness=100)
    studio.drag((50, 50), (80, 60), (120, 50))
    assert studio.steps == ["Brush"]
    pixels = studio.pixels()
    for x, y in ((50, 50), (118, 50)):
        assert tuple(pixels[y, x]) == (255, 80, 3, 255)
    assert tuple(pixels[100, 50]) == WHITE
    assert studio.document.undo()
    assert (studio.pixels() == 255).all()


def test_escape_gives_a_stroke_up_and_the_rest_of_it_is_ignored(studio) -> None:
    studio.choose("brush", size=20)
    studio.press(50, 50)
    assert not (studio.pixels() == 255).all()
    studio.key(Qt.Key.Key_Escape)
    studio.move(90, 90)
    studio.release(90, 90)
    assert (studio.pixels() == 255).all()
    assert studio.steps == []


def test_undo_during_a_stroke_ends_it(studio) -> None:
    studio.choose("brush", size=20)
    studio.drag((20, 20))
    studio.press(50, 50)
    studio.document.undo()
    studio.move(90, 90)
    studio.release(90, 90)
    assert studio.steps == ["Brush"]
    assert tuple(studio.pixels()[50, 50]) == WHITE
    assert tuple(studio.pixels()[20, 20]) == (0, 0, 0, 255)


def test_shift_click_draws_a_straight_line_from_the_last_stroke(studio) -> None:
    studio.choose("brush", size=10, hardness=100)
    studio.drag((20, 20))
    studio.drag((180, 120), modifiers=SHIFT)
    assert studio.steps == ["Brush", "Brush"]
    for share in (0.25, 0.5, 0.75):
        x, y = round(20 + 160 * share), round(20 + 100 * share)
        assert tuple(studio.pixels()[y, x]) == (0, 0, 0, 255)


def test_the_eraser_makes_transparent_and_keeps_the_colour(studio) -> None:
    studio.choose("eraser", size=20, hardness=100, opacity=100)
    studio.drag((50, 50))
    assert tuple(studio.pixels()[50, 50]) == (255, 255, 255, 0)


def test_a_locked_layer_is_refused_in_words(studio) -> None:
    picture = studio.document.picture
    locked = picture.layers[0].replaced(locked=True)
    studio.document.apply("Lock", lambda p: p.with_layer(locked))
    studio.choose("brush")
    studio.drag((50, 50), (60, 60))
    assert "locked" in studio.workspace.messages.text.text()
    assert studio.steps == ["Lock"]
    assert studio.document.transaction is None


def test_alt_click_picks_the_foreground(studio) -> None:
    pixels = np.full((150, 200, 4), 255, np.uint8)
    pixels[40:60, 40:60, :3] = (12, 200, 99)
    studio.open(pixels)
    studio.choose("brush")
    studio.drag((50, 50), modifiers=ALT)
    assert studio.toolbox.colors.foreground == (12, 200, 99)
    assert studio.steps == []


def type_digits(studio, *keys: tuple[Qt.Key, int]) -> None:
    """Keys at milliseconds of the clock of events."""
    for key, time in keys:
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
        event.setTimestamp(time)
        QApplication.sendEvent(studio.canvas, event)


def test_digits_and_brackets_set_the_brush(studio) -> None:
    values = studio.choose("brush", size=40, hardness=50, opacity=100)
    type_digits(studio, (Qt.Key.Key_3, 1000), (Qt.Key.Key_0, 3000))
    assert values.number("opacity") == 100
    type_digits(studio, (Qt.Key.Key_3, 5000))
    assert values.number("opacity") == 30
    type_digits(studio, (Qt.Key.Key_5, 5200))
    assert values.number("opacity") == 35
    type_digits(studio, (Qt.Key.Key_4, 5400))
    assert values.number("opacity") == 40, "a third one begins anew"
    studio.toolbox.current.resize(larger=True)
    assert values.number("size") == 44
    studio.toolbox.current.harden(harder=False)
    assert values.number("hardness") == 40


def test_values_are_remembered(studio) -> None:
    studio.choose("brush", size=77, smoothing=12)
    studio.choose("eraser")
    stored = studio.workspace.services.settings.tools["brush"]
    assert (stored["size"], stored["smoothing"]) == (77, 12)


def test_colours_are_converted_to_the_profile_of_the_picture(studio) -> None:
    icc = wide_gamut_profile()
    studio.open(np.full((150, 200, 4), 65535, np.uint16), icc=icc)
    studio.toolbox.colors.foreground = (255, 0, 0)
    studio.choose("brush", size=20, hardness=100)
    studio.drag((50, 50))
    red = np.array([[[65535, 0, 0]]], np.uint16)
    expected = convert(red, None, icc)[0, 0]
    assert np.array_equal(studio.pixels()[50, 50, :3], expected)
    assert 40000 < expected[0] < 65000
    studio.choose("eyedropper")
    studio.drag((50, 50), modifiers=ALT)
    assert studio.toolbox.colors.background == (255, 0, 0)


def test_the_mask_is_painted_in_gray(studio) -> None:
    picture = studio.document.picture
    mask = Raster.from_array(np.full((150, 200, 1), 255, np.uint8))
    layer = picture.layers[0].replaced(mask=mask)
    studio.document.apply("Mask", lambda p: p.with_layer(layer).replaced(mask_active=True))
    studio.toolbox.colors.foreground = (128, 128, 128)
    studio.choose("brush", size=20, hardness=100)
    studio.drag((50, 50))
    painted = studio.document.picture.layers[0]
    assert painted.mask.read(studio.document.picture.bounds)[50, 50].item() == 128
    assert painted.raster is layer.raster


def test_only_hand_and_zoom_act_while_a_result_is_shown(studio) -> None:
    from studio.document import Picture
    from studio.qt.canvas import Overlay

    after = Picture.from_pixels(np.zeros((150, 200, 4), np.uint8))
    studio.choose("brush", size=20)
    studio.canvas.set_overlay(Overlay(after))
    studio.drag((20, 100), (40, 100))
    assert studio.steps == []
    studio.canvas.set_overlay(None)
    studio.drag((20, 100), (40, 100))
    assert studio.steps == ["Brush"]


def test_clone_needs_a_source_and_copies_from_it(studio) -> None:
    pixels = np.full((150, 200, 4), 255, np.uint8)
    pixels[20:60, 20:60, :3] = np.random.default_rng(0).integers(0, 256, (40, 40, 3))
    studio.open(pixels)
    studio.choose("clone", size=16, hardness=100, aligned=True)
    studio.drag((150, 100))
    assert "source" in studio.workspace.messages.text.text()
    assert studio.steps == []
    studio.drag((40, 40), modifiers=ALT)
    studio.drag((150, 100))
    assert np.array_equal(studio.pixels()[96:104, 146:154], pixels[36:44, 36:44])
    studio.drag((155, 108))
    assert np.array_equal(studio.pixels()[104:112, 151:159], pixels[44:52, 41:49])
    assert studio.steps == ["Clone", "Clone"]


def test_heal_takes_away_a_flaw_in_one_step(studio) -> None:
    pixels = np.full((150, 200, 4), 255, np.uint8)
    pixels[..., :3] = np.linspace(40, 200, 200, dtype=np.uint8)[None, :, None]
    clean = pixels.copy()
    pixels[90:100, 120:130, :3] = 0
    studio.open(pixels)
    studio.choose("heal", size=30, hardness=80)
    studio.drag((60, 40), modifiers=ALT)
    studio.drag((125, 95))
    assert studio.steps == ["Heal"]
    assert np.abs(studio.pixels().astype(int) - clean).max() < 12


def test_a_large_heal_is_still_one_step(studio, qtbot: QtBot) -> None:
    pixels = np.full((700, 900, 4), 255, np.uint8)
    pixels[..., :3] = np.linspace(40, 200, 900, dtype=np.uint8)[None, :, None]
    clean = pixels.copy()
    pixels[300:330, 300:600, :3] = 0
    studio.open(pixels)
    studio.canvas.fit()
    studio.choose("heal", size=120, hardness=90)
    studio.drag((150, 100), modifiers=ALT)
    studio.drag((280, 315), (450, 315), (620, 315))
    qtbot.waitUntil(lambda: studio.steps == ["Heal"], timeout=20_000)
    assert np.abs(studio.pixels().astype(int) - clean).max() < 16
    assert studio.document.undo()
    assert np.array_equal(studio.pixels(), pixels)


def test_a_gradient_that_can_no_longer_be_laid_is_refused_in_words(studio) -> None:
    studio.choose("gradient")
    studio.drag((10, 75), (190, 75))
    locked = studio.document.picture.layers[0].replaced(locked=True)
    studio.document.apply("Lock", lambda p: p.with_layer(locked))
    studio.toolbox.choose("hand")
    assert studio.toolbox.current.id == "hand"
    assert "locked" in studio.workspace.messages.text.text()
    assert studio.steps == ["Lock"]


def test_fill_stays_inside_its_area(studio) -> None:
    pixels = np.full((150, 200, 4), 255, np.uint8)
    pixels[:, 100:105, :3] = 0
    studio.open(pixels)
    studio.toolbox.colors.foreground = (9, 90, 200)
    studio.choose("fill", tolerance=20)
    studio.drag((20, 20))
    assert studio.steps == ["Fill"]
    assert (studio.pixels()[:, :99] == (9, 90, 200, 255)).all()
    assert (studio.pixels()[:, 106:] == 255).all()


def test_fill_of_a_large_picture_survives_an_edit_meanwhile(studio, qtbot: QtBot) -> None:
    studio.open(np.full((900, 1000, 4), 255, np.uint8))
    studio.toolbox.colors.foreground = (9, 90, 200)
    studio.choose("fill", tolerance=20)
    studio.drag((100, 100))
    dot = np.zeros((1, 1, 4), np.uint8)
    layer = studio.document.picture.layers[0]
    dotted = layer.replaced(raster=layer.raster.write(500, 500, dot))
    studio.document.apply("Dot", lambda p: p.with_layer(dotted))
    qtbot.waitUntil(lambda: studio.steps == ["Dot", "Fill"], timeout=20_000)
    assert tuple(studio.pixels()[500, 500]) == (0, 0, 0, 0)
    assert tuple(studio.pixels()[10, 10]) == (9, 90, 200, 255)


def test_a_gradient_waits_for_enter_and_esc_leaves_it(studio) -> None:
    studio.toolbox.colors.foreground = (0, 0, 0)
    studio.choose("gradient", colors="background")
    studio.drag((10, 75), (190, 75))
    assert studio.steps == []
    studio.key(Qt.Key.Key_Escape)
    assert not studio.toolbox.current.busy
    studio.drag((10, 75), (100, 75))
    studio.drag((100, 75), (190, 75))
    studio.key(Qt.Key.Key_Return)
    assert studio.steps == ["Gradient"]
    row = studio.pixels()[75, :, 0].astype(int)
    assert row[5] == 0
    assert row[195] == 255
    assert abs(row[100] - 128) < 4


def test_another_tool_lays_the_pending_gradient(studio) -> None:
    studio.choose("gradient")
    studio.drag((10, 75), (190, 75))
    studio.toolbox.choose("hand")
    assert studio.steps == ["Gradient"]


def test_the_preview_of_a_gradient_is_what_is_laid(studio, qtbot: QtBot) -> None:
    studio.toolbox.colors.foreground = (200, 30, 60)
    studio.choose("gradient", colors="transparent", kind="radial")
    selection = np.zeros((150, 200, 1), np.uint8)
    selection[:, :120] = 255
    studio.document.apply("Select", lambda p: p.replaced(selection=Raster.from_array(selection)))
    studio.drag((60, 75), (110, 75))
    before = studio.canvas.grab().toImage()
    studio.key(Qt.Key.Key_Return)
    studio.toolbox.choose("hand")
    after = studio.canvas.grab().toImage()
    for x, y in ((75, 40), (60, 110), (90, 100), (130, 75), (180, 20)):
        at = studio.at(x, y)
        shown, laid = before.pixelColor(at), after.pixelColor(at)
        assert abs(shown.red() - laid.red()) + abs(shown.green() - laid.green()) < 16, (x, y)


def test_a_pen_presses_and_its_other_end_erases(studio) -> None:
    studio.choose("brush", size=40, hardness=100, pressure_size=True)

    def pen(kind: QEvent.Type, x: float, y: float, pressure: float, tip: object) -> None:
        device = QPointingDevice("pen", 1, QPointingDevice.DeviceType.Stylus, tip, abilities, 1, 1)
        point = studio.canvas.from_image(QPointF(x, y))
        up = kind == QEvent.Type.TabletRelease
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        event = QTabletEvent(
            kind, device, point, studio.canvas.mapToGlobal(point), pressure, 0, 0, 0, 0, 0,
            Qt.KeyboardModifier.NoModifier, left, none if up else left,
        )  # fmt: skip
        QApplication.sendEvent(studio.canvas, event)

    abilities = QPointingDevice.Capability.Position | QPointingDevice.Capability.Pressure
    for tip, width in (
        (QPointingDevice.PointerType.Pen, 0.5),
        (QPointingDevice.PointerType.Eraser, 0.5),
    ):
        pen(QEvent.Type.TabletPress, 60, 75, width, tip)
        pen(QEvent.Type.TabletMove, 100, 75, width, tip)
        pen(QEvent.Type.TabletRelease, 140, 75, 0.0, tip)
        if tip == QPointingDevice.PointerType.Pen:
            dark = (studio.pixels()[..., 0] < 128).sum(0)
            assert dark[100] == pytest.approx(20, abs=2)
    assert studio.steps == ["Brush", "Brush"]
    assert (studio.pixels()[75, 60:140, 3] == 0).all()


def test_quick_strokes_over_layers_go_to_the_active_one(studio) -> None:
    empty = Layer("above", Raster())
    studio.document.apply("Layer", lambda p: p.replaced(nodes=(*p.nodes, empty), active=empty.id))
    studio.choose("brush", size=10)
    for x in range(20, 180, 40):
        studio.drag((x, 30), (x + 20, 60))
    assert studio.steps == ["Layer", *["Brush"] * 4]
    assert (studio.pixels(0) == 255).all()
    assert studio.pixels(1)[..., 3].any()


def test_the_canvas_shows_exactly_what_was_painted(studio) -> None:
    """A stroke renews rectangles of the display; all of it must equal one that is made anew."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (613, 777, 4)).astype(np.uint8)
    studio.open(pixels)
    studio.choose("brush", size=90, hardness=20, opacity=60)
    studio.drag((30, 20), (255, 140), (256, 120))
    studio.choose("eraser", size=35, hardness=100)
    studio.drag((100, 100), (300, 200))
    display = studio.canvas.scene.display
    fresh = Display(studio.document.picture)
    display.wait()
    fresh.wait()
    for shown, expected in zip(display.pyramid.levels, fresh.pyramid.levels, strict=True):
        assert np.array_equal(shown, expected)
    fresh.close()


@pytest.mark.parametrize("tool", ["brush", "fill"])
def test_painting_on_text_says_that_it_becomes_pixels(studio, qtbot: QtBot, tool: str) -> None:
    studio.open(np.full((100, 100, 4), 255, np.uint8))
    studio.choose(tool)
    studio.drag((20, 20), (30, 30))
    messages = studio.workspace.messages
    assert messages.isHidden()
    text = Text("Hello", "Sans", 20.0, (0, 0, 0), 5, 5)
    layer = studio.document.picture.active_layer.replaced(name="Hello", text=text)
    qtbot.waitUntil(lambda: not studio.workspace.background.busy)
    studio.document.apply("Text", lambda picture: picture.with_layer(layer))
    studio.toolbox.colors.swap()
    studio.drag((50, 50), (60, 60))
    qtbot.waitUntil(lambda: studio.document.picture.active_layer.text is None)
    assert "Hello" in messages.text.text()
    assert messages.level == "info"
