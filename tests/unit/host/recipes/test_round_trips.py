"""Recipes as text and back, whatever is in them; and what is said of text that is none."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.api.errors import UserError
from studio.host.recipes import (
    EditStep,
    OperationStep,
    Recipe,
    from_toml,
    read_recipe,
    write_recipe,
)
from studio.host.recipes import to_toml as text_of
from studio.host.recipes.selections import Box, Changed, Outline

letters = st.sampled_from("aZ0 _-.,\"'\\\n\r\t\x00\x1f\x7f\x85é😀[]{}#=")
words = st.text(letters, max_size=6)
names = st.text(letters, min_size=1, max_size=6)
numbers = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False)
whole = st.booleans() | numbers | words
values = st.none() | whole | st.lists(st.lists(whole, max_size=2) | whole, max_size=3)
tables = st.dictionaries(names, values, max_size=3)
shares = st.floats(-1, 2)
points = st.tuples(shares, shares)
boxes = st.builds(Box, rectangle=st.tuples(shares, shares, shares, shares))
outlines = st.builds(
    Outline,
    outlines=st.lists(st.lists(points, min_size=3, max_size=3).map(tuple), max_size=3).map(tuple),
)
found = st.builds(Changed, changed_by=names, parameters=tables)
operations = st.builds(
    OperationStep,
    operation=names,
    title=words,
    plugin=words,
    parameters=tables,
    seed=st.integers(0, 2**62),
    variation=st.integers(0, 9),
    layer=st.none() | st.integers(0, 9),
    grow=st.integers(0, 99),
    selection=st.none() | boxes | outlines | found,
    hints=st.lists(st.tuples(shares, shares, shares, words), max_size=2).map(tuple),
    models=st.dictionaries(names, words, max_size=3),
)
edits = st.builds(EditStep, edit=names, title=words, values=tables)
recipes = st.builds(
    Recipe,
    name=names,
    notes=st.lists(words, max_size=2).map(tuple),
    steps=st.lists(operations | edits, min_size=1, max_size=2).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(recipes)
def test_what_is_written_is_what_is_read(recipe):
    again = from_toml(text_of(recipe))
    assert again == recipe
    assert again.digest == recipe.digest


def test_a_recipe_reads_well():
    recipe = Recipe(
        name="Old photos",
        steps=(
            OperationStep(
                operation="adjustments.levels",
                title="Levels",
                parameters={"master": [0.1, 1.0, 0.9], "model": None},
                seed=7,
                selection=Box(rectangle=(0.0, 0.0, 0.5, 1.0)),
            ),
            EditStep(edit="flip", title="Flip horizontally", values={"axis": "horizontal"}),
        ),
    )
    text = text_of(recipe)
    assert text.split("\n\n", 1)[1] == (
        'recipe = 1\nname = "Old photos"\n\n'
        '# 1. Levels\n[[steps]]\noperation = "adjustments.levels"\ntitle = "Levels"\nseed = 7\n\n'
        '[steps.parameters]\nmaster = [0.1, 1.0, 0.9]\nnone = ["model"]\n\n'
        "[steps.selection]\nrectangle = [0.0, 0.0, 0.5, 1.0]\n\n"
        '# 2. Flip horizontally\n[[steps]]\nedit = "flip"\ntitle = "Flip horizontally"\n\n'
        '[steps.values]\naxis = "horizontal"\n'
    )


def test_the_digest_stays_when_steps_learn_more():
    class Later(OperationStep):
        strength: float = 1.0

    step = OperationStep(operation="a.b", seed=3)
    later = Recipe(steps=(step,)).model_copy(update={"steps": (Later(operation="a.b", seed=3),)})
    assert later.digest == Recipe(steps=(step,)).digest


def test_the_digest_is_of_what_is_done():
    step = OperationStep(operation="a.b", parameters={"x": 1})
    recipe = Recipe(name="One", steps=(step,))
    renamed = Recipe(name="Two", steps=(step.model_copy(update={"title": "Else"}),))
    assert recipe.digest == renamed.digest
    for changed in ({"seed": 1}, {"parameters": {"x": 2}}, {"models": {"m": "00"}}, {"grow": 1}):
        other = Recipe(name="One", steps=(step.model_copy(update=changed),))
        assert other.digest != recipe.digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recipe = [", "cannot be read"),
        ("steps = []", "no recipe"),
        ("recipe = true", "no recipe"),
        ('recipe = 2\nnew = "things"', "of version 2; this Impasto reads up to version 1"),
        ("recipe = 1", "steps: Field required"),
        ("recipe = 1\nsteps = []", "steps"),
        ("recipe = 1\n[[steps]]\noperation = 3", "operation"),
        ('recipe = 1\n[[steps]]\noperation = "a"\nspeed = 2', "speed"),
        ('recipe = 1\n[[steps]]\nedit = "flip"\nseed = 2', "seed"),
        ('recipe = 1\n[[steps]]\noperation = "a"\nseed = -1', "seed"),
        (
            'recipe = 1\n[[steps]]\noperation = "a"\n[steps.selection]\nwidth=9\nheight=9\ngray="AAAA"',
            "selection",
        ),
    ],
)
def test_text_that_is_no_recipe_is_refused_with_what_is_wrong(text, words):
    with pytest.raises(UserError, match=r".") as caught:
        from_toml(text)
    assert words in caught.value.message
    assert caught.value.hint


def test_files(tmp_path):
    recipe = Recipe(steps=(EditStep(edit="flip", values={"axis": "vertical"}),))
    path = tmp_path / "r.toml"
    write_recipe(path, recipe)
    assert read_recipe(path) == recipe
    path.write_bytes(b"\xff\xfe")
    for wrong in (path, tmp_path / "missing.toml", tmp_path):
        with pytest.raises(UserError) as caught:
            read_recipe(wrong)
        assert str(wrong) in caught.value.message


def test_values_that_are_not_finite_survive():
    step = EditStep(edit="x", values={"a": math.inf, "b": -math.inf})
    text = text_of(Recipe(steps=(step,)))
    assert tomllib.loads(text)["steps"][0]["values"] == {"a": math.inf, "b": -math.inf}
