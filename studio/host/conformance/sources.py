"""Reading what the source of a plugin imports, also where no run comes along."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

QT = ("PySide6", "PySide2", "PyQt6", "PyQt5", "shiboken6")
_PUBLIC = ("studio.api", "studio.nn")
_OURS = ("studio", "studio_plugins", "studio_dropins", "studio_resources")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere but under TYPE_CHECKING, by its full name.

    Relative ones begin with their dots.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def within(name: str, package: str) -> bool:
    """Whether a module is a package or lies in it."""
    return name == package or name.startswith(package + ".")


def files_of(module: ModuleType) -> list[Path]:
    """The Python files of a plugin: those of its package, or the one of its module."""
    places = [Path(place) for place in getattr(module, "__path__", ())]
    if places:
        return sorted(file for place in places for file in place.rglob("*.py"))
    return [Path(module.__file__)] if module.__file__ else []


def not_public(module: ModuleType) -> list[str]:
    """Imports of ours that no plugin may have: ``FILE imports NAME``."""
    return _found(module, lambda name: _is_private(name, module.__name__))


def of_qt(module: ModuleType) -> list[str]:
    """Imports of Qt: ``FILE imports NAME``."""
    return _found(module, lambda name: name.partition(".")[0] in QT)


def _is_private(name: str, own: str) -> bool:
    if name.partition(".")[0] not in _OURS or within(name, own):
        return False
    return name != "studio" and not any(within(name, public) for public in _PUBLIC)


def _found(module: ModuleType, wrong: Callable[[str], bool]) -> list[str]:
    return [
        f"{file.name} imports {name}"
        for file in files_of(module)
        for name in dict.fromkeys(imports(file))
        if wrong(name)
    ]
