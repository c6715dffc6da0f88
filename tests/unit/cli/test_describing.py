"""Listing operations and plugins, the help, and the flags made from declarations."""

from __future__ import annotations

import json

import pytest

from studio import __main__ as entry
from studio import __version__
from studio.cli import COMMANDS
from studio.cli.session import size_text

pytestmark = pytest.mark.usefixtures("testkit")


def test_the_version_and_the_help_name_every_command(impasto):
    assert __version__ in impasto("--version").out
    for flag in ("--help", "-h"):
        found = impasto(flag)
        assert found.code == 0
        assert all(name in found.out for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(impasto, name):
    found = impasto(name, "--help")
    assert found.code == 0
    assert COMMANDS[name][1].split()[0] in found.out


def test_operations_lists_ids_titles_and_what_they_do(impasto):
    found = impasto("operations")
    assert found.code == 0
    line = next(line for line in found.out.splitlines() if line.startswith("testkit.invert"))
    assert "Invert" in line
    assert "Turn light into dark." in line


def test_operations_as_json_hold_the_declaration(impasto):
    every = json.loads(impasto("operations", "--json").out)
    (invert,) = [each for each in every if each["id"] == "testkit.invert"]
    assert invert == json.loads(impasto("operations", "testkit.invert", "--json").out)
    assert (invert["plugin"], invert["version"]) == ("testkit", "2.5")
    assert (invert["input"], invert["output"], invert["selection"]) == (
        "layer",
        "region",
        "optional",
    )
    assert invert["presets"] == [{"title": "Half", "values": {"strength": 0.5, "keep_red": True}}]
    parameters = {each["name"]: each for each in invert["parameters"]}
    strength = parameters["strength"]
    assert (strength["minimum"], strength["maximum"], strength["default"]) == (0, 1, 1)
    assert parameters["keep_red"]["flag"] == "--keep-red"
    assert parameters["method"]["choices"] == ["plain", "soft_light"]
    assert parameters["network"]["task"] == "test-task"


def test_one_operation_is_described_with_its_ranges(impasto):
    found = impasto("operations", "testkit.invert")
    assert found.code == 0
    for words in (
        "Turn light into dark.",
        "impasto run testkit.invert INPUT... -o OUTPUT",
        "0 to 1",
        "-5 to 5 levels",
        "--keep-red/--no-keep-red",
        "plain|soft_light",
        "impasto models list --task test-task",
        "Preset Half: --strength 0.5 --keep-red",
    ):
        assert words in found.out
    assert "INPUT" not in impasto("operations", "testkit.noise").out


def test_unknown_operations_are_answered_with_close_ones(impasto):
    for command in (["operations", "testkit.invret"], ["run", "testkit.invret", "a", "-o", "b"]):
        found = impasto(*command)
        assert found.code == 2
        assert found.out == ""
        assert found.error_lines == [
            "Error: There is no operation testkit.invret.",
            found.error_lines[1],
        ]
        assert "testkit.invert" in found.error_lines[1]


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["operatons"], 'no command and no file "operatons"', "Did you mean operations?"),
        (["xyz"], 'no command and no file "xyz"', "impasto --help"),
        ([], "Missing command", "impasto --help"),
        (["run"], "Missing command", "impasto run --help"),
        (["models"], "Missing command", "impasto models --help"),
        (["models", "lst"], "lst", ""),
        (["operations", "--jsn"], "--jsn", "--json"),
        (["operations", "a", "b"], "unexpected extra argument", "operations --help"),
    ],
)
def test_bad_usage_is_one_line_and_a_hint(impasto, arguments, error, hint):
    found = impasto(*arguments)
    assert found.code == 2
    assert found.out == ""
    assert len(found.error_lines) == 2
    assert found.error_lines[0].startswith("Error: ")
    assert error in found.error_lines[0]
    assert found.error_lines[1].startswith("Hint: ")
    assert hint in found.error_lines[1]


def test_the_help_of_a_run_shows_flags_with_ranges_and_defaults(impasto):
    found = impasto("run", "testkit.invert", "--help")
    assert found.code == 0
    words = " ".join(found.out.split())
    for text in (
        "[0 to 1; default: 1]",
        "[-5 to 5 levels; default: 0]",
        "--keep-red / --no-keep-red",
        "[plain|soft_light; default: plain]",
        "default: the bundled model]",
        "--mask",
        "--feather",
        "--seed",
        "--device",
        "--overwrite",
    ):
        assert text in words
    without = impasto("run", "testkit.enlarge", "--help").out
    assert "--mask" not in without
    assert "--scale" in without
    assert "INPUT" not in impasto("run", "testkit.noise", "--help").out


def test_plugins_are_listed_with_what_is_wrong(impasto, testkit):
    (testkit / "broken.py").write_text("api_version = 1\nraise RuntimeError('no good')\n")
    found = impasto("plugins", "list")
    assert found.code == 0
    (line,) = [line for line in found.out.splitlines() if line.startswith("testkit ")]
    assert "2.5" in line
    assert "testkit.invert" in line
    assert "broken did not load: RuntimeError: no good" in found.out
    assert "Traceback" not in found.out
    assert "Traceback" in impasto("--debug", "plugins", "list").out
    listed = json.loads(impasto("plugins", "list", "--json").out)
    (failure,) = [each for each in listed["failures"] if each["name"] == "broken"]
    assert "no good" in failure["message"]
    assert "Traceback" in failure["traceback"]
    assert "testkit.invert" in impasto("operations").out
    assert "did not load" in impasto("operations").err


def test_doctor_reports_versions_devices_folders_and_problems(impasto, testkit):
    (testkit / "broken.py").write_text("raise RuntimeError('no good')\n")
    found = impasto("doctor")
    assert found.code == 0
    for words in ("torch", "PySide6-Essentials", "Memory", "Device cpu", "bfloat16", "no good"):
        assert words in found.out
    report = json.loads(impasto("doctor", "--json").out)
    assert report["impasto"] == __version__
    assert report["packages"]["numpy"]
    assert report["devices"][-1]["device"] == "cpu"
    assert report["memory"]["total"] >= report["memory"]["available"] > 0
    assert str(testkit) == report["folders"]["plugins"]
    assert report["models"]["cache_bytes"] == 0
    assert any("no good" in problem for problem in report["problems"])


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_540_000, "1.5 MB"), (25e9, "25.0 GB")],
)
def test_sizes_are_readable(count, text):
    assert size_text(int(count)) == text


def test_the_window_opens_for_nothing_and_for_files_and_not_for_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "run").touch()
    assert entry.opens_window([])
    assert entry.opens_window(["photo.jpg"])
    assert entry.opens_window(["photo.jpg", "missing.jpg"])
    assert entry.opens_window([str(tmp_path)])
    assert entry.opens_window(["./run"])
    assert not entry.opens_window(["run"])
    assert not entry.opens_window(["missing.jpg"])
    assert not entry.opens_window(["--help"])
    assert not entry.opens_window(["operations", "photo.jpg"])
