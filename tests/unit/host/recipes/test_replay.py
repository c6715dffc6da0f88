"""From a history to a recipe, and from a recipe to another picture."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api.errors import Cancelled, UserError
from studio.document import Document, Picture, Rect, composite
from studio.document.edits import select
from studio.document.layer_edits import change_node
from studio.document.regions.shapes import rectangle
from studio.document.transforms import (
    canvas_size,
    crop_to,
    flip,
    image_size,
    rotate,
    rotate_quarters,
    trim,
)
from studio.host.observer import Observer
from studio.host.recipes import EditStep, OperationStep, Recipe, from_toml, to_toml
from studio.host.recipes.checking import check_recipe
from studio.host.recipes.edits import replayed
from studio.host.recipes.export import export_history
from studio.host.recipes.replay import Manner, replay
from studio.host.recipes.selections import Changed

SHADES = """
    def shades(pixels, mask, parameters, context):
        return [pixels * 0 + 0.25, pixels * 0 + 0.75]

    def noisy(pixels, mask, parameters, context):
        return torch.rand(pixels.shape)

    def layered(pixels, mask, parameters, context):
        return Pixels(1 - pixels, title="Above")

    def hole(pixels, mask, parameters, context):
        return pixels * 0

    def spots(pixels, mask, parameters, context):
        return torch.where(pixels > 0.9, torch.zeros_like(pixels), pixels)
"""
DECLARED = {
    "shades": {},
    "noisy": {},
    "spots": {},
    "hole": {"selection": "required"},
    "layered": {"input": "visible", "output": "layers"},
}


@pytest.fixture
def probe(host):
    return host(SHADES, **DECLARED)


def play(probe, recipe, picture, observer=None, **manner):
    manner = Manner(device="cpu", precision="float32", **manner)
    runner = probe.runner
    check_recipe(recipe, runner.registry, runner.store)
    return replay(recipe, picture, runner.execute, runner.store, manner, observer)


def apply(document, probe, name, variation=0, **fields):
    request = probe.request(name, document.picture, precision="float32", **fields)
    result = probe.runner.execute(request)
    record = result.record_of(variation)
    document.apply(result.title, result.edit(variation), record)


def exported(document):
    found = export_history(document.history, "Mine")
    return from_toml(to_toml(found.recipe)), found


def test_a_history_is_done_again_exactly(probe, random_picture):
    start = random_picture(90, 120, opaque=True)
    document = Document(start)
    document.apply("Select", select(rectangle(30, 20, 60, 40, start.bounds)))
    apply(document, probe, "invert", grow=3)
    document.apply("Deselect", select(None))
    document.apply("Flip", flip("horizontal"))
    document.apply("Crop", crop_to(Rect(10, 5, 80, 60)))
    apply(document, probe, "shades", variation=1, parameters={"value": 3.0})
    document.undo()
    apply(document, probe, "noisy", seed=11)
    apply(document, probe, "layered")
    document.apply("Size", image_size(40, 30))
    recipe, found = exported(document)
    assert not found.left_out
    assert [step.title for step in recipe.steps] == [
        "Invert", "Flip", "Crop", "Noisy", "Layered", "Size",
    ]  # fmt: skip
    again = play(probe, recipe, start)
    np.testing.assert_array_equal(composite(again.picture), composite(document.picture))
    assert [record["operation"] for record in again.records] == ["t.invert", "t.noisy", "t.layered"]


def test_the_variation_that_was_taken_is_taken_again(probe, random_picture):
    document = Document(random_picture(20, 20, opaque=True))
    apply(document, probe, "shades", variation=1)
    recipe, _ = exported(document)
    after = play(probe, recipe, random_picture(30, 10, opaque=True, seed=3)).picture
    assert set(np.unique(composite(after)[..., :3])) == {191}


def test_what_was_put_on_layers_is_put_on_layers_again(probe):
    """An opaque drawing would hide what lies beneath it; one with gaps stays on top."""
    pixels = np.full((8, 8, 4), 10, np.uint8)
    step = OperationStep(operation="t.invert", as_layers=True)
    for alpha, shown in ((255, 245), (0, 10)):
        pixels[:4, :, 3], pixels[4:, :, 3] = 255, alpha
        after = play(probe, Recipe(steps=(step,)), Picture.from_pixels(pixels)).picture
        assert len(after.layers) == 2
        assert composite(after)[0, 0, 0] == shown


def test_on_another_picture_places_are_in_proportion(probe, random_picture):
    document = Document(random_picture(100, 200, opaque=True))
    document.apply("Select", select(rectangle(50, 25, 100, 50, document.picture.bounds)))
    apply(document, probe, "invert")
    document.apply("Crop", crop_to(Rect(0, 50, 200, 50)))
    recipe, _ = exported(document)
    other = random_picture(40, 40, opaque=True, seed=2)
    before, after = composite(other), composite(play(probe, recipe, other).picture)
    assert after.shape[:2] == (20, 40)
    expected = before[20:].copy()
    expected[:10, 10:30, :3] = 255 - before[20:30, 10:30, :3]
    np.testing.assert_array_equal(after, expected)


def test_seeds_are_the_recipes_own_or_new_ones(probe, random_picture):
    recipe = Recipe(steps=(OperationStep(operation="t.noisy", seed=5),) * 2)
    picture = random_picture(16, 16, opaque=True)
    one, two = (composite(play(probe, recipe, picture).picture) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    new = play(probe, recipe, picture, seed=2**31 - 1)
    assert [record["seed"] for record in new.records] == [2**31 - 1, 0]
    assert (composite(new.picture) != one).any()


def test_an_operation_finds_the_selection(probe, random_picture):
    pixels = np.full((20, 20, 4), 100, np.uint8)
    pixels[..., 3] = 255
    pixels[4:6, 8:11, :3] = 250
    changed = Changed(changed_by="t.spots")
    recipe = Recipe(steps=(OperationStep(operation="t.invert", selection=changed),))
    after = composite(play(probe, from_toml(to_toml(recipe)), Picture.from_pixels(pixels)).picture)
    expected = pixels.copy()
    expected[4:6, 8:11, :3] = 5
    np.testing.assert_array_equal(after, expected)
    pixels[..., :3] = 100
    nothing = play(probe, recipe, Picture.from_pixels(pixels))
    np.testing.assert_array_equal(composite(nothing.picture), pixels)
    assert "nothing is selected" in nothing.notes[0]


def test_what_cannot_be_done_again_is_named(probe, random_picture):
    document = Document(random_picture(30, 30, layers=2))
    for opacity in (0.5, 0.6):
        document.apply("Opacity", change_node(document.picture.active, opacity=opacity))
    apply(document, probe, "invert")
    recipe, found = exported(document)
    assert found.left_out == {"Opacity": 2}
    assert found.layers == 2
    assert "Opacity (2 times)" in recipe.notes[0]
    assert "2 layers" in recipe.notes[1]
    assert recipe.steps[0].layer == 1
    with pytest.raises(UserError, match="layer 2 from the bottom, and there are 1"):
        play(probe, recipe, random_picture(30, 30))
    empty = Document(random_picture(8, 8))
    empty.apply("Opacity", change_node(empty.picture.active, opacity=0.5))
    assert export_history(empty.history, "x").recipe is None


def test_going_back_to_a_snapshot_takes_steps_back(probe, random_picture):
    document = Document(random_picture(12, 16))
    document.apply("Flip", flip("vertical"))
    snapshot = document.add_snapshot("good")
    apply(document, probe, "invert")
    document.restore_snapshot(snapshot)
    document.apply("Turn", rotate_quarters(1))
    recipe, found = exported(document)
    assert [step.title for step in recipe.steps] == ["Flip", "Turn"]
    assert not found.left_out


EDITS = {
    "flip": flip("vertical"),
    "quarter": rotate_quarters(3),
    "angle": rotate(12.5, expand=False),
    "crop": crop_to(Rect(-3, 4, 40, 31), 7.0),
    "keep": crop_to(Rect(7, 4, 20, 11), delete=False),
    "size": image_size(33, 47, linear=True),
    "canvas": canvas_size(Rect(-5, -6, 70, 80), (255, 128, 0)),
    "clear": canvas_size(Rect(5, 6, 30, 20)),
    "trim": trim("color", 0.1, frozenset({"left", "top"})),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_the_same_on_the_same_picture(name, random_picture):
    start = random_picture(50, 60, np.uint8, opaque=True)
    document = Document(start)
    if not document.apply(name, EDITS[name]):
        pytest.fail("it changes nothing")
    recipe, _ = exported(document)
    (step,) = recipe.steps
    after = replayed(step).edit(start)(start)
    np.testing.assert_array_equal(composite(after), composite(document.picture))


def test_sizes_can_be_said_in_other_ways(random_picture):
    picture = random_picture(100, 200)
    for values, size in (
        ({"longest": 50}, (50, 25)),
        ({"width": 100}, (100, 50)),
        ({"height": 10}, (20, 10)),
        ({"width": 30, "height": 30}, (30, 30)),
        ({"scale": [0.5, 2.0]}, (100, 200)),
    ):
        after = replayed(EditStep(edit="image-size", values=values)).edit(picture)(picture)
        assert (after.width, after.height) == size


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (OperationStep(operation="t.nothing", plugin="other"), "no operation t.nothing"),
        (OperationStep(operation="t.same", parameters={"speed": 1}), "speed"),
        (OperationStep(operation="t.same", models={"gone": "00"}), "the model gone"),
        (OperationStep(operation="t.same", pictures={"/nowhere.png": "00"}), "/nowhere.png"),
        (OperationStep(operation="t.same", selection=Changed(changed_by="t.no")), "t.no"),
        (OperationStep(operation="t.hole"), "t.hole needs a selection"),
        (EditStep(edit="paint"), "no edit “paint”"),
        (EditStep(edit="flip", values={"axis": "sideways"}), "axis"),
        (EditStep(edit="image-size", values={"width": 1, "longest": 2}), "give scale"),
    ],
)
def test_what_is_missing_is_said_before_anything_runs(probe, step, words):
    recipe = Recipe(steps=(EditStep(edit="flip", values={"axis": "vertical"}), step))
    runner = probe.runner
    with pytest.raises(UserError) as caught:
        check_recipe(recipe, runner.registry, runner.store)
    assert caught.value.message.startswith("Step 2: ")
    assert words in caught.value.message
    assert caught.value.hint


def test_a_replay_can_be_cancelled_and_reports_progress(probe, random_picture, recorder):
    recipe = Recipe(steps=(OperationStep(operation="t.same"),) * 2)
    picture = random_picture(16, 16)
    heard = recorder()
    play(probe, recipe, picture, heard)
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[0] < 0.5 <= heard.fractions[-1]

    class Stop(Observer):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        play(probe, recipe, picture, Stop())
