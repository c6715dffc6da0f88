"""Reference pictures with weights: as text, as JSON, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.api import (
    Parameters,
    PluginError,
    UserError,
    WeightedPicture,
    describe,
    picture,
    pictures,
    validate,
)
from studio.api.galleries import parse_pictures, picture_title, pictures_text
from studio.api.parameters import canonical_json


class Looks(Parameters):
    style: tuple[WeightedPicture, ...] = pictures(gallery="looks", help="Looks")
    ground: str | None = picture(gallery="looks")
    plain: str | None = picture()


def test_the_declaration_names_the_gallery():
    style, ground, plain = describe(Looks)
    assert (style.kind, style.gallery, style.default, style.help) == (
        "pictures",
        "looks",
        (),
        "Looks",
    )
    assert (ground.kind, ground.gallery, ground.default) == ("picture", "looks", None)
    assert plain.gallery == ""


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a.png", [("a.png", 1.0)]),
        ("a b.png * 0.5", [("a b.png", 0.5)]),
        ("a.png*.5;gallery:woodcut*2;", [("a.png", 0.5), ("gallery:woodcut", 2.0)]),
        ("*2", [("*2", 1.0)]),
        ("3*4.png", [("3*4.png", 1.0)]),
        ("", []),
        ([], []),
        (["a.png", "b.png*0.25"], [("a.png", 1.0), ("b.png", 0.25)]),
        ([["a.png", 0.5]], [("a.png", 0.5)]),
        ([{"source": "a;b.png"}, {"source": "c", "weight": 3}], [("a;b.png", 1.0), ("c", 3.0)]),
        ((WeightedPicture("a*2"),), [("a*2", 1.0)]),
    ],
)
def test_they_are_read_from(given: object, found: list[tuple[str, float]]):
    style = validate(Looks, {"style": given}).style
    assert list(style) == found
    assert all(isinstance(each, WeightedPicture) for each in style)


@pytest.mark.parametrize(
    "wrong",
    [
        "a.png*0",
        "a.png*-1",
        [["a.png", float("nan")]],
        [["a.png", float("inf")]],
        [["", 1]],
        [{"source": "a.png", "share": 1}],
        [{"weight": 1}],
        [3],
        7,
        None,
        {"a.png": 1},
    ],
)
def test_what_is_no_list_of_pictures_is_refused(wrong: object):
    with pytest.raises(UserError, match="style"):
        validate(Looks, {"style": wrong})


def test_the_canonical_json_is_the_same_however_they_were_given():
    texts = {
        canonical_json(validate(Looks, {"style": given}))
        for given in ("a.png*0.5", [["a.png", 0.5]], [{"weight": 0.5, "source": "a.png"}])
    }
    assert texts == {'{"ground":null,"plain":null,"style":[["a.png",0.5]]}'}


names = st.text("abcXYZ-./ ", min_size=1).map(str.strip).filter(bool)
weights = st.integers(1, 400).map(lambda n: n / 100)


@given(st.lists(st.builds(WeightedPicture, names, weights), max_size=4))
def test_text_and_json_give_the_same_back(chosen: list[WeightedPicture]):
    assert list(parse_pictures(pictures_text(chosen))) == chosen
    values = validate(Looks, {"style": chosen})
    assert validate(Looks, json.loads(canonical_json(values))) == values


@pytest.mark.parametrize(
    ("name", "title"),
    [("ink-wash", "Ink wash"), ("woodcut", "Woodcut"), ("my_Own  one", "My Own one"), ("3", "3")],
)
def test_the_title_of_a_picture_is_made_of_its_name(name: str, title: str):
    assert picture_title(name) == title


def test_pictures_must_be_annotated_as_such():
    class Wrong(Parameters):
        style: tuple[str, ...] = pictures()

    with pytest.raises(PluginError, match=r"Wrong\.style"):
        describe(Wrong)
