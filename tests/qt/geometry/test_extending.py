"""Dragging the border of the canvas outwards and filling what is new, by a real operation."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from studio.document import Rect, composite
from studio.qt.geometry.canvas_tool import CanvasOptions, CanvasTool

EXTEND = "uncropping.extend"


@pytest.fixture
def page(editor):
    """The form of the operation, mirroring, opened from the list."""
    editor.tools.choose_id(EXTEND)
    editor.tools.page.form.set_values({"fill": "mirror"})
    return editor.tools.page


@pytest.fixture
def tool(page, toolbox) -> CanvasTool:
    assert isinstance(toolbox.current, CanvasTool)
    return toolbox.current


def sides(page) -> tuple[int, ...]:
    values = page.form.values()
    return tuple(values[name] for name in ("left", "top", "right", "bottom"))


def run(qtbot, editor) -> None:
    editor.actions_by_id.trigger("run")
    qtbot.waitUntil(lambda: editor.canvas.overlay is not None, timeout=20_000)


def test_the_form_takes_up_the_border_and_they_follow_each_other(editor, page, tool, drag):
    assert tool.operation is page.operation
    drag((400, 150), (450, 150))
    assert sides(page) == tool.margins() == (0, 0, 50, 0)
    drag((0, 0), (-30, -20))
    assert sides(page) == tool.margins() == (30, 20, 50, 0)

    page.form.set_values({"bottom": 7})
    assert tool.margins() == (30, 20, 50, 7)
    page.form.set_values({"left": 0, "top": 0, "right": 0, "bottom": 0, "percent": 25.0})
    assert tool.margins() == (100, 75, 100, 75)
    assert tool.box.rect == Rect(-100, -75, 600, 450)

    drag((500, 150), (520, 150))
    assert sides(page) == tool.margins() == (100, 75, 120, 75)
    assert page.form.values()["percent"] == 0
    assert page.form.valid


def test_an_aspect_ratio_is_shown_on_the_canvas(page, tool):
    page.form.set_values({"aspect": "16:9", "anchor": "right"})
    assert tool.margins() == (133, 0, 0, 0)
    page.form.set_values({"aspect": "16:"})
    assert tool.margins() == (0, 0, 0, 0)


def test_the_border_goes_outwards_only(page, tool, drag):
    drag((400, 150), (350, 150))
    assert sides(page) == tool.margins() == (0, 0, 0, 0)
    drag((0, 150), (-40, 150))
    tool.cancel()
    assert sides(page) == tool.margins() == (0, 0, 0, 0)


def test_the_picture_grows_in_one_step_and_back(qtbot, editor, page, tool, drag):
    document = editor.session.document
    before, steps = document.picture, len(document.history.steps)
    shown = composite(before)
    drag((400, 150), (460, 150))
    run(qtbot, editor)

    overlay = editor.canvas.overlay
    assert overlay.area == Rect(0, 0, 460, 300)
    assert (overlay.after.width, overlay.after.height) == (460, 300)
    assert document.picture is before

    editor.runs.apply()
    after = document.picture
    assert (after.width, after.height) == (460, 300)
    assert len(document.history.steps) == steps + 1
    assert document.history.steps[-1].title == "Extend canvas"
    assert document.history.steps[-1].record["parameters"]["right"] == 60
    pixels = composite(after)
    assert np.array_equal(pixels[:, :400], shown)
    assert np.array_equal(pixels[:, 400:], shown[:, :-61:-1])
    assert sides(page) == tool.margins() == (0, 0, 0, 0)

    document.undo()
    assert document.picture is before
    document.redo()
    assert document.picture is after


def test_a_result_around_a_fitted_picture_is_in_view(qtbot, editor, page, tool):
    canvas = editor.canvas
    page.form.set_values({"left": 400, "bottom": 300})
    canvas.fit()
    run(qtbot, editor)
    corners = (QPointF(-400, 0), QPointF(400, 600))
    for corner in corners:
        assert canvas.rect().contains(canvas.from_image(corner).toPoint())
    canvas.divider = 0.2
    image = canvas.grab().toImage()
    at = canvas.from_image(QPointF(-100, 150)).toPoint()
    ratio = image.devicePixelRatio()
    color = image.pixelColor(round(at.x() * ratio), round(at.y() * ratio))
    wanted = composite(editor.session.document.picture)[150, 100, :3]
    assert np.abs(np.array(color.getRgb()[:3]) - wanted).max() <= 12

    editor.runs.discard()
    (left, top), (right, bottom) = (
        (point.x(), point.y()) for point in map(canvas.from_image, corners)
    )
    assert left < 0 or bottom > canvas.height()
    assert canvas.fitted
    assert right > left
    assert top < bottom


def test_the_tool_alone_offers_the_operation(qtbot, editor, toolbox, drag):
    toolbox.choose("canvas")
    tool = toolbox.current
    options = tool.options()
    assert isinstance(options, CanvasOptions)
    drag((0, 150), (-25, 150))
    row = options.fill.findData(EXTEND)
    options.fill.setCurrentIndex(row)
    options.fill.activated.emit(row)
    page = editor.tools.page
    assert page.operation.id == EXTEND
    assert sides(page) == tool.margins() == (25, 0, 0, 0)
    page.form.set_values({"fill": "smear"})

    options.apply.click()
    qtbot.waitUntil(lambda: editor.canvas.overlay is not None, timeout=20_000)
    editor.actions_by_id.trigger("apply")
    assert editor.session.document.picture.width == 425

    editor.tools.show_list()
    assert (tool.fill, tool.operation) == ("clear", None)
    assert options.fill.currentData() == "clear"
    options.deleteLater()


def test_another_tool_and_another_picture_leave_the_form_alone(qtbot, editor, page, toolbox, photo):
    page.form.set_values({"percent": 50.0})
    toolbox.choose("hand")
    toolbox.choose("canvas")
    assert page.form.values()["percent"] == 50
    assert toolbox.current.margins() == (200, 150, 200, 150)
    editor.open(photo)
    qtbot.waitUntil(lambda: editor.session.document.picture.width == 60)
    assert page.form.values()["percent"] == 50
    assert toolbox.current.margins() == (30, 20, 30, 20)
