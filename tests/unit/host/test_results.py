from __future__ import annotations

import numpy as np
import pytest

from studio.api import UserError
from studio.document import Document, Layer, Picture, Raster, Rect
from studio.document.edits import rescale
from studio.document.layer_edits import add_node, remove_node

SOURCE = """
    def two(parameters, context):
        return [Pixels(torch.rand(1, 3, 6, 8), title=f"Number {n}") for n in range(2)]

    def stack(pixels, mask, parameters, context):
        return Pixels(1 - pixels, context.alpha, title="On top")

    def other(pixels, mask, parameters, context):
        return Pixels(F.interpolate(pixels, scale_factor=2), title="Larger")
"""
OPERATIONS = {
    "two": {"input": "none", "output": "document"},
    "stack": {"input": "visible", "output": "layers"},
    "other": {"output": "layers"},
}


@pytest.fixture
def probe(host):
    return host(SOURCE, **OPERATIONS)


def test_a_result_is_one_undo_step(probe, random_picture):
    document = Document(random_picture())
    before = document.picture
    result = probe.run("invert", before)

    assert document.apply(result.title, result.edit(), result.record)
    changed = document.picture.layers[0].raster.read(before.bounds)
    assert np.array_equal(
        changed[..., :3], 255 - before.layers[0].raster.read(before.bounds)[..., :3]
    )
    assert document.picture == result.after()
    document.undo()
    assert document.picture is before


def test_a_canvas_of_another_size_refuses_the_result(probe, random_picture):
    document = Document(random_picture(20, 30))
    result = probe.run("invert", document.picture)
    document.apply("Enlarge", rescale(60, 40, {}))
    now = document.picture

    with pytest.raises(UserError, match="another size") as caught:
        document.apply(result.title, result.edit())

    assert caught.value.hint
    assert document.picture is now


def test_a_deleted_layer_comes_back_as_a_new_one(probe, random_picture):
    document = Document(random_picture(layers=2))
    gone = document.picture.active
    result = probe.run("invert", document.picture)
    document.apply("Delete", remove_node(gone))

    document.apply(result.title, result.edit())

    new = document.picture.layers[1]
    assert len(document.picture.layers) == 2
    assert new.id != gone
    assert new.name == "Invert"
    assert document.picture.active == new.id
    assert np.array_equal(new.raster.read(document.picture.bounds), result.images[0].pixels)


def test_a_layer_that_comes_back_is_transparent_outside_the_mask(probe, random_picture):
    selection = np.zeros((40, 60), np.uint8)
    selection[10:20, 5:50] = 255
    selection[20:30, 5:50] = 51
    picture = random_picture(layers=2, selection=selection, opaque=True)
    result = probe.run("invert", picture)
    document = Document(picture)
    document.apply("Delete", remove_node(picture.active))

    document.apply(result.title, result.edit())

    alpha = document.picture.active_layer.raster.read(picture.bounds)[..., 3]
    assert np.array_equal(alpha, selection)


def test_a_canvas_result_keeps_layers_that_are_new_since(probe, random_picture):
    document = Document(random_picture(20, 30, layers=2, opaque=True))
    result = probe.run("double", document.picture)
    added = Layer("New", Raster.from_array(np.full((20, 30, 4), 200, np.uint8)))
    document.apply("Add", add_node(added))

    document.apply(result.title, result.edit())

    assert (document.picture.width, document.picture.height) == result.size == (60, 40)
    assert [layer.id for layer in document.picture.layers][-1] == added.id
    new = document.picture.layer(added.id).raster.read(document.picture.bounds)
    assert (new == 200).all()


def test_a_document_result_opens_apart(probe):
    result = probe.run("two")

    assert result.variations == 2
    assert result.size == (8, 6)
    for number in range(2):
        picture = result.after(number)
        assert (picture.width, picture.height) == (8, 6)
        assert picture.layers[0].name == f"Number {number}"
    assert result.after(0).layers[0].raster != result.after(1).layers[0].raster
    with pytest.raises(UserError, match="picture of its own") as caught:
        result.edit()
    assert "new document" in caught.value.hint


def test_new_layers_go_above_the_active_one(probe, random_picture):
    picture = random_picture(layers=2)
    result = probe.run("stack", picture)

    after = result.after()
    assert [layer.name for layer in after.layers] == ["Layer 0", "Layer 1", "On top"]
    assert after.layers[:2] == picture.layers
    assert after.active == after.layers[2].id


def test_a_layer_of_another_size_ignores_the_selection(probe, random_picture):
    selection = np.zeros((40, 60), np.uint8)
    selection[3:9] = 255
    after = probe.run("other", random_picture(selection=selection)).after()
    assert after.layers[1].raster.read(Rect(0, 0, 120, 80))[..., 3].all()


def test_a_try_of_a_larger_canvas_is_shown_and_not_applied(probe, random_picture):
    picture = random_picture(40, 60, opaque=True)
    result = probe.run("double", picture, region=Rect(10, 5, 20, 10))

    assert result.is_try
    assert result.size == (40, 20)
    shown = result.after()
    assert (shown.width, shown.height) == (40, 20)
    source = picture.layers[0].raster.read(Rect(10, 5, 20, 10))
    assert np.array_equal(
        shown.layers[0].raster.read(shown.bounds), source.repeat(2, 0).repeat(2, 1)
    )
    with pytest.raises(UserError, match="own") as caught:
        result.edit()
    assert "whole picture" in caught.value.hint


def test_after_keeps_the_profile(probe, random_picture):
    from studio.files.profiles import wide_gamut_profile

    picture = random_picture(icc=wide_gamut_profile())
    for name in ("invert", "double", "stack"):
        assert probe.run(name, picture).after().icc == picture.icc
    assert isinstance(probe.run("double", picture, region=Rect(0, 0, 9, 9)).after(), Picture)
