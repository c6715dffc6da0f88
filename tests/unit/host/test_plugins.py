from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.api import PluginError, UserError, __version__
from studio.host.candidates import Candidate, candidates, plugin_folder
from studio.host.plugins import PluginRegistry, discover, load

PLUGIN = """
    from studio.api import (
        CheckpointLoader, ModelCard, ModelFile, Operation, Parameters, Preset, hookimpl, number,
    )
    api_version = 1

    class Invert(Parameters):
        strength: float = number(1.0, minimum=0, maximum=1)

    def invert(pixels, mask, parameters, context):
        return 1 - pixels

    fields = dict(id="invert.apply", title="Invert", menu="Adjust", help="Turns light into dark.",
                  parameters=Invert, function=":invert")

    @hookimpl
    def operations():
        return [Operation(**fields)]
"""
CARD = """
    @hookimpl
    def model_cards():
        file = ModelFile(name="a.pth", sha256="0" * 64, bytes=1)
        return [ModelCard(id="a", title="A", task="t", architecture="N", format="pth",
                          source="https://example.org/a.pth", files=(file,), licence="MIT",
                          origin="a test")]
"""
LOADER = """
    @hookimpl
    def checkpoint_loaders():
        return [CheckpointLoader("l", "L", "t", (".pth",), ".engine:recognise")]
"""

Drop = Callable[..., Path]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    def write(name: str, source: str = PLUGIN, **others: str) -> Path:
        path = tmp_path / name
        if path.suffix == ".py":
            path.write_text(textwrap.dedent(source))
            return path
        path.mkdir()
        for module, text in {"__init__": source, **others}.items():
            (path / f"{module}.py").write_text(textwrap.dedent(text))
        return path

    return write


def dropped_in(folder: Path) -> list[Candidate]:
    return [c for c in candidates(folder) if c.origin.startswith(str(folder))]


def only_failure(registry: PluginRegistry) -> str:
    assert registry.plugins == ()
    (failure,) = registry.failures
    assert failure.traceback.rstrip().endswith(failure.message.rstrip().splitlines()[-1])
    return failure.message


def test_a_file_is_a_plugin(tmp_path: Path, drop: Drop):
    drop("Invert it.py")
    registry = load(dropped_in(tmp_path))
    (plugin,) = registry.plugins
    assert (plugin.name, plugin.version) == ("Invert it", "")
    assert plugin.origin == str(tmp_path / "Invert it.py")
    operation = registry.operation("invert.apply")
    assert operation.function == "studio_dropins.invert_it:invert"
    assert registry.function(operation)(0.25, None, None, None) == 0.75
    assert registry.plugin_of("invert.apply") is plugin


def test_a_plugin_may_name_the_minor_version_that_it_needs(tmp_path: Path, drop: Drop):
    drop("invert.py", PLUGIN.replace("api_version = 1", f"api_version = '{__version__}'"))
    assert load(dropped_in(tmp_path)).failures == ()


def test_a_folder_has_relative_imports_and_late_ones(tmp_path: Path, drop: Drop):
    source = PLUGIN.replace("api_version", "from .names import TITLE; api_version", 1)
    source = source.replace('"Invert", menu', "TITLE, menu").replace(":invert", ".engine:invert")
    engine = """
        from .names import TITLE
        def invert(pixels, _mask, parameters, context):
            return TITLE
    """
    drop("my-invert", source, names="TITLE = 'Negative'", engine=engine)
    registry = load(dropped_in(tmp_path))
    assert registry.failures == ()
    operation = registry.operation("invert.apply")
    assert operation.title == "Negative"
    assert "studio_dropins.my_invert.engine" not in sys.modules
    assert registry.function(operation)(0, None, None, None) == "Negative"
    assert registry.function(operation) is registry.function(operation)


def test_an_installed_package_is_a_plugin_like_any(
    tmp_path: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch
):
    drop("installed_invert.py")
    info = tmp_path / "impasto_invert-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: impasto-invert\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text("[studio.plugins]\ninvert = installed_invert\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = [c for c in candidates(tmp_path / "none") if c.name == "invert"]
    assert [(c.version, c.origin) for c in found] == [("2.1", "entry point of impasto-invert")]
    registry = load(found)
    assert registry.plugins[0].version == "2.1"
    assert registry.operation("invert.apply").function == "installed_invert:invert"
    sys.modules.pop("installed_invert")


def test_the_folder_comes_from_the_environment(
    tmp_path: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch
):
    drop("invert.py")
    monkeypatch.setenv("IMPASTO_PLUGINS", str(tmp_path))
    assert discover().operation("invert.apply").title == "Invert"
    monkeypatch.delenv("IMPASTO_PLUGINS")
    assert plugin_folder().parts[-2:] == ("impasto", "plugins")


def test_what_is_hidden_or_no_python_is_passed_over(tmp_path: Path, drop: Drop):
    drop(".git")
    drop("__pycache__")
    (tmp_path / "README.txt").write_text("hello")
    assert dropped_in(tmp_path) == []
    assert dropped_in(tmp_path / "missing") == []


def test_a_folder_without_code_says_so(tmp_path: Path):
    (tmp_path / "zipped").mkdir()
    assert "no __init__.py" in only_failure(load(dropped_in(tmp_path)))


@pytest.mark.parametrize(
    "fault",
    [
        "raise RuntimeError('broken')",
        "raise SystemExit('broken')",
        "import not_there_broken",
        "def broken(:",
    ],
)
def test_one_failing_plugin_stops_nothing(tmp_path: Path, drop: Drop, fault: str):
    drop("a", fault)
    drop("b.py")
    registry = discover(tmp_path)
    assert registry.operation("invert.apply")
    failure = next(f for f in registry.failures if f.name == "a")
    assert failure.origin == str(tmp_path / "a")
    assert "broken" in failure.traceback
    assert "__init__.py" in failure.traceback
    assert "studio_dropins.a" not in sys.modules


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("api_version = 1", "", "api_version = 1"),
        (
            "api_version = 1",
            "api_version = 99",
            "plugin API 99; this Impasto has 1.*Update Impasto",
        ),
        ("api_version = 1", "api_version = 0", "Update the plugin"),
        ("api_version = 1", "api_version = '1.999'", "1.999; this Impasto has 1.*Update Impasto"),
        ("api_version = 1", "api_version = '2.0'", "2.0; this Impasto has 1.*Update Impasto"),
        ("api_version = 1", "api_version = '0.9'", "Update the plugin"),
        ("api_version = 1", "api_version = 'new'", "plugin API new"),
        ("api_version = 1", "api_version = True", "plugin API True"),
        ("def operations", "def operation", "no hook operation.*operations"),
        ("@hookimpl", "", "no hook"),
        ("def operations()", "def operations(extra)", "extra"),
        ("return [Operation(**fields)]", "return Operation(**fields)", "list of Operation"),
        ("return [Operation(**fields)]", "Operation(**fields)", "must return a list"),
        ("return [Operation(**fields)]", "return [fields]", "no Operation"),
        ("return [Operation(**fields)]", "return [Operation(**fields)] * 2", "already used"),
        ("return [Operation(**fields)]", "return 1 / 0", "ZeroDivisionError"),
        ("invert.apply", "Invert.apply", "id must look like"),
        ("invert.apply", "invert", "id must look like"),
        ("invert.apply", "invert.apply\\n", "id must look like"),
        ('title="Invert"', 'title=""', "no title"),
        ('":invert"', '":in vert"', "module:function"),
        ('":invert"', '"invert"', "module:function"),
        ('":invert"', '"...engine:invert"', "leads out"),
        ('":invert"', '":invert", output="pixels"', "output is 'pixels'"),
        ('":invert"', '":invert", input="none"', "layers or document"),
        ('":invert"', '":invert", context_pixels=-1', "below 0"),
        ('":invert"', '":invert", live=True, output="document"', "can be live"),
        ("parameters=Invert", "parameters=dict", "subclass of Parameters"),
        ("number(1.0, minimum", "number(2.0, minimum", "strength"),
        ("= number(1.0, minimum=0, maximum=1)", "", "needs a default"),
        ("= number(1.0, minimum=0, maximum=1)", "= 1.0", "not declared with"),
        ("strength:", "seed:", "reserved"),
        ('":invert"', '":invert", presets=(Preset("P", {"strength": 3}),)', "preset P.*strength"),
        ('":invert"', '":invert", presets=(Preset("P", {"other": 3}),)', "preset P.*other"),
        ('":invert"', '":invert", presets=(Preset("P", {}), Preset("P", {}))', "same title"),
    ],
)
def test_wrong_declarations_fail_at_load(
    tmp_path: Path, drop: Drop, old: str, new: str, words: str
):
    assert old in PLUGIN
    drop("invert.py", PLUGIN.replace(old, new))
    message = only_failure(load(dropped_in(tmp_path)))
    with pytest.raises(AssertionError, match="(?s)" + words):
        raise AssertionError(message)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("def invert(pixels, parameters, context): ...", "signature"),
        ("def invert(pixels, mask, parameters, context, more): ...", "signature"),
        ("def invert(mask, pixels, parameters, context): ...", "calls mask what must be pixels"),
        ("async def invert(pixels, mask, parameters, context): ...", "no plain function"),
        ("invert = 3", "no plain function"),
        ("", "no plain function"),
        ("import surely_not_installed", "surely_not_installed, which is not installed"),
        ("raise OSError('no such device')", "OSError: no such device"),
    ],
)
def test_a_wrong_function_fails_at_its_first_run(
    tmp_path: Path, drop: Drop, function: str, words: str
):
    drop("invert", PLUGIN.replace(":invert", ".engine:invert"), engine=function)
    registry = load(dropped_in(tmp_path))
    operation = registry.operation("invert.apply")
    with pytest.raises(PluginError, match=words):
        registry.function(operation)


@pytest.mark.parametrize(
    "function",
    [
        "def invert(*arguments): ...",
        "def invert(pixels, mask, parameters, context, more=1): ...",
        "import functools\ninvert = functools.partial(lambda a, *rest: a, 1)",
    ],
)
def test_any_callable_that_fits_will_do(tmp_path: Path, drop: Drop, function: str):
    drop("invert", PLUGIN.replace(":invert", ".engine:invert"))
    (tmp_path / "invert" / "engine.py").write_text(function)
    registry = load(dropped_in(tmp_path))
    assert callable(registry.function(registry.operation("invert.apply")))


def test_an_operation_without_a_picture_takes_two_arguments(tmp_path: Path, drop: Drop):
    source = PLUGIN.replace('":invert"', '":invert", input="none", output="document"')
    drop("one.py", source)
    registry = load(dropped_in(tmp_path))
    with pytest.raises(PluginError, match="signature"):
        registry.function(registry.operation("invert.apply"))
    (tmp_path / "one.py").unlink()
    drop("two.py", source.replace("pixels, mask, ", "").replace("1 - pixels", "parameters"))
    registry = load(dropped_in(tmp_path))
    assert registry.function(registry.operation("invert.apply"))(5, None) == 5


def test_what_the_engine_tells_the_user_passes_through(tmp_path: Path, drop: Drop):
    engine = "from studio.api import UserError\nraise UserError('No X here.', 'Install X.')"
    drop("invert", PLUGIN.replace(":invert", ".engine:invert"), engine=engine)
    registry = load(dropped_in(tmp_path))
    with pytest.raises(UserError, match="No X here") as caught:
        registry.function(registry.operation("invert.apply"))
    assert caught.value.hint == "Install X."


def test_the_first_to_use_an_id_keeps_it(tmp_path: Path, drop: Drop):
    drop("first.py", PLUGIN + CARD)
    drop("second.py", PLUGIN)
    drop("third.py", PLUGIN.replace("invert.apply", "third.apply") + CARD)
    registry = load(dropped_in(tmp_path))
    assert [plugin.name for plugin in registry.plugins] == ["first"]
    second, third = registry.failures
    assert "operation id invert.apply is already used by the plugin first" in second.message
    assert "model id a is already used by the plugin first" in third.message


def test_two_plugins_cannot_share_a_module_name(tmp_path: Path, drop: Drop):
    drop("my-invert.py")
    drop("my_invert", PLUGIN.replace("invert.apply", "other.apply"))
    registry = load(dropped_in(tmp_path))
    assert [plugin.name for plugin in registry.plugins] == ["my-invert"]
    assert "already loaded" in registry.failures[0].message
    assert registry.function(registry.operation("invert.apply"))(0, 0, 0, 0) == 1


def test_cards_and_loaders(tmp_path: Path, drop: Drop):
    drop("invert", PLUGIN + CARD + LOADER)
    registry = load(dropped_in(tmp_path))
    assert [card.id for card in registry.cards()] == ["a"]
    (loader,) = registry.loaders()
    assert loader.function == "studio_dropins.invert.engine:recognise"


@pytest.mark.parametrize("suffixes", ["()", "('pth',)", "('.PTH',)"])
def test_loaders_need_suffixes(tmp_path: Path, drop: Drop, suffixes: str):
    drop("invert", PLUGIN + LOADER.replace('(".pth",)', suffixes))
    assert "suffixes" in only_failure(load(dropped_in(tmp_path)))


def test_a_disabled_plugin_is_found_and_not_imported(tmp_path: Path, drop: Drop):
    drop("invert.py", "raise AssertionError('imported')")
    registry = load(candidates(tmp_path)[-1:], disabled=["invert"])
    assert (registry.plugins, registry.failures) == ((), ())
    assert [candidate.name for candidate in registry.disabled] == ["invert"]


def test_an_unknown_operation_brings_those_that_come_close(tmp_path: Path, drop: Drop):
    drop("invert.py")
    registry = load(dropped_in(tmp_path))
    with pytest.raises(UserError) as caught:
        registry.operation("invert.aply")
    assert caught.value.hint == "Did you mean invert.apply?"
    with pytest.raises(UserError, match="no operation xyz"):
        registry.plugin_of("xyz")
    with pytest.raises(UserError, match="impasto operations"):
        registry.operation("xyz")


def test_operations_are_sorted_for_a_menu(tmp_path: Path, drop: Drop):
    for name, menu, title in (("a", "Z", "A"), ("b", "A", "Z"), ("c", "A", "B")):
        source = PLUGIN.replace("invert.apply", f"{name}.apply").replace('"Adjust"', f'"{menu}"')
        drop(f"{name}.py", source.replace('title="Invert"', f'title="{title}"'))
    registry = load(dropped_in(tmp_path))
    assert [operation.id for operation in registry.operations()] == [
        "c.apply",
        "b.apply",
        "a.apply",
    ]


def test_discovery_imports_neither_torch_nor_qt():
    code = (
        "import sys; from studio.host.plugins import discover; discover();"
        "print(sorted({'torch', 'PySide6', 'diffusers', 'spandrel', 'cv2'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
