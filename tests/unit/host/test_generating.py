"""Runs that need no picture: what is seen of them meanwhile, and pictures of a model's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.api import (
    FollowUp,
    Gallery,
    ModelCard,
    ModelFile,
    Operation,
    Parameters,
    Sketch,
    UserError,
)
from studio.api.parameters import ParameterSpec
from studio.files.profiles import wide_gamut_profile
from studio.host.declarations import check_gallery, check_operation
from studio.host.galleries import Galleries
from studio.host.models import ModelStore
from studio.host.sketches import SIDE, SketchBook

MAKE = """
    def make(parameters, context):
        shape = (1, 4 if parameters.name == "clear" else 3, 6, 9)
        context.progress(0.5, "Half", torch.full(shape, 0.5))
        return Pixels(torch.full((1, 3, 300, 200), parameters.value / 100), title=parameters.name)

    def adjust(pixels, mask, parameters, context):
        context.progress(0.5, "Half", torch.full_like(pixels, 0.5))
        return pixels
"""
MADE = {"input": "none", "output": "layers"}
Make = Callable[..., Any]


def test_a_picture_that_forms_from_nothing_is_seen(host: Make, recorder: Any) -> None:
    watching = recorder()
    host(MAKE, make=MADE).run("make", None, watching)
    (preview,) = watching.tiles
    assert preview.area is None
    assert preview.size == (9, 6)
    assert preview.pixels.shape == (6, 9, 3)
    assert set(np.unique(preview.pixels)) == {128}


def test_it_is_seen_with_its_transparency(host: Make, recorder: Any) -> None:
    watching = recorder()
    host(MAKE, make=MADE).run("make", None, watching, parameters={"name": "clear"})
    assert watching.tiles[0].pixels.shape == (6, 9, 4)
    assert set(np.unique(watching.tiles[0].pixels)) == {128}


def test_it_is_in_the_profile_of_the_picture_that_is_open(
    host: Make, recorder: Any, random_picture: Make
) -> None:
    watching = recorder()
    picture = random_picture(8, 8, icc=wide_gamut_profile())
    host(MAKE, make=MADE).run("make", picture, watching)
    assert watching.tiles[0].area is None


def test_what_is_made_of_a_layer_is_seen_where_it_lies(
    host: Make, recorder: Any, random_picture: Make
) -> None:
    watching = recorder()
    host(MAKE, adjust={}).run("adjust", random_picture(8, 12), watching)
    assert watching.tiles[0].area == (0, 0, 12, 8)


def test_a_new_layer_lies_in_the_middle_of_the_selection_or_the_canvas(
    host: Make, random_picture: Make
) -> None:
    made = host(MAKE, make=MADE)  # 200 x 300 pixels
    (image,) = made.run("make", random_picture(400, 500)).images
    assert (image.x, image.y) == (150, 50)
    selection = np.zeros((400, 500), np.uint8)
    selection[100:120, 400:440] = 255
    (image,) = made.run("make", random_picture(400, 500, selection=selection)).images
    assert (image.x + 100, image.y + 150) == (420, 110)
    (image,) = made.run("make").images
    assert (image.x, image.y) == (0, 0)


def test_a_document_of_its_own_begins_at_its_corner(host: Make, random_picture: Make) -> None:
    made = host(MAKE, make={**MADE, "output": "document"})
    result = made.run("make", random_picture(400, 500))
    assert (result.images[0].x, result.images[0].y) == (0, 0)
    assert (result.after().width, result.after().height) == (200, 300)


def test_only_what_takes_a_picture_follows_drawing() -> None:
    operation = Operation(
        "t.x", "X", "Test", "A test.", Parameters, ":x", input="none", output="layers", live=True
    )
    module = __import__("math")
    assert check_operation(operation, module).live
    with pytest.raises(UserError, match="follow drawing"):
        check_operation(replace(operation, follows_drawing=True), module)


@pytest.mark.parametrize(
    "follow_up", [FollowUp("super-resolution.upscale", ""), FollowUp("upscale", "Enlarge")]
)
def test_a_follow_up_has_a_title_and_an_operation(follow_up: FollowUp) -> None:
    operation = Operation("t.x", "X", "Test", "A test.", Parameters, ":x", follow_ups=(follow_up,))
    with pytest.raises(UserError, match=r"follow-up|no id"):
        check_operation(operation, __import__("math"))


def test_a_gallery_may_hold_only_the_pictures_of_its_users(tmp_path: Path) -> None:
    gallery = check_gallery(Gallery("mine", "Mine"))
    galleries = Galleries((gallery,), tmp_path)
    assert galleries.pictures("mine") == ()
    galleries.add("mine", "A cat", np.zeros((3, 3, 4), np.uint8))
    assert [picture.name for picture in galleries.pictures("mine")] == ["a-cat"]


# Pictures of names


def card(weights: str = "0") -> ModelCard:
    return ModelCard(
        id="net", title="Net", task="testing", architecture="Net", format="safetensors",
        source="bundled:net.safetensors", licence="CC0-1.0", origin="here",
        files=(ModelFile(name="net.safetensors", sha256=weights * 64, bytes=1),),
    )  # fmt: skip


def spec_of(operation: str = "t.make", **values: Any) -> ParameterSpec:
    return ParameterSpec(
        "name", "option", "Name", "", "", model="model", sketch=Sketch(operation, values)
    )


def test_a_sketch_is_made_by_the_operation_and_kept_small(host: Make, tmp_path: Path) -> None:
    made = host(MAKE, make=MADE)
    book = SketchBook(tmp_path / "sketches", made.runner.registry)
    spec = spec_of(value=40.0)
    request = book.request(spec, card(), "cat")
    assert request is not None
    assert request.parameters == {"value": 40.0, "model": "net", "name": "cat"}
    result = made.run("make", None, parameters={"value": 40.0, "name": "cat"})
    path = book.path(spec, card(), "cat")
    book.keep(path, result)
    with Image.open(path) as kept:
        assert max(kept.size) == SIDE
        assert np.asarray(kept)[0, 0, 0] == 102


def test_another_weight_or_name_or_value_is_another_sketch(host: Make, tmp_path: Path) -> None:
    book = SketchBook(tmp_path, host(MAKE, make=MADE).runner.registry)
    paths = [
        book.path(spec_of(value=1.0), card(), "cat"),
        book.path(spec_of(value=1.0), card(), "dog"),
        book.path(spec_of(value=2.0), card(), "cat"),
        book.path(spec_of(value=1.0), card("1"), "cat"),
    ]
    assert len(set(paths)) == len(paths)
    assert book.path(spec_of(value=1.0), card(), "cat") == paths[0]


def test_there_are_no_sketches_by_what_is_not_there_or_takes_a_picture(
    host: Make, tmp_path: Path
) -> None:
    book = SketchBook(tmp_path, host(MAKE, make=MADE).runner.registry)
    assert book.request(spec_of("t.absent"), card(), "cat") is None
    assert book.request(spec_of("t.same"), card(), "cat") is None


# Where no model comes along


def test_how_to_come_by_a_model_is_said(tmp_path: Path) -> None:
    store = ModelStore(tmp_path, tmp_path, (), trainers={"painting": "sampling.class"})
    with pytest.raises(UserError) as caught:
        store.default("painting")
    assert "Import a file" in caught.value.hint
    assert "impasto train sampling.class" in caught.value.hint
    with pytest.raises(UserError) as caught:
        store.default("dreaming")
    assert "train" not in caught.value.hint


def test_models_that_could_be_chosen_are_named(tmp_path: Path) -> None:
    other = card().model_copy(update={"source": "https://example.org/net.safetensors"})
    store = ModelStore(tmp_path, tmp_path, (other,), trainers={"testing": "t"})
    with pytest.raises(UserError) as caught:
        store.default("testing")
    assert caught.value.hint == "Choose one of the others: net."
