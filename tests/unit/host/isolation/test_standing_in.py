"""Plugins whose code never gets into the program, and what they declare all the same."""

from __future__ import annotations

import dataclasses
import importlib
import json
import shutil
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.api.errors import PluginError, UserError
from studio.api.margins import Margins
from studio.api.parameters import describe
from studio.document import Picture
from studio.host.candidates import candidate_at
from studio.host.isolation import declared
from studio.host.isolation.standing_in import is_stand_in, stand_ins
from studio.host.plugins import LoadedPlugin, PluginRegistry, discover, load
from studio.host.requests import RunRequest
from studio.host.services import Services, build_services
from studio.host.training.host import Host

DROPINS = Path(__file__).parents[3] / "dropins"


@pytest.fixture(scope="module")
def built_in() -> tuple[LoadedPlugin, ...]:
    return discover(Path("nowhere")).plugins


def assert_same(real: Any, other: Any, where: str) -> None:
    for field in dataclasses.fields(real):
        one, two = getattr(real, field.name), getattr(other, field.name)
        if field.name == "parameters":
            for spec, same in zip(describe(one), describe(two), strict=True):
                assert_same(spec, same, f"{where}.{spec.name}")
        elif callable(one):
            assert callable(two), where
        else:
            assert one == two, f"{where}: {field.name}"


def test_every_declaration_survives_being_data(built_in):
    for plugin in built_in:
        data = json.loads(json.dumps(declared.as_data(plugin)))

        def ask(*asked: Any, plugin: LoadedPlugin = plugin) -> Any:
            what, key, name, *args = json.loads(json.dumps(asked))
            return json.loads(json.dumps(declared.called(plugin, what, key, name, args)))

        for real, each in zip(plugin.operations, data["operations"], strict=True):
            made = declared.operation_of(each, ask)
            assert_same(real, made, real.id)
            if real.output_size is not None and real.input != "none":
                sizes = [o.output_size(o.parameters(), 30, 20) for o in (real, made)]
                assert sizes[0] == sizes[1]
            if real.margin_values is not None:
                given = Margins(3, 4, 5, 6)
                values = [dict(o.margin_values(given)) for o in (real, made)]
                assert values[0] == values[1]
                grown = [o.margins(o.parameters(**values[0]), 90, 80) for o in (real, made)]
                assert grown[0] == grown[1]
        for real, each in zip(plugin.trainers, data["trainers"], strict=True):
            assert_same(real, declared.trainer_of(each, ask), real.id)
        assert tuple(declared.gallery_of(each) for each in data["galleries"]) == plugin.galleries


def test_names_of_an_option_are_asked_for_models_of_others(built_in):
    (plugin,) = [each for each in built_in if each.name == "sampling"]
    data = json.loads(json.dumps(declared.as_data(plugin)))
    asked: list[str] = []

    def ask(what: str, key: str, name: str, *args: Any) -> Any:
        asked.append(args[0]["id"])
        return declared.called(plugin, what, key, name, list(args))

    found = 0
    for real, each in zip(plugin.operations, data["operations"], strict=True):
        specs = describe(declared.operation_of(each, ask).parameters)
        for spec, same in zip(describe(real.parameters), specs, strict=True):
            assert (spec.names is None) == (same.names is None)
            for card in plugin.cards if spec.names is not None and same.names is not None else ():
                assert tuple(same.names(card)) == tuple(spec.names(card))
                found += len(spec.names(card))
                other = card.model_copy(update={"id": "trained-here"})
                assert tuple(same.names(other)) == tuple(spec.names(card))
    assert found
    assert set(asked) == {"trained-here"}


def shy_services(tmp_path: Path) -> Services:
    plugins = tmp_path / "plugins"
    plugins.mkdir(exist_ok=True)
    shutil.copy(DROPINS / "shy.py", plugins)
    config = tmp_path / "config"
    config.mkdir(exist_ok=True)
    (config / "settings.json").write_text(json.dumps({"isolated_plugins": ["shy"]}))
    return build_services(config, plugins, tmp_path / "models")


def test_a_plugin_that_may_not_be_imported_works(tmp_path):
    services = shy_services(tmp_path)
    operation = services.registry.operation("shy.enlarge")
    (spec,) = describe(operation.parameters)
    assert (spec.minimum, spec.maximum, spec.unit) == (1, 4, "×")
    assert services.registry.plugin_of("shy.enlarge").version == "0.3"

    pixels = np.random.default_rng(1).integers(1, 255, (6, 5, 4), np.uint8)
    picture = Picture.from_pixels(pixels)
    with pytest.raises(PluginError, match="Four is too much"):
        services.runner.execute(RunRequest("shy.enlarge", {"scale": 4}, picture))
    # Even when the user wants it in the program again: it is not there before the next start.
    services.settings.set_isolated("shy", False)
    result = services.runner.execute(RunRequest("shy.enlarge", {"scale": 3}, picture, device="cpu"))
    color = result.images[0].pixels[..., :3]
    assert np.array_equal(color, pixels[..., :3].repeat(3, 0).repeat(3, 1))

    file = tmp_path / "three.pth"
    file.write_bytes(b"abc")
    (loader,) = services.registry.loaders()[-1:]
    module, _, name = loader.function.partition(":")
    recognised = getattr(importlib.import_module(module), name)((file,))
    assert (recognised.architecture, recognised.scale) == ("Three", 3)
    services.isolation.close()


def test_it_is_asked_again_when_its_files_have_changed(tmp_path):
    source = tmp_path / "shy.py"
    shutil.copy(DROPINS / "shy.py", source)
    imports = tmp_path / "imports.txt"
    found = stand_ins([candidate_at(source)], ["shy"])
    for _ in range(2):
        assert load(found).operation("shy.enlarge").title == "Enlarge shyly"
        assert imports.read_text() == "once more\n"
    source.write_text(source.read_text().replace("Enlarge shyly", "Grow"))
    operation = load(found).operation("shy.enlarge")
    assert operation.title == "Grow"
    assert operation.output_size(operation.parameters(), 1, 1) == (2, 2)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import ctypes; ctypes.string_at(0)", "ended by SIGSEGV"),
        ("import os; os._exit(5)", "exit code 5"),
        ("raise ValueError('no')", "ValueError: no"),
    ],
)
def test_one_that_crashes_when_it_is_loaded_is_a_failure(tmp_path, code, words):
    path = tmp_path / "broken.py"
    path.write_text(textwrap.dedent(code))
    shutil.copy(DROPINS / "caller.py", tmp_path)
    found = [candidate_at(path), candidate_at(tmp_path / "caller.py")]
    registry = load(stand_ins(found, ["broken"]))
    (failure,) = registry.failures
    assert failure.name == "broken"
    assert words in failure.message
    assert [plugin.name for plugin in registry.plugins] == ["caller"]


def test_one_that_does_not_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.host.isolation.standing_in._SECONDS", 0.5)
    path = tmp_path / "broken.py"
    path.write_text("import time\ntime.sleep(1000)")
    (failure,) = load(stand_ins([candidate_at(path)], ["broken"])).failures
    assert "does not answer" in failure.message


def test_what_a_function_raises_comes_back(tmp_path):
    services = shy_services(tmp_path)
    operation = services.registry.operation("shy.enlarge")
    with pytest.raises(UserError, match="Four is too much"):
        operation.output_size(operation.parameters(scale=4), 1, 1)
    assert operation.output_size(operation.parameters(), 7, 5) == (14, 10)


def test_a_training_imports_the_plugin_it_is_for_and_no_other(tmp_path):
    shutil.copy(DROPINS / "tinytrain.py", tmp_path)
    host = Host.from_json(Host(str(tmp_path), (), str(tmp_path / "m"), ("tinytrain",)).as_json())

    def stands_in(registry: PluginRegistry) -> bool:
        (found,) = (plugin for plugin in registry.plugins if plugin.name == "tinytrain")
        return is_stand_in(found)

    assert stands_in(host.registry("colorization.train"))
    own = host.registry("tinytrain")
    assert not stands_in(own)
    assert callable(own.training_function(own.trainer("tinytrain")))
