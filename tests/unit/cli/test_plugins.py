"""Writing a plugin, and checking one, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from studio.api import ImpastoDeprecationWarning
from studio.api.testing import RULES, Finding, PluginConformance, Report
from studio.cli.conformance import show
from studio.host.candidates import candidate_at
from studio.host.conformance import resolve
from studio.host.conformance.running import check_operations
from studio.host.plugins import load

GUIDE = Path(__file__).parents[3] / "plugins" / "README.md"
BAD = Path(__file__).parents[1] / "host" / "conformance" / "bad_plugins"


@pytest.fixture
def project(impasto, tmp_path: Path) -> Path:
    done = impasto("plugins", "new", "my-plugin", "--folder", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert f"impasto plugins check {tmp_path / 'my-plugin'}" in done.out
    return tmp_path / "my-plugin"


def test_a_new_plugin_is_a_whole_project(project: Path):
    facts = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert facts["project"]["entry-points"]["studio.plugins"] == {"my-plugin": "impasto_my_plugin"}
    files = {p.relative_to(project).as_posix() for p in project.rglob("*") if p.is_file()}
    assert {"README.md", "src/impasto_my_plugin/engine.py", "tests/test_plugin.py"} <= files
    assert not [p for p in project.rglob("*") if p.is_file() and "$" in p.read_text("utf-8")]


def test_a_new_plugin_keeps_every_promise(project: Path):
    target = resolve(str(project))
    registry = load([target.candidate()])
    findings = list(check_operations(registry, "my-plugin"))
    assert [str(each) for each in findings if each.status == "failed"] == []
    assert {each.rule for each in findings if each.status == "skipped"} == {"huge"}


def test_a_new_plugin_can_be_dropped_in(project: Path):
    registry = load([candidate_at(project / "src" / "impasto_my_plugin")])
    assert registry.operation("my-plugin.apply").title == "My plugin"


def test_the_tests_of_a_new_plugin_pass(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of our own tests take seconds
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    # Every rule is a test, and one is the author's own; nobody asked for a huge picture.
    assert f"{len(RULES)} passed, 1 skipped" in done, done


def run(*arguments: str, cwd: Path, python: Path = Path(sys.executable)) -> str:
    done = subprocess.run(
        [python, *arguments], cwd=cwd, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_new_plugin_is_installed_into_a_fresh_environment(project: Path, tmp_path: Path):
    run("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "..", ".", cwd=project)
    (wheel,) = tmp_path.glob("impasto_my_plugin-*.whl")
    place = tmp_path / "environment"
    venv.create(place, with_pip=True, symlinks=os.name != "nt")
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    # Impasto itself, with all that it needs, from where the tests have it: nothing is downloaded.
    paths = json.loads(run("-c", "import json, sys; print(json.dumps(sys.path))", cwd=tmp_path))
    own = run(
        "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path, python=python
    )
    shared = [path for path in paths if path.endswith("site-packages")]
    finders = [f"import site; site.addsitedir({path!r})" for path in shared]
    (Path(own.strip()) / "impasto.pth").write_text("\n".join(finders))
    run("-m", "pip", "install", "--no-deps", "--no-index", str(wheel), cwd=tmp_path, python=python)
    # From a folder in which the name is no path, so that the installed one is found.
    output = run(
        *("-m", "studio", "plugins", "check", "my-plugin", "--json"), cwd=place, python=python
    )
    report = Report.from_json(json.loads(output))
    assert (report.version, report.origin) == ("0.1.0", "entry point of impasto-my-plugin")
    assert report.passed


@pytest.mark.parametrize("name", ["My-Plugin", "1st", "a_b", "-a", "a--b", ""])
def test_what_cannot_be_a_name_is_refused(impasto, tmp_path: Path, name: str):
    done = impasto("plugins", "new", "--folder", tmp_path, "--", name)
    assert done.code == 1
    assert "cannot be the name of a plugin" in done.err
    assert "such as my-plugin" in done.err
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(impasto, project: Path):
    (project / "README.md").write_text("mine")
    done = impasto("plugins", "new", "my-plugin", "--folder", project.parent)
    assert done.code == 1
    assert "exists already" in done.err
    assert (project / "README.md").read_text() == "mine"


def test_a_plugin_that_takes_its_process_down_is_a_finding(impasto):
    done = impasto("plugins", "check", BAD / "crash.py", "--json")
    assert done.code == 1
    value = json.loads(done.out)
    assert value["passed"] is False
    report = Report.from_json(value)
    (failure,) = report.failures
    assert (report.plugin, failure.rule, failure.operation) == ("crash", "errors", "bad.apply")
    assert "the process ended with exit code 9: falling" in failure.message
    assert [each.status for each in report.of("seed")] == ["passed"]


def test_a_failed_check_is_shown_and_ends_with_one(impasto):
    done = impasto("plugins", "check", BAD / "loads.py")
    assert done.code == 1
    assert "✗ loads" in done.out
    assert "which plugin API" in done.out
    assert "1 failed" in done.out


def test_a_plugin_or_operation_that_is_not_there(impasto):
    done = impasto("plugins", "check", "adjustment")
    assert done.code == 1
    assert "Did you mean adjustments?" in done.err
    done = impasto("plugins", "check", "adjustments", "--operation", "adjustments.invart")
    assert done.code == 1
    assert "no operation adjustments.invart" in done.err


@pytest.mark.parametrize("rule", RULES)
def test_the_guide_has_every_rule(rule: str):
    assert f"\n| `{rule}` | " in GUIDE.read_text("utf-8")


def test_what_was_skipped_for_one_reason_is_one_row():
    from rich.console import Console

    findings = [Finding(rule, "a.b", "skipped", "No model.") for rule in ("cpu", "seed")]
    findings += [Finding("mask", "a.b", "failed", "[3] pixels changed")]
    console = Console(record=True, width=80, force_terminal=False)
    show(Report("a", "1.0", "here", tuple(findings)), console)
    text = console.export_text()
    assert "– cpu, seed No model." in text
    assert "✗ mask      [3] pixels changed" in text
    assert "1 failed, 2 skipped" in text


def test_what_will_not_hold_for_ever_is_shown_and_passes():
    from rich.console import Console

    finding = Finding("deprecated", "", "warned", "a uses b, to be removed in 1.2.")
    report = Report("a", "1.0", "here", (finding, Finding("loads", "", "passed")))
    console = Console(record=True, width=80, force_terminal=False)
    show(report, console)
    text = console.export_text()
    assert "! deprecated a uses b" in text
    assert "1 passed, 1 warned" in text
    assert report.passed

    class Conformance(PluginConformance):
        @classmethod
        def report(cls) -> Report:
            return report

    with pytest.warns(ImpastoDeprecationWarning, match="to be removed in 1.2"):
        Conformance().test_deprecated()
