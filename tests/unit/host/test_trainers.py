"""Declarations of trainers: what loads, what is refused, and how they are found."""

from __future__ import annotations

import textwrap

import pytest

from studio.api import PluginError, UserError
from studio.host.candidates import candidates
from studio.host.plugins import load

PLUGIN = """
    from studio.api import Folder, Parameters, Trainer, hookimpl, integer

    api_version = 1

    class Recipe(Parameters):
        steps: int = integer(10, minimum=1, maximum=100)

    def learn(data, parameters, context):
        return None

    fields = dict(id="tint", title="Tint", help="Learns.", parameters=Recipe, function=":learn",
                  folders=(Folder("Photos"),), task="tint", operation="tint.apply")

    @hookimpl
    def trainers():
        return [Trainer(**fields)]
"""


@pytest.fixture
def drop(tmp_path):
    def write(name, source=PLUGIN):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return load(c for c in candidates(tmp_path) if c.origin.startswith(str(tmp_path)))

    return write


def test_a_plugin_may_bring_nothing_but_a_trainer(drop):
    registry = drop("tint")
    (trainer,) = registry.trainers()
    assert registry.plugins[0].trainers == (trainer,)
    assert trainer.function == "studio_dropins.tint:learn"
    assert registry.trainer("tint") is trainer
    assert registry.training_function(trainer)((), None, None) is None


def test_an_unknown_trainer_is_answered_with_those_that_come_close(drop):
    registry = drop("tint")
    with pytest.raises(UserError, match="no trainer tinnt") as caught:
        registry.trainer("tinnt")
    assert caught.value.hint == "Did you mean tint?"
    with pytest.raises(UserError) as caught:
        registry.trainer("something-else")
    assert "impasto train --help" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id="tint"', 'id="Tint"', "lower case"),
        ('id="tint"', 'id="a.b.c"', "at most one dot"),
        ('title="Tint"', 'title=""', "no title"),
        ('help="Learns."', 'help=""', "no help"),
        ('task="tint"', 'task="Tint task"', "the task"),
        ('operation="tint.apply"', 'operation="tint"', "no id of an operation"),
        ('folders=(Folder("Photos"),)', "folders=()", "at least one folder"),
        ('Folder("Photos")', '"photos"', "must be a Folder"),
        ('Folder("Photos")', 'Folder("")', "with a title"),
        ('Folder("Photos")', 'Folder("P", kind="films")', "kind of a folder is 'films'"),
        ('Folder("Photos")', 'Folder("P", minimum=0)', "start at 1"),
        ('(Folder("Photos"),)', '(Folder("P", kind="pairs"),) * 2', "one folder of pairs"),
        ("parameters=Recipe", "parameters=dict", "subclass of Parameters"),
        ("steps: int = integer(10, ", "seed: int = integer(10, ", "reserved"),
        ("steps: int = integer(10, ", "restart: int = integer(10, ", "training bench uses it"),
        ('":learn"', '"learn"', "not like module:function"),
    ],
)
def test_a_declaration_that_does_not_hold_is_refused(drop, old, new, message):
    assert old in PLUGIN
    registry = drop("tint", PLUGIN.replace(old, new, 1))
    assert registry.trainers() == ()
    (failure,) = registry.failures
    assert message in failure.message


def test_an_id_that_is_taken_is_refused(drop):
    drop("first")
    registry = drop("second")
    assert [plugin.name for plugin in registry.plugins] == ["first"]
    (failure,) = registry.failures
    assert "trainer id tint is already used by the plugin first" in failure.message


def test_a_recipe_with_other_arguments_is_refused_when_it_is_imported(drop):
    registry = drop("tint", PLUGIN.replace("learn(data,", "learn(folders,"))
    with pytest.raises(PluginError, match="calls folders what must be data"):
        registry.training_function(registry.trainer("tint"))
