from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

import studio

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"studio": "studio", "studio_plugins": "plugins", "studio_resources": "resources"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def packages_on_disk() -> set[str]:
    return {
        ".".join((package, *path.parent.relative_to(ROOT / folder).parts))
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("__init__.py")
    }


def test_every_package_is_listed(project: dict[str, Any]):
    listed = project["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(packages_on_disk())
    assert project["tool"]["setuptools"]["package-dir"] == FOLDERS


def test_no_folder_of_modules_lacks_its_init():
    for folder in FOLDERS.values():
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent} is not a package"


def test_every_plugin_has_its_entry_point(project: dict[str, Any]):
    points = project["project"]["entry-points"]["studio.plugins"]
    plugins = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    assert points == {name: f"studio_plugins.{name}" for name in plugins}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel of this tree, built from a copy so that no build folder is left or reused."""
    source = tmp_path_factory.mktemp("source")
    for folder in FOLDERS.values():
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "."],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = source.glob("impasto-*.whl")
    return zipfile.Path(built)


def test_the_wheel_holds_every_file(wheel: zipfile.Path):
    names = set(wheel.root.namelist())
    missing = [
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        if f"{package}/{path.relative_to(ROOT / folder).as_posix()}" not in names
    ]
    assert missing == []


def test_the_wheel_says_what_it_is(wheel: zipfile.Path):
    (info,) = [entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info")]
    metadata = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    assert metadata["Name"] == "impasto"
    assert metadata["Version"] == studio.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "impasto = studio.__main__:main" in (info / "entry_points.txt").read_text("utf-8")
    assert (info / "licenses" / "LICENSE").is_file()
