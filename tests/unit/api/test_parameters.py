"""Declaring parameters, reading the declaration back, and checking values against it."""

from __future__ import annotations

import json
import math
from typing import Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from studio.api import (
    Choice,
    Parameters,
    PluginError,
    UserError,
    boolean,
    choice,
    describe,
    integer,
    model,
    number,
    picture,
    text,
    validate,
)
from studio.api.parameters import RESERVED, canonical_json


class Everything(Parameters):
    strength: float = number(0.5, minimum=0, maximum=1, step=0.05, unit="%", help="How much")
    tile_side: int = integer(64, minimum=16, maximum=512, step=16, unit="px", advanced=True)
    keep_colors: bool = boolean(True, title="Keep colors")
    method: Literal["soft_light", "hard"] = choice("hard", {"hard": "Hard edges"})
    prompt: str = text("", multiline=True, maximum_length=20)
    network: str | None = model("super-resolution", help="Which network")
    reference: str | None = picture(title="Reference")


def test_the_declaration_reads_back_in_order():
    specs = describe(Everything)
    assert [spec.name for spec in specs] == list(Everything.model_fields)
    by_name = {spec.name: spec for spec in specs}
    strength = by_name["strength"]
    assert (strength.kind, strength.default, strength.minimum, strength.maximum) == (
        "number",
        0.5,
        0,
        1,
    )
    assert (strength.step, strength.unit, strength.help) == (0.05, "%", "How much")
    assert not strength.advanced
    assert not strength.optional
    tile = by_name["tile_side"]
    assert (tile.flag, tile.title, tile.advanced) == ("--tile-side", "Tile side", True)
    assert by_name["keep_colors"].title == "Keep colors"
    assert by_name["method"].choices == (
        Choice("soft_light", "Soft light"),
        Choice("hard", "Hard edges"),
    )
    assert by_name["prompt"].multiline
    assert (by_name["network"].task, by_name["network"].optional) == ("super-resolution", True)
    assert (by_name["reference"].kind, by_name["reference"].default) == ("picture", None)


def test_defaults_need_nothing_and_are_immutable():
    parameters = validate(Everything, {})
    assert parameters.method == "hard"
    with pytest.raises(ValidationError, match="frozen"):
        parameters.method = "soft_light"
    assert hash(parameters) == hash(Everything())


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"strength": 1.01}, r"strength: .*less than or equal to 1"),
        ({"strength": -0.01}, r"strength: .*greater than or equal to 0"),
        ({"strength": math.nan}, r"strength: "),
        ({"strength": math.inf}, r"strength: "),
        ({"tile_side": 16.5}, r"tile_side: "),
        ({"tile_side": "many"}, r"tile_side: .*integer"),
        ({"tile_side": 513}, r"tile_side: .*less than or equal to 512"),
        ({"keep_colors": "perhaps"}, r"keep_colors: "),
        ({"method": "blurry"}, r"method: .*'soft_light' or 'hard'"),
        ({"prompt": "x" * 21}, r"prompt: .*20 characters"),
        ({"prompt": None}, r"prompt: "),
        ({"network": 3}, r"network: "),
        ({"unknown": 3}, r"unknown: "),
        ({"strength": 2, "tile_side": 2}, r"strength: .*; tile_side: "),
    ],
)
def test_values_that_do_not_fit_are_named_with_what_is_allowed(values, says):
    with pytest.raises(UserError, match=says) as caught:
        validate(Everything, values)
    assert "strength 0 to 1" in caught.value.hint
    assert "tile_side 16 to 512" in caught.value.hint
    assert "method soft_light|hard" in caught.value.hint


@settings(deadline=None)
@given(
    strength=st.floats(0, 1),
    tile_side=st.integers(16, 512),
    keep_colors=st.booleans(),
    method=st.sampled_from(["soft_light", "hard"]),
    prompt=st.text(max_size=20),
    network=st.none() | st.just("tiny"),
)
def test_every_allowed_value_survives_json_and_flags(**values):
    parameters = validate(Everything, values)
    again = validate(Everything, json.loads(canonical_json(parameters)))
    assert again == parameters
    assert canonical_json(again) == canonical_json(parameters)
    flags = {name: str(value) for name, value in values.items() if value is not None}
    assert validate(Everything, flags) == parameters  # a command line knows only text


def test_canonical_json_is_one_text_whatever_the_order():
    a = validate(Everything, {"strength": 0.25, "method": "hard"})
    b = validate(Everything, {"method": "hard", "strength": 0.25})
    assert canonical_json(a) == canonical_json(b)
    assert canonical_json(a) != canonical_json(validate(Everything, {"strength": 0.26}))


def declared(annotation, default, name="thing"):
    return create_model("Declared", __base__=Parameters, **{name: (annotation, default)})


@pytest.mark.filterwarnings("ignore:Field name .json.")  # pydantic's own word on the same mistake
@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_of_the_hosts_own_flags_are_reserved(name):
    with pytest.raises(PluginError, match="reserved for the host"):
        describe(declared(int, integer(1, minimum=0, maximum=2), name))


@pytest.mark.parametrize(
    ("annotation", "default", "says"),
    [
        (int, 3, "not declared with a function"),
        (int, Field(default=3, ge=0), "not declared with a function"),
        (int, number(1, minimum=0, maximum=2), "a number cannot be annotated"),
        (float, integer(1, minimum=0, maximum=2), "an? integer cannot be annotated"),
        (str, boolean(True), "a boolean cannot be annotated"),
        (str, choice("a"), "a choice cannot be annotated"),
        (Literal[1, 2], choice("1"), "a choice cannot be annotated"),
        (Literal["a", "b"], text("a"), "a text cannot be annotated"),
        (int | str, text("a"), "a text cannot be annotated"),
        (float, number(3, minimum=0, maximum=2), "thing: the default does not fit"),
        (Literal["a", "b"], choice("c"), "thing: the default does not fit"),
        (str, text("long", maximum_length=3), "thing: the default does not fit"),
        (str, model("super-resolution"), "thing: the default does not fit"),
        (str, picture(), "thing: the default does not fit"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(annotation, default, says):
    with pytest.raises(PluginError, match=says):
        describe(declared(annotation, default))


@pytest.mark.parametrize("annotation", [str | None, Optional[str]])  # noqa: UP045  # the old way is what is tested
def test_both_ways_to_write_an_optional_are_understood(annotation):
    (spec,) = describe(declared(annotation, model("any", default="tiny")))
    assert (spec.kind, spec.optional, spec.default) == ("model", True, "tiny")


def test_an_optional_number_keeps_its_range():
    class Maybe(Parameters):
        sigma: float | None = number(1, minimum=0.5, maximum=3)

    (spec,) = describe(Maybe)
    assert (spec.optional, spec.minimum, spec.maximum) == (True, 0.5, 3)
    assert validate(Maybe, {"sigma": None}).sigma is None
    with pytest.raises(UserError, match="sigma"):
        validate(Maybe, {"sigma": 0.1})


def test_no_parameters_at_all_is_fine():
    assert describe(Parameters) == ()
    assert canonical_json(validate(Parameters, {})) == "{}"
    with pytest.raises(UserError, match="extra"):
        validate(Parameters, {"extra": 1})
