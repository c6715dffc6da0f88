"""Crop, canvas border, move and free transform, with the mouse and the keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from studio.document import Guide, Layer, Raster, Rect, composite
from studio.document.layer_edits import add_node, change_node, set_active
from studio.document.transforms.sampling import content_bounds
from studio.qt.geometry.snapping import Snapper, Switches, make_snapper, snap

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def press_key(window, key, modifiers=Qt.KeyboardModifier.NoModifier):
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, key, modifiers)


def box_area(window):
    return content_bounds(window.session.document.picture.layers[1].raster)


def test_cropping_with_the_mouse_is_one_step(editor, toolbox, drag):
    document = editor.session.document
    before = composite(document.picture)
    toolbox.choose("crop")
    assert not toolbox.current.busy
    drag((50, 40), (250, 190), CTRL)
    assert toolbox.current.box.rect == Rect(50, 40, 200, 150)
    drag((250, 190), (230, 180), CTRL)
    assert toolbox.current.box.rect == Rect(50, 40, 180, 140)
    drag((140, 110), (150, 115), CTRL)
    assert toolbox.current.box.rect == Rect(60, 45, 180, 140)
    press_key(editor, Qt.Key.Key_Return)
    assert (document.picture.width, document.picture.height) == (180, 140)
    assert np.array_equal(composite(document.picture), before[45:185, 60:240])
    assert document.history.steps[-1].title == "Crop"
    document.undo()
    assert toolbox.current.box.rect == Rect(0, 0, 400, 300)


def test_escape_starts_again_and_dragging_beyond_enlarges(editor, toolbox, drag):
    document = editor.session.document
    toolbox.choose("crop")
    drag((400, 300), (430, 310), CTRL)
    assert toolbox.current.box.rect == Rect(0, 0, 430, 310)
    press_key(editor, Qt.Key.Key_Escape)
    assert toolbox.current.box.rect == Rect(0, 0, 400, 300)
    drag((400, 300), (430, 310), CTRL)
    toolbox.current.commit()
    assert (document.picture.width, document.picture.height) == (430, 310)
    assert not composite(document.picture, Rect(400, 0, 30, 300)).any()


def test_aspect_size_and_angle_from_the_options_bar(qtbot, editor, toolbox, drag):
    toolbox.choose("crop")
    tool = toolbox.current
    options = tool.options()
    qtbot.addWidget(options)
    options.aspect.setCurrentIndex(options.aspect.findData("1:1"))
    options.aspect.activated.emit(options.aspect.currentIndex())
    assert tool.box.rect[2:] == (300, 300)
    options.width_box.setValue(120)
    assert tool.box.rect[2:] == (120, 120)
    options.aspect.setCurrentIndex(options.aspect.findData("16:9"))
    options.aspect.activated.emit(options.aspect.currentIndex())
    assert tool.box.width / tool.box.height == pytest.approx(16 / 9, rel=0.02)
    options.swap.click()
    assert tool.box.height > tool.box.width
    assert tool.ratio() == pytest.approx(9 / 16)
    tool.set_aspect(None)
    tool.cancel()
    options.straighten.click()
    drag((100, 100), (300, 120))
    assert tool.box.angle == pytest.approx(-np.degrees(np.arctan2(20, 200)), abs=0.05)
    assert not options.straighten.isChecked()
    tool.commit()
    picture = editor.session.document.picture
    assert picture.width < 400
    assert (composite(picture)[..., 3] == 255).all()


def test_turning_keeps_a_box_in_the_picture_and_turning_back_restores_it(editor, toolbox):
    toolbox.choose("crop")
    tool = toolbox.current
    tool.set_aspect((16, 9))
    tool.set_box(tool.box.moved(0, 30))
    upright = tool.box
    for angle in (3, 12, -20):
        tool.set_angle(angle)
    assert tool.box.width / tool.box.height == pytest.approx(16 / 9, rel=0.02)
    tool.set_angle(0)
    assert tool.box == upright
    tool.set_angle(-20)
    tool.commit()
    picture = editor.session.document.picture
    assert 100 < picture.width < 400
    assert (composite(picture)[..., 3] == 255).all()
    tool.set_aspect(None)
    tool.set_size(picture.width + 50, picture.height)
    tool.set_angle(5)
    assert tool.box.rect.width == picture.width + 50, "it was to enlarge the picture"


def test_the_border_of_a_fitted_picture_has_room_and_is_taken_anywhere(editor, toolbox, drag):
    canvas = editor.canvas
    canvas.resize(420, 320)
    canvas.fit()
    fitted = canvas.viewport.state
    toolbox.choose("canvas")
    assert canvas.zoom < fitted.zoom
    drag((401, 60), (430, 60))
    drag((50, -1), (50, -20))
    rect = toolbox.current.box.rect
    assert (rect.x, rect.bottom) == (0, 300)
    assert (rect.y, rect.right) == (pytest.approx(-20, abs=2), pytest.approx(430, abs=2))
    toolbox.choose("hand")
    assert canvas.viewport.state == fitted


def test_cropped_pixels_are_kept_if_wished(qtbot, editor, toolbox):
    toolbox.choose("crop")
    tool = toolbox.current
    options = tool.options()
    qtbot.addWidget(options)
    options.delete.setChecked(False)
    tool.set_size(100, 100)
    options.apply.click()
    picture = editor.session.document.picture
    assert (picture.width, picture.height) == (100, 100)
    assert content_bounds(picture.layers[0].raster) == Rect(-150, -100, 400, 300)
    options.delete.setChecked(True)


def test_a_canvas_beyond_what_preferences_allow_is_refused(editor, toolbox):
    before = editor.session.document.picture
    toolbox.choose("canvas")
    toolbox.current.set_margin("right", 200_000)
    toolbox.current.set_margin("bottom", 200_000)
    press_key(editor, Qt.Key.Key_Return)
    assert editor.session.document.picture is before
    assert "megapixels" in editor.workspace.messages.text.text()
    toolbox.current.cancel()


def test_dragging_the_canvas_border(qtbot, editor, toolbox, drag):
    document = editor.session.document
    toolbox.choose("canvas")
    drag((400, 150), (440, 150), CTRL | ALT)
    assert toolbox.current.margins() == (40, 0, 40, 0)
    options = toolbox.current.options()
    qtbot.addWidget(options)
    assert options.sides["right"].value() == 40
    options.sides["bottom"].setValue(25)
    toolbox.desk.colors.background = (1, 2, 3)
    toolbox.current.fill = "background"
    press_key(editor, Qt.Key.Key_Return)
    picture = document.picture
    assert (picture.width, picture.height) == (480, 325)
    assert (composite(picture, Rect(0, 0, 40, 325)) == (1, 2, 3, 255)).all()
    assert document.history.steps[-1].title == "Canvas size"


def test_moving_a_layer_with_the_mouse_and_the_keys(qtbot, editor, toolbox, drag):
    document = editor.session.document
    toolbox.choose("move")
    drag((120, 100), (133, 109), CTRL)
    assert box_area(editor) == Rect(113, 89, 80, 60)
    drag((120, 100), (150, 104), SHIFT | CTRL)
    assert box_area(editor) == Rect(143, 89, 80, 60)
    steps = document.history.position
    press_key(editor, Qt.Key.Key_Left)
    press_key(editor, Qt.Key.Key_Up, SHIFT)
    assert box_area(editor) == Rect(142, 79, 80, 60)
    toolbox.choose("hand")
    assert document.history.position == steps + 1
    document.undo()
    assert box_area(editor) == Rect(143, 89, 80, 60)


def test_the_preview_shows_the_layer_where_it_will_be(qtbot, editor, toolbox, drag):
    canvas = editor.canvas
    toolbox.choose("move")
    drag((120, 100), (220, 100), CTRL, release=False)
    canvas.grab()
    qtbot.waitUntil(lambda: toolbox.current._preview.shown)
    image = canvas.grab().toImage()

    def color(x, y):
        point = canvas.from_image(QPointF(x, y)) * canvas.ratio
        return image.pixelColor(round(point.x()), round(point.y())).getRgb()[:3]

    assert color(240, 110) == (255, 0, 0)
    assert color(120, 110)[0] < 200
    toolbox.current.cancel()
    assert box_area(editor) == Rect(100, 80, 80, 60)


def test_the_preview_looks_like_the_result_between_other_layers(qtbot, editor, toolbox, drag):
    document, canvas = editor.session.document, editor.canvas
    active = document.picture.active
    veil = np.zeros((300, 400, 4), np.uint8)
    veil[:] = (0, 0, 255, 128)
    document.apply("Veil", add_node(Layer("Veil", Raster.from_array(veil))))
    document.view_change(set_active(active))
    toolbox.choose("move")
    toolbox.current.values.set("outline", value=False)
    drag((120, 100), (160, 130), CTRL, release=False)
    canvas.grab()
    qtbot.waitUntil(lambda: toolbox.current._preview.shown)
    preview = canvas.grab().toImage()
    toolbox.current.commit()
    toolbox.choose("hand")
    qtbot.waitUntil(lambda: not canvas.polling)
    result = canvas.grab().toImage()
    for x, y in ((150, 120), (200, 160), (110, 90), (300, 200), (215, 165)):
        at = (canvas.from_image(QPointF(x, y)) * canvas.ratio).toPoint()
        ours, real = preview.pixelColor(at).getRgb(), result.pixelColor(at).getRgb()
        assert np.abs(np.subtract(ours, real)).max() <= 2


def test_moving_selected_pixels_and_the_layer_under_the_pointer(editor, toolbox, drag):
    document = editor.session.document
    mask = Raster.from_array(np.full((10, 10, 1), 255, np.uint8), 110, 90)
    document.apply("Select", lambda picture: picture.replaced(selection=mask))
    toolbox.choose("move")
    drag((115, 95), (315, 245), CTRL)
    raster = document.picture.layers[1].raster
    assert (raster.read(Rect(310, 240, 10, 10)) == (255, 0, 0, 255)).all()
    assert not raster.read(Rect(110, 90, 10, 10)).any()
    assert content_bounds(document.picture.selection) == Rect(310, 240, 10, 10)
    document.undo()
    document.apply("None", lambda picture: picture.replaced(selection=None))
    toolbox.current.values.set("auto", value=True)
    drag((20, 20), (25, 20), CTRL)
    assert content_bounds(document.picture.layers[0].raster) == Rect(5, 0, 400, 300)
    drag((150, 120), (155, 120), CTRL)
    assert box_area(editor) == Rect(105, 80, 80, 60)
    toolbox.current.values.set("auto", value=False)


def test_locked_layers_are_not_moved_and_the_user_is_told(editor, toolbox, drag):
    document = editor.session.document
    document.apply("Lock", change_node(document.picture.active, locked=True))
    toolbox.choose("move")
    drag((120, 100), (150, 100))
    assert box_area(editor) == Rect(100, 80, 80, 60)
    assert editor.messages.level == "error"
    assert "locked" in editor.messages.text.text()


def test_moving_snaps_to_guides_and_the_canvas(editor, toolbox, drag):
    document = editor.session.document
    document.apply("Guide", lambda p: p.replaced(guides=(Guide(True, 230.0),)))
    toolbox.choose("move")
    drag((120, 100), (166, 100))
    assert box_area(editor).right == 230
    drag((180, 100), (180, 24))
    assert box_area(editor).y == 0


def test_snapping_is_a_service_with_switches(editor, toolbox):
    desk = toolbox.desk
    assert snap(desk, 101, 299) == (100, 300)
    settings = desk.workspace.services.settings
    Switches.of(settings).remember(settings, layers=False)
    assert snap(desk, 101, 250) == (101, 250)
    Switches.of(settings).remember(settings, on=False)
    assert snap(desk, 1, 299) == (1, 299)
    picture = editor.session.document.picture
    assert make_snapper(picture, Switches(on=False), 5) == Snapper()


def test_free_transform_with_the_mouse(editor, toolbox, drag):
    document = editor.session.document
    editor.actions_by_id.trigger("free-transform")
    tool = toolbox.current
    assert tool.id == "transform"
    drag((180, 140), (260, 200), CTRL)
    assert tool.quad.corners[2] == pytest.approx((260, 200))
    press_key(editor, Qt.Key.Key_Escape)
    assert not tool.quad.changed
    Switches.of(editor.services.settings).remember(editor.services.settings, on=False)
    drag((180, 140), (260, 170))
    assert tool.quad.size == pytest.approx((2, 2)), "in proportion, as the switch says"
    press_key(editor, Qt.Key.Key_Escape)
    drag((180, 140), (260, 170), SHIFT)
    assert tool.quad.size == pytest.approx((2, 1.5))
    press_key(editor, Qt.Key.Key_Escape)
    tool.linked = False
    drag((180, 140), (260, 170), SHIFT)
    drag((100, 140), (90, 140), ALT)
    press_key(editor, Qt.Key.Key_Return)
    area = box_area(editor)
    assert area.x == 90
    assert area.width == 180
    assert area.height == 120
    assert document.history.steps[-1].title == "Transform"
    pixels = document.picture.layers[1].raster.read(area.grown(-1))
    assert (pixels == (255, 0, 0, 255)).all()
    document.undo()
    assert tool.quad.area == Rect(100, 80, 80, 60)


def test_free_transform_by_numbers(qtbot, editor, toolbox):
    toolbox.choose("transform")
    tool = toolbox.current
    options = tool.options()
    qtbot.addWidget(options)
    options.across.setValue(50)
    assert tool.quad.size == pytest.approx((0.5, 0.5))
    options.linked.setChecked(False)
    options.down.setValue(100)
    assert tool.quad.size == pytest.approx((0.5, 1.0))
    options.angle.setValue(90)
    assert tool.quad.angle == pytest.approx(90)
    options.across_at.setValue(200)
    assert tool.quad.middle == pytest.approx((200, 110))
    options.apply.click()
    assert box_area(editor) == Rect(170, 90, 60, 40)
    options.right.click()
    options.flip_across.click()
    options.apply.click()
    assert box_area(editor) == Rect(180, 80, 40, 60)


def test_turning_steps_with_shift_and_leaving_keeps_it(editor, toolbox, drag):
    toolbox.choose("transform")
    drag((240, 110), (140, 215), SHIFT)
    assert toolbox.current.quad.angle == pytest.approx(90)
    toolbox.choose("hand")
    assert box_area(editor) == Rect(110, 70, 60, 80)
    assert editor.session.document.history.steps[-1].title == "Transform"


def test_a_large_picture_is_cropped_once_on_a_thread(qtbot, editor, toolbox, monkeypatch):
    monkeypatch.setattr("studio.qt.editing.AT_ONCE", 0)
    document = editor.session.document
    steps = document.history.position
    toolbox.choose("crop")
    toolbox.current.set_size(200, 100)
    press_key(editor, Qt.Key.Key_Return)
    press_key(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.picture.width == 200, timeout=20_000)
    qtbot.waitUntil(lambda: not editor.workspace.background.busy, timeout=20_000)
    assert document.history.position == steps + 1
    assert toolbox.current.box.rect == Rect(0, 0, 200, 100)
    toolbox.choose("move")
    toolbox.current.nudge(5, 0)
    document.apply("Meanwhile", change_node(document.picture.active, name="Renamed"))
    qtbot.waitUntil(lambda: box_area(editor).x == 5, timeout=20_000)
    assert document.picture.active_node.name == "Renamed"
