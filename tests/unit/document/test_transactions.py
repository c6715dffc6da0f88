"""Edits that are seen while they go on, changes of view, and named snapshots."""

from __future__ import annotations

import numpy as np
import pytest

from studio.document import Document, Layer, Picture, Raster, edits, layer_edits


@pytest.fixture
def document():
    return Document(Picture.from_pixels(np.full((20, 30, 4), 100, np.uint8)))


def dab(value):
    def edit(picture):
        pixels = np.full((4, 4, 4), value, np.uint8)
        return edits.paint(picture.active, 2, 2, pixels)(picture)

    return edit


def value(document):
    return int(document.picture.active_layer.raster.read(document.picture.bounds)[3, 3, 0])


def test_many_updates_are_one_step(document):
    heard = []
    document.changed.connect(heard.append)
    stroke = document.begin("Stroke")
    for number in (10, 20, 30):
        stroke.update(dab(number))
        assert value(document) == number
    assert document.history.steps == ()
    assert [change.transient for change in heard] == [True] * 3
    assert stroke.commit({"brush": 5})
    assert not heard[-1].transient
    assert not stroke.open
    assert [(step.title, step.record) for step in document.history.steps] == [
        ("Stroke", {"brush": 5})
    ]
    document.undo()
    assert value(document) == 100
    document.redo()
    assert value(document) == 30


def test_cancelling_brings_back_what_was_there(document):
    before = document.picture
    stroke = document.begin("Stroke")
    stroke.update(dab(10))
    stroke.cancel()
    assert document.picture is before
    assert not document.modified
    stroke.update(dab(20))
    assert not stroke.commit()
    assert document.picture is before


def test_nothing_shown_is_no_step(document):
    assert not document.begin("Stroke").commit()
    stroke = document.begin("Stroke")
    stroke.update(dab(10))
    stroke.show(stroke.before)
    assert not stroke.commit()
    assert not document.history.can_undo


def test_undo_takes_back_what_goes_on_and_redo_gives_it_up(document):
    document.apply("First", dab(50))
    stroke = document.begin("Stroke")
    stroke.update(dab(10))
    assert document.undo()
    assert value(document) == 50
    assert document.transaction is None
    idle = document.begin("Stroke")
    assert document.undo()
    assert value(document) == 100
    assert not idle.open
    again = document.begin("Stroke")
    again.update(dab(10))
    assert document.redo()
    assert value(document) == 50
    last = document.begin("Stroke")
    last.update(dab(10))
    document.go_to(0)
    assert value(document) == 100
    assert not last.open


def test_another_edit_commits_what_goes_on(document):
    stroke = document.begin("Stroke")
    stroke.update(dab(10))
    document.apply("Next", layer_edits.add_node(Layer("new", Raster())))
    assert [step.title for step in document.history.steps] == ["Stroke", "Next"]
    other = document.begin("Other")
    other.update(layer_edits.change_node(document.picture.active, opacity=0.5))
    document.begin("Third")
    assert [step.title for step in document.history.steps][2:] == ["Other"]


def test_an_update_that_raises_leaves_what_was_shown(document):
    stroke = document.begin("Stroke")
    stroke.update(dab(10))

    def broken(_picture):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        stroke.update(broken)
    assert value(document) == 10
    assert stroke.commit()


def test_choosing_a_layer_is_no_step_and_leaves_a_saved_picture_saved(document):
    bottom = document.picture.active
    document.apply("Add", layer_edits.add_node(Layer("new", Raster())))
    document.apply("Paint", dab(10))
    document.undo()
    document.mark_saved()
    assert document.view_change(layer_edits.set_active(bottom))
    assert not document.view_change(layer_edits.set_active(bottom))
    assert not document.modified
    assert len(document.history.steps) == 2
    document.undo()
    assert document.modified
    document.redo()
    assert document.picture.active == bottom
    assert not document.modified
    document.redo()
    assert document.picture.active_layer.name == "new"
    document.undo()
    assert not document.modified


def test_choosing_a_layer_while_a_save_is_written_leaves_the_picture_saved(document):
    bottom = document.picture.active
    document.apply("Add", layer_edits.add_node(Layer("new", Raster())))
    written = document.picture
    document.view_change(layer_edits.set_active(bottom))
    document.mark_saved(written)
    assert not document.modified
    document.apply("Paint", dab(10))
    document.mark_saved(written)
    assert document.modified
    document.undo()
    assert not document.modified


def test_a_mask_is_chosen_only_where_there_is_one(document):
    layer = document.picture.active
    assert not document.view_change(layer_edits.set_active(layer, mask=True))
    document.apply("Mask", layer_edits.change_node(layer, mask=Raster(np.uint8, 1)))
    assert document.view_change(layer_edits.set_active(layer, mask=True))
    assert document.picture.mask_active


def test_snapshots_are_kept_under_their_names_and_restored_as_a_step(document):
    heard = []
    document.snapshots_changed.connect(lambda: heard.append(1))
    first = document.add_snapshot("Before")
    document.apply("Paint", dab(10))
    assert document.snapshots == (first,)
    assert document.restore_snapshot(first)
    assert value(document) == 100
    assert not document.restore_snapshot(first)
    document.undo()
    assert value(document) == 10
    document.remove_snapshot(first)
    assert document.snapshots == ()
    assert len(heard) == 2
