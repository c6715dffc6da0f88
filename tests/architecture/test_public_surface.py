from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
from pathlib import Path

import pytest

import studio.api
import studio.nn

ROOT = Path(__file__).resolve().parents[2]
API = [
    "API_VERSION",
    "Cancelled",
    "CheckpointLoader",
    "Choice",
    "Context",
    "Curve",
    "Folder",
    "FollowUp",
    "Gallery",
    "ImpastoDeprecationWarning",
    "ImpastoError",
    "Levels",
    "Margins",
    "ModelCard",
    "ModelFile",
    "Operation",
    "ParameterSpec",
    "Parameters",
    "Pixels",
    "PluginError",
    "Preset",
    "Recognised",
    "Sketch",
    "Trainer",
    "UserError",
    "WeightedPicture",
    "__version__",
    "boolean",
    "choice",
    "color",
    "curve",
    "curve_values",
    "describe",
    "hookimpl",
    "integer",
    "levels",
    "model",
    "number",
    "only_when",
    "option",
    "picture",
    "pictures",
    "read_cards",
    "text",
    "validate",
]
PROMISES = re.compile(r"\b(TODO|FIXME|XXX|HACK|raise NotImplementedError|lorem ipsum)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|root|opt/dev|home/\w+)/")


def test_the_plugin_api_is_what_was_agreed():
    assert studio.api.__all__ == API
    assert all(hasattr(studio.api, name) for name in API)


def test_errors_form_the_documented_tree():
    assert issubclass(studio.api.PluginError, studio.api.UserError)
    assert issubclass(studio.api.UserError, studio.api.ImpastoError)
    assert issubclass(studio.api.Cancelled, studio.api.ImpastoError)
    assert not issubclass(studio.api.Cancelled, studio.api.UserError)


PUBLIC = [
    package.__name__ + suffix
    for package in (studio.api, studio.nn)
    for suffix in ("", *(f".{info.name}" for info in pkgutil.iter_modules(package.__path__)))
]


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_is_documented(name: str):
    module = importlib.import_module(name)
    bare = [] if module.__doc__ else [module.__name__]
    for attribute, item in vars(module).items():
        ours = getattr(item, "__module__", None) == module.__name__
        if attribute.startswith("_") or not ours or not (inspect.isclass(item) or callable(item)):
            continue
        if not item.__doc__:
            bare.append(attribute)
        if inspect.isclass(item):
            bare += undocumented_members(item)
    assert bare == []


def undocumented_members(owner: type) -> list[str]:
    members = {
        name: value.fget if isinstance(value, property) else value
        for name, value in vars(owner).items()
        if not name.startswith("_") and name != "forward"
    }
    return [
        f"{owner.__name__}.{name}"
        for name, value in members.items()
        if inspect.isfunction(value) and not inspect.getdoc(value)
    ]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns],  # noqa: S607 - whichever git the developer uses
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_the_code_promises_nothing_for_later():
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in tracked("studio/**.py", "plugins/**.py", "resources/**.py", "plugins/**.md")
        if (match := PROMISES.search(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_file_names_a_place_on_somebodys_machine():
    here = Path(__file__).resolve()
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in tracked("*.py", "*.md", "*.toml", "*.json", ".ci/*")
        if path != here and (match := MACHINE_PATHS.search(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_suppression_says_why():
    bare = re.compile(r"#\s*(noqa(?!: [A-Z0-9, ]+ (-|#))|type:\s*ignore(?!\[[a-z-, ]+\]  # ))")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("studio/**.py", "plugins/**.py", "tests/**.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bare.search(line) and path != Path(__file__).resolve()
    ]
    assert found == []
