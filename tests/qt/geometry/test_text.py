"""Text layers: written, changed, moved, at both depths."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from studio.document import Layer, Picture, Raster, Text
from studio.document.edits import paint
from studio.document.transforms.sampling import content_bounds
from studio.qt.geometry.text_rendering import rendered, text_box, text_layer_at, with_text


def click(window, x, y):
    at = window.canvas.from_image(QPointF(x, y)).toPoint()
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def layer_of(window):
    return next(layer for layer in window.session.document.picture.layers if layer.text)


def test_writing_changing_and_undoing(qtbot, editor, toolbox):
    document = editor.session.document
    steps = document.history.position
    toolbox.choose("text")
    tool = toolbox.current
    options = tool.options()
    qtbot.addWidget(options)
    options.size_box.setValue(40)
    toolbox.desk.colors.foreground = (10, 200, 30)
    click(editor, 60, 200)
    QTest.keyClicks(tool.editor.field, "Hello")
    assert document.transaction is not None
    QTest.keyClick(tool.editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert tool.editor is None
    layer = layer_of(editor)
    assert (layer.name, layer.text.content, layer.text.size) == ("Hello", "Hello", 40)
    area = content_bounds(layer.raster)
    assert area.x >= 55
    assert 180 < area.y < 220
    pixels = layer.raster.read(area)
    assert (pixels[pixels[..., 3] == 255] == (10, 200, 30, 255)).all()
    assert document.history.position == steps + 1

    click(editor, 70, 200)
    assert tool.editor.field.toPlainText() == "Hello"
    tool.editor.field.setPlainText("Hello\nworld")
    options.bold.click()
    tool.commit()
    assert layer_of(editor).text.bold
    assert content_bounds(layer_of(editor).raster).height > area.height
    assert document.history.position == steps + 2
    document.undo()
    assert layer_of(editor).text.content == "Hello"


def test_escape_gives_up_and_emptying_deletes(editor, toolbox):
    document = editor.session.document
    layers, steps = len(document.picture.layers), document.history.position
    toolbox.choose("text")
    tool = toolbox.current
    click(editor, 60, 200)
    tool.editor.field.setPlainText("gone")
    QTest.keyClick(tool.editor.field, Qt.Key.Key_Escape)
    assert len(document.picture.layers) == layers
    assert document.history.position == steps
    click(editor, 60, 200)
    tool.editor.field.setPlainText("kept")
    toolbox.choose("move")
    assert layer_of(editor).text.content == "kept"
    toolbox.choose("text")
    click(editor, 65, 200)
    tool.editor.field.setPlainText("")
    tool.commit()
    assert len(document.picture.layers) == layers
    assert document.history.steps[-1].title == "Delete text"


def test_a_text_moves_and_painting_on_it_leaves_pixels(editor, toolbox):
    document = editor.session.document
    text = Text("Move me", "Sans", 30.0, (0, 0, 0), 50.0, 60.0)
    layer = Layer("Text", Raster(np.uint8))
    document.apply("Text", lambda picture: with_text(picture, None, layer, text))
    made = layer_of(editor)
    assert document.picture.active == made.id
    toolbox.choose("move")
    toolbox.current.nudge(7, -3)
    toolbox.choose("hand")
    moved = layer_of(editor)
    assert (moved.text.x, moved.text.y) == (57, 57)
    assert moved.raster == rendered(moved.text, document.picture)
    document.apply("Dot", paint(made.id, 0, 0, np.full((3, 3, 4), 255, np.uint8)))
    assert document.picture.layer(made.id).text is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_text_has_the_depth_of_the_picture_and_stays_in_its_box(qapp, dtype):
    top = np.iinfo(dtype).max
    picture = Picture.from_pixels(np.full((200, 300, 4), top, dtype))
    text = Text("Wide line\nx", "Sans", 32.0, (255, 128, 0), 20.5, 30.25)
    raster = rendered(text, picture)
    pixels = raster.read(content_bounds(raster))
    assert pixels.dtype == dtype
    assert pixels[..., 3].max() == top
    assert set(np.unique(pixels[..., 0])) <= {0, top}
    box = text_box(text)
    area = content_bounds(raster)
    assert box.adjusted(-3, -3, 3, 3).contains(QPointF(area.x, area.y))
    assert box.adjusted(-3, -3, 3, 3).contains(QPointF(area.right, area.bottom))


def test_alignment_moves_the_short_line_only(qapp):
    picture = Picture.from_pixels(np.zeros((200, 400, 4), np.uint8))
    lefts = []
    for align in ("left", "center", "right"):
        text = Text("A long first line\nx", "Sans", 24.0, (0, 0, 0), 10.0, 10.0, align=align)
        below = rendered(text, picture).read(picture.bounds)[10 + 36 :, :, 3]
        lefts.append(int(np.flatnonzero(below.any(axis=0))[0]))
    assert lefts[0] < lefts[1] < lefts[2]
    layer = Layer("t", rendered(text, picture), text=text)
    with_layer = picture.replaced(nodes=(*picture.nodes, layer))
    assert text_layer_at(with_layer, 30, 20) is layer
    assert text_layer_at(with_layer, 390, 190) is None


def test_writing_needs_no_mouse(editor, toolbox):
    toolbox.choose("text")
    editor.canvas.setFocus()
    QTest.keyClick(editor.canvas, Qt.Key.Key_Return)
    QTest.keyClicks(toolbox.current.editor.field, "abc")
    toolbox.current.editor.done.click()
    assert layer_of(editor).text.content == "abc"
