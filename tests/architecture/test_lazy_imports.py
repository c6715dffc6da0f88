from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "diffusers", "transformers", "spandrel", "onnxruntime")
# Runs the program as a user would and tells what had been imported when it ended.
RUN = """
import runpy, sys
sys.argv = ["impasto", *sys.argv[1:]]
try:
    runpy.run_module("studio", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    assert not stop.code, f"ended with {stop.code}"
print("imported:", *sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def imported_by(code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("imported:")
    return set(last.split())


def test_discovery_imports_no_framework():
    code = (
        "import sys\nfrom studio.host.plugins import discover\n"
        "registry = discover()\n"
        "assert not registry.failures, registry.failures\n"
        "[registry.operations(), registry.cards(), registry.loaders()]\n"
        "print('imported:', *sys.modules, file=sys.stderr)"
    )
    assert imported_by(code).isdisjoint({*HEAVY, "PySide6", "studio.qt"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["operations", "--json"],
        ["--help"],
        ["plugins", "list"],
        ["serve", "--help"],
        ["train", "--help"],
    ],
)
def test_the_command_line_needs_neither_qt_nor_torch_to_answer(arguments: list[str]):
    assert imported_by(RUN, *arguments).isdisjoint({*HEAVY, "PySide6", "shiboken6", "fastapi"})
