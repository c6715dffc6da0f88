from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from studio.host.conformance.sources import imports, within

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(p.parent for p in (ROOT / "plugins").glob("*/__init__.py"))


def test_import_contracts():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def top(name: str) -> str:
    return name.partition(".")[0]


def test_imports_are_read_from_anywhere_but_type_checking(tmp_path: Path):
    (tmp_path / "m.py").write_text(
        "import a.b\nfrom c import d\nfrom . import e\nfrom .f import g\n"
        "if TYPE_CHECKING:\n    import h\ndef i():\n    import j\n"
    )
    assert sorted(imports(tmp_path / "m.py")) == [".", ".f", "a.b", "c", "j"]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_plugins_import_what_is_public(plugin: Path):
    for path in plugin.rglob("*.py"):
        for name in imports(path):
            if name.startswith("."):
                assert not name.startswith(".."), f"{path}: {name}"
                continue
            own = within(name, f"studio_plugins.{plugin.name}")
            public = within(name, "studio.api") or within(name, "studio.nn")
            if name.startswith("studio"):
                assert own or public, f"{path} imports {name}"


def imported_at_start(plugin: Path) -> set[Path]:
    """A plugin's ``__init__`` and those of its modules that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [plugin / "__init__.py"]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom | ast.Import):
                package = f"studio_plugins.{plugin.name}"
                module = getattr(node, "module", None)
                parts = [f"{module}.{a.name}" if module else a.name for a in node.names]
                names = [n.removeprefix(package + ".") for n in parts if within(n, package)]
            else:
                continue
            waiting += [plugin / f"{name.partition('.')[0]}.py" for name in names]
    return found


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_what_a_plugin_imports_at_start_is_light(plugin: Path):
    allowed = {"pydantic", *sys.stdlib_module_names}
    for path in imported_at_start(plugin):
        for name in imports(path):
            own = name.startswith(".") or within(name, f"studio_plugins.{plugin.name}")
            light = top(name) in allowed or within(name, "studio.api")
            assert own or light, f"{path} imports {name}"


def test_nn_runs_without_the_rest():
    allowed = {"torch", "numpy", "PIL", "safetensors", *sys.stdlib_module_names}
    for path in (ROOT / "studio" / "nn").rglob("*.py"):
        foreign = {n for n in imports(path) if top(n) not in allowed}
        assert all(within(n, "studio.nn") for n in foreign), f"{path} imports {foreign}"


def test_api_needs_little():
    # numpy evaluates tone curves, and is imported when one is.
    allowed = {"pydantic", "pluggy", "numpy", *sys.stdlib_module_names}
    for path in (ROOT / "studio" / "api").rglob("*.py"):
        foreign = {n for n in imports(path) if top(n) not in allowed}
        assert all(within(n, "studio.api") for n in foreign), f"{path} imports {foreign}"
