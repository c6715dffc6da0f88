"""The document's events, its unsaved changes, and edits that fail."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from studio.document import Document, Layer, Picture, Raster, Rect, layer_edits
from studio.document import edits as make
from studio.document.events import listen


@pytest.fixture
def document():
    return Document(Picture.from_pixels(np.full((20, 30, 4), 100, np.uint8)))


def paint(document, value):
    pixels = np.full((5, 5, 4), value, np.uint8)
    return make.paint(document.picture.active, 1, 1, pixels)


def test_a_failing_listener_stops_neither_the_others_nor_the_edit(document, caplog):
    heard = []

    def fail(change):
        raise RuntimeError("listener broke")

    listen(document.changed, heard.append)
    listen(document.changed, fail)
    listen(document.changed, heard.append)
    with caplog.at_level(logging.ERROR):
        assert document.apply("Paint", paint(document, 1))
        assert document.undo()
    assert len(heard) == 4
    assert "listener broke" in caplog.text


def test_a_listener_connected_without_help_cannot_undo_an_edit_by_failing(document, caplog):
    def fail(change):
        raise RuntimeError("listener broke")

    document.changed.connect(fail)
    assert document.apply("Paint", paint(document, 1))
    assert document.history.position == 1
    assert "listener broke" in caplog.text


def test_a_listener_can_stop_even_while_it_listens(document):
    heard = []

    def once(change):
        heard.append(change)
        stop()

    stop = listen(document.changed, once)
    after = []
    listen(document.changed, after.append)
    document.apply("Paint", paint(document, 1))
    document.apply("Paint", paint(document, 2))
    stop()
    assert len(heard) == 1
    assert len(after) == 2


def test_listeners_see_the_committed_document(document):
    def check(change):
        seen.append((document.picture is change.after, document.revision, document.modified))

    seen = []
    listen(document.changed, check)
    document.apply("Paint", paint(document, 1))
    document.undo()
    assert seen == [(True, 1, True), (True, 2, False)]


def test_an_edit_that_fails_leaves_everything_as_it_was(document):
    heard = []
    listen(document.changed, heard.append)
    before = document.picture
    narrow = {before.active: np.ones((40, 59, 4), np.uint8)}
    with pytest.raises(LookupError, match="no layer nowhere"):
        document.apply("Paint", make.paint("nowhere", 0, 0, np.ones((5, 5, 4), np.uint8)))
    with pytest.raises(ValueError, match="into a uint8 raster"):
        document.apply("Paint", make.paint(before.active, 0, 0, np.ones((5, 5, 4), np.uint16)))
    with pytest.raises(ValueError, match="one depth"):
        document.apply("Layer", layer_edits.add_node(Layer("deep", Raster(np.uint16))))
    with pytest.raises(ValueError, match="id of its own"):
        document.apply("Layer", layer_edits.add_node(before.active_layer))
    with pytest.raises(ValueError, match="for a canvas of 60 x 40"):
        document.apply("Enlarge", make.rescale(60, 40, narrow))
    with pytest.raises(ValueError, match="canvas of 0 x 4"):
        document.apply("Crop", make.crop(Rect(0, 0, 0, 4)))
    assert document.picture is before
    assert (document.revision, document.history.steps, heard) == (0, (), [])
    assert not document.modified


def test_edits_that_change_nothing_make_no_step(document):
    picture = document.picture
    here = picture.active_layer.raster.read(picture.bounds)
    selection = Raster(np.uint8, 1).write(0, 0, np.full((5, 5, 1), 255, np.uint8))
    assert document.apply("Select", make.select(selection))
    again = Raster(np.uint8, 1).write(0, 0, np.full((5, 5, 1), 255, np.uint8))
    nothing = {
        "paint the same": make.paint(picture.active, 0, 0, here),
        "paint outside": make.paint(picture.active, 30, 0, here),
        "paint through a closed mask": make.paint(
            picture.active, 0, 0, 255 - here, np.zeros((20, 30))
        ),
        "change nothing": layer_edits.change_node(picture.active, opacity=1.0),
        "select the same": make.select(again),
        "crop to the canvas": make.crop(picture.bounds),
        "remove the last layer": layer_edits.remove_node(picture.active),
    }
    for title, edit in nothing.items():
        assert not document.apply(title, edit), title
    assert len(document.history.steps) == 1


def test_modified_follows_what_was_saved(document):
    assert not document.modified
    document.apply("Paint", paint(document, 1))
    assert document.modified
    written = document.picture
    document.apply("Paint", paint(document, 2))
    document.mark_saved(written)  # the writer finished after the next stroke
    assert document.modified
    document.undo()
    assert not document.modified
    document.redo()
    document.mark_saved()
    assert not document.modified
    document.undo()
    assert document.modified


def test_going_to_a_position_tells_listeners_once(document):
    for value in range(1, 6):
        document.apply("Paint", paint(document, value))
    heard = []
    listen(document.changed, heard.append)
    document.go_to(2)
    assert len(heard) == 1
    assert document.history.position == 2
    document.go_to(2)
    assert len(heard) == 1
    document.go_to(99)
    assert document.history.position == 5
    document.go_to(-1)
    assert document.history.position == 0


def test_rescaling_resamples_masks_and_the_selection_and_keeps_flat_colour(document):
    half = np.zeros((20, 30, 1), np.uint8)
    half[:, 15:] = 255
    mask = Raster.from_array(half)
    document.apply("Mask", layer_edits.change_node(document.picture.active, mask=mask))
    document.apply("Select", make.select(mask))
    document.apply("Enlarge", make.rescale(120, 80, {}))
    picture = document.picture
    assert picture.active_layer.mask is not None
    for raster in (picture.active_layer.mask, picture.selection):
        got = raster.read(picture.bounds)
        assert (got[:, :50] == 0).all()
        assert (got[:, 70:] == 255).all()
    assert (picture.active_layer.raster.read(picture.bounds) == 100).all()


@pytest.mark.parametrize("size", [(60, 40), (7, 5), (60, 5)])
def test_rescaling_does_not_mix_in_the_colour_of_transparent_pixels(size):
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[..., 1] = 255
    pixels[:, 15:] = [200, 50, 25, 255]
    picture = make.rescale(*size, {})(Picture.from_pixels(pixels))
    got = picture.active_layer.raster.read(picture.bounds).astype(int)
    seen = got[..., 3] > 8
    assert seen.any()
    assert np.abs(got[seen][:, :3] - [200, 50, 25]).max() <= 16
    solid = got[..., 3] == 255
    assert np.abs(got[solid][:, :3] - [200, 50, 25]).max() <= 1


def test_a_layer_is_added_above_the_named_one_and_selected(document):
    bottom = document.picture.active
    first, second = Layer("first", Raster()), Layer("second", Raster())
    document.apply("Layer", layer_edits.add_node(first))
    document.apply("Layer", layer_edits.add_node(second, above=bottom))
    assert [layer.name for layer in document.picture.layers] == ["Background", "second", "first"]
    assert document.picture.active == second.id
    document.apply("Remove", layer_edits.remove_node(second.id))
    assert document.picture.active == bottom
