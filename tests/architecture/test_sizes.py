from __future__ import annotations

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path for folder in ("studio", "plugins", "resources") for path in (ROOT / folder).rglob("*.py")
]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_module_grows_into_a_facade():
    long = {
        str(path.relative_to(ROOT)): lines(path)
        for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")]
        if lines(path) > 500
    }
    assert long == {}


def test_modules_are_short_on_the_whole():
    assert statistics.median(lines(path) for path in SOURCES) <= 150


def test_functions_are_short_on_the_whole():
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    short = sum(length <= 40 for length in lengths)
    assert short >= 0.9 * len(lengths), f"{len(lengths) - short} of {len(lengths)} exceed 40 lines"


def test_a_plugin_declares_in_less_than_a_hundred_lines():
    long = [p for p in (ROOT / "plugins").glob("*/__init__.py") if lines(p) >= 100]
    assert long == []
