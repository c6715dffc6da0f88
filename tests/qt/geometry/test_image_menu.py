"""The Image menu, transforms of layers, guides and their dialogs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.document import Guide, Raster, Rect, composite
from studio.document.transforms.sampling import content_bounds
from studio.qt.geometry.area import ImageArea
from studio.qt.geometry.box import Box
from studio.qt.geometry.quad import Quad
from studio.qt.geometry.size_dialogs import CanvasSizeDialog, ImageSizeDialog
from studio.qt.geometry.units import Unit, to_pixels, to_unit


def run_dialog(window, command, fill):
    """Choose a command and fill the dialog that it opens."""
    done = []

    def act():
        dialog = QApplication.activeModalWidget()
        fill(dialog)
        done.append(True)
        dialog.accept()

    QTimer.singleShot(0, act)
    window.actions_by_id.trigger(command)
    assert done


def test_quarter_turns_and_flips_of_the_picture(editor):
    document = editor.session.document
    before = composite(document.picture)
    editor.actions_by_id.trigger("rotate-right")
    assert np.array_equal(composite(document.picture), np.rot90(before, -1))
    editor.actions_by_id.trigger("rotate-left")
    editor.actions_by_id.trigger("rotate-half")
    assert np.array_equal(composite(document.picture), before[::-1, ::-1])
    editor.actions_by_id.trigger("flip-vertical")
    editor.actions_by_id.trigger("flip-horizontal")
    assert np.array_equal(composite(document.picture), before)
    titles = [step.title for step in document.history.steps[-5:]]
    assert titles[0] == "Rotate right"
    assert titles[-1] == "Flip horizontally"


def test_flipping_and_turning_a_layer(editor):
    document = editor.session.document
    editor.actions_by_id.trigger("layer-rotate-right")
    assert content_bounds(document.picture.layers[1].raster) == Rect(110, 70, 60, 80)
    editor.actions_by_id.trigger("layer-flip-horizontal")
    editor.actions_by_id.trigger("layer-rotate-left")
    assert content_bounds(document.picture.layers[1].raster) == Rect(100, 80, 80, 60)


def test_image_size_by_percent(editor):
    def fill(dialog: ImageSizeDialog):
        dialog.fields.unit.setCurrentIndex(dialog.fields.unit.findData("%"))
        dialog.fields.show_values()
        dialog.fields.across.setValue(50)
        assert dialog.chosen_size == (200, 150)
        assert "400 × 300" in dialog.summary.text()
        assert "200 × 150" in dialog.summary.text()

    run_dialog(editor, "image-size", fill)
    picture = editor.session.document.picture
    assert (picture.width, picture.height) == (200, 150)
    assert (composite(picture)[..., 3] == 255).all()


def test_sizes_in_print(qtbot, editor):
    picture = editor.session.document.picture
    dialog = ImageSizeDialog(editor, picture, (100.0, 100.0), editor.workspace.theme)
    qtbot.addWidget(dialog)
    dialog.fields.unit.setCurrentIndex(dialog.fields.unit.findData("cm"))
    dialog.fields.show_values()
    assert dialog.fields.across.value() == pytest.approx(10.16)
    dialog.fields.linked.setChecked(False)
    dialog.fields.down.setValue(2.54)
    assert dialog.chosen_size == (400, 100)
    for unit in Unit:
        assert to_pixels(to_unit(123.0, unit, 400, 96), unit, 400, 96) == pytest.approx(123)


def test_canvas_size_with_an_anchor(editor):
    def fill(dialog: CanvasSizeDialog):
        dialog.fields.across.setValue(500)
        dialog.fields.down.setValue(200)
        dialog.anchors.button(2).setChecked(True)
        assert dialog.new_canvas == Rect(-100, 0, 500, 200)
        dialog.anchors.button(8).click()
        assert dialog.new_canvas == Rect(-100, 100, 500, 200)
        dialog.fill.setCurrentIndex(dialog.fill.findData("foreground"))

    run_dialog(editor, "canvas-size", fill)
    picture = editor.session.document.picture
    assert (picture.width, picture.height) == (500, 200)
    assert (composite(picture, Rect(0, 0, 100, 200))[..., 3] == 255).all()


def test_rotating_by_an_angle_trimming_and_cropping_to_the_selection(qtbot, editor):
    document = editor.session.document

    def turn(dialog):
        dialog.angle_box.setValue(30)
        assert dialog.slider.value() == 300
        dialog.grab()

    run_dialog(editor, "rotate-angle", turn)
    assert (document.picture.width, document.picture.height) == (497, 460)
    document.undo()
    mask = Raster.from_array(np.full((50, 60, 1), 255, np.uint8), 20, 30)
    document.apply("Select", lambda picture: picture.replaced(selection=mask))
    editor.actions_by_id.trigger("crop-to-selection")
    assert (document.picture.width, document.picture.height) == (60, 50)
    run_dialog(editor, "canvas-size", lambda dialog: dialog.fields.across.setValue(90))
    assert document.picture.width == 90
    run_dialog(editor, "trim", lambda dialog: dialog.sides["right"].setChecked(False))
    assert document.picture.width == 75


def test_guides_out_of_the_rulers_moved_and_thrown_away(editor, toolbox, drag):
    document, canvas = editor.session.document, editor.canvas
    canvas.set_rulers(shown=True)
    start = QPoint(canvas.width() // 2, 5)
    end = canvas.from_image(QPointF(200, 77)).toPoint()
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, left, Qt.KeyboardModifier.NoModifier, end)
    assert document.picture.guides == (Guide(False, 80.0),)  # the box's upper edge is near
    assert document.history.steps[-1].title == "Add guide"
    toolbox.choose("move")
    drag((300, 80), (300, 200))
    assert document.picture.guides == (Guide(False, 200.0),)
    editor.actions_by_id.trigger("lock-guides")
    drag((300, 200), (300, 220))
    assert document.picture.guides == (Guide(False, 200.0),)
    editor.actions_by_id.trigger("lock-guides")
    drag((300, 200), (300, -3000))
    assert document.picture.guides == ()
    assert document.history.steps[-1].title == "Delete guide"
    document.undo()
    assert document.picture.guides == (Guide(False, 200.0),)


def test_guides_by_number_hidden_and_cleared(editor):
    document = editor.session.document
    assert not editor.actions_by_id["clear-guides"].isEnabled()
    run_dialog(editor, "new-guide", lambda dialog: dialog.position.setValue(12.0))
    assert document.picture.guides == (Guide(True, 12.0),)
    canvas = editor.canvas
    at = (canvas.from_image(QPointF(12.0, 150)) * canvas.ratio).toPoint()
    shown = canvas.grab().toImage().pixelColor(at)
    editor.actions_by_id.trigger("guides")
    assert not editor.findChildren(ImageArea)[0].guides.shown
    assert canvas.grab().toImage().pixelColor(at) != shown
    editor.actions_by_id.trigger("guides")
    editor.actions_by_id.trigger("clear-guides")
    assert document.picture.guides == ()
    document.undo()
    assert len(document.picture.guides) == 1


def test_snapping_is_switched_in_the_menu(editor):
    editor.actions_by_id.trigger("snap-layers")
    assert editor.services.settings.tools["snapping"]["layers"] is False
    editor.actions_by_id.trigger("snap")
    assert not editor.actions_by_id["snap"].isChecked()


def test_a_turned_box_keeps_the_opposite_corner():
    box = Box(100, 80, 60, 40, angle=20)
    fixed = box.corners()[0]
    grown = box.resized(4, box.outer((60, 50)))
    assert grown.corners()[0] == pytest.approx(fixed)
    assert (grown.width, grown.height) == pytest.approx((90, 70))
    assert box.inner(box.outer((7, -3))) == pytest.approx((7, -3))
    square = box.resized(2, box.outer((100, -100)), 1.0)
    assert square.width == pytest.approx(square.height)


def test_a_quad_that_would_fold_over_stays():
    quad = Quad(Rect(0, 0, 100, 50))
    assert quad.distorted(0, (200, 100)) is quad
    skewed = quad.distorted(1, (70, 0))
    assert skewed.corners[0] == pytest.approx((20, 0))
    assert skewed.corners[2] == pytest.approx((100, 50))
    wide = quad.stretched(3, (200, 10), proportional=True)
    assert wide.size == pytest.approx((2, 2))
    mirrored = quad.stretched(4, (-50, -25))
    assert mirrored.corners[2] == pytest.approx((-50, -25))
