"""Parameters that depend on others: names of a model, and what matters at times."""

from __future__ import annotations

from typing import Literal

import pytest

from studio.api import (
    ModelCard,
    ModelFile,
    Parameters,
    PluginError,
    Sketch,
    choice,
    describe,
    integer,
    model,
    number,
    only_when,
    option,
    validate,
)

FILE = ModelFile(name="net.safetensors", sha256="0" * 64, bytes=1)


def names_of(card: ModelCard) -> list[str]:
    return card.extra.get("labels", "").split()


class Some(Parameters):
    mode: Literal["one", "walk", "ride"] = choice("one")
    steps: int = only_when(integer(8, minimum=2, maximum=64), mode=("walk", "ride"))
    reach: float = only_when(number(1.0, minimum=0, maximum=2), mode="walk", steps=8)
    label: str = option(names_of, sketch=Sketch("some.make", {"steps": 3}), help="A class")
    model: str | None = model("testing")


def test_an_option_says_where_its_names_come_from():
    spec = {each.name: each for each in describe(Some)}["label"]
    assert (spec.kind, spec.model, spec.default) == ("option", "model", "")
    assert spec.sketch == Sketch("some.make", {"steps": 3})
    card = ModelCard(
        id="net", title="Net", task="testing", architecture="Net", format="safetensors",
        source="bundled:net.safetensors", files=(FILE,), licence="CC0-1.0", origin="here",
        extra={"labels": "cat dog"},
    )  # fmt: skip
    assert spec.names is not None
    assert list(spec.names(card)) == ["cat", "dog"]
    assert validate(Some, {"label": "cat"}).label == "cat"


def test_a_field_matters_only_while_the_others_have_their_values():
    specs = {each.name: each for each in describe(Some)}
    assert specs["steps"].minimum == 2
    assert [specs["steps"].matters({"mode": mode}) for mode in ("one", "walk", "ride")] == [
        False,
        True,
        True,
    ]
    assert specs["reach"].matters({"mode": "walk", "steps": 8})
    assert not specs["reach"].matters({"mode": "walk", "steps": 9})
    assert specs["mode"].matters({})


def test_what_does_not_matter_is_validated_all_the_same():
    assert validate(Some, {"mode": "one", "steps": 5}).steps == 5


def test_a_field_cannot_wait_for_one_that_is_not_there():
    class Wrong(Parameters):
        steps: int = only_when(integer(8, minimum=2, maximum=64), speed=1)

    with pytest.raises(PluginError, match="waits for speed"):
        describe(Wrong)


def test_an_option_needs_a_parameter_that_chooses_the_model():
    class Wrong(Parameters):
        label: str = option(names_of)

    with pytest.raises(PluginError, match="model is no parameter for a model"):
        describe(Wrong)


def test_only_fields_of_ours_can_wait():
    with pytest.raises(PluginError, match="only_when"):
        only_when(3, mode="walk")
