"""The kit fails plugins that are bad on purpose, each for its one rule, and passes our own."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from studio.api import UserError
from studio.api.testing import OPERATION_RULES, PLUGIN_RULES, Finding, Report
from studio.host.candidates import candidates
from studio.host.conformance import cancelling, check, huge, resolve
from studio.host.conformance.kit import Gathered
from studio.host.conformance.lines import Ended, listen
from studio.host.conformance.running import check_operations
from studio.host.plugins import load

BAD = Path(__file__).parent / "bad_plugins"
IMPORTING = {
    "loads": ("loads", "which plugin API"),
    "imports": ("imports", "imports.py imports studio.host.memory"),
    "import_time": ("import-time", r"1\d\d ms; the limit is 100 ms"),
    "network": ("network", "connects to updates.example.org"),
    "qt_at_import": ("qt", "imports PySide6, shiboken6"),
    "qt_when_run": ("qt", "imports PySide6.QtWidgets"),
}
RUNNING = {
    "parameters": ("parameters", "amount goes in as 0.25 and comes back as 0.125"),
    "cpu": ("cpu", "(?i)cuda|nvidia"),
    "one_pixel": ("pictures", "^1 x 1: .*RuntimeError"),
    "odd_sides": ("pictures", "^61 x 47: .*wrong shape"),
    "gray": ("pictures", "^gray: .*not numbers"),
    "transparent": ("pictures", "^transparent: .*wrong shape"),
    "sixteen_bits": ("pictures", "^16-bit: .*not a level"),
    "refuses": ("pictures", "I do not like this picture. Take another one."),
    "progress_backwards": ("progress", "back from 1.00 to 0.00"),
    "progress_percent": ("progress", "reports 50; progress is a fraction"),
    "cancel_caught": ("cancel", "catches Cancelled and goes on"),
    "seed": ("seed", r"differ by up to \d+ of 255 levels"),
    "mask": ("mask", r"\d+ pixels outside the mask changed"),
    "inputs": ("inputs", "writes into mask and pixels"),
    "errors": ("errors", "With parts = 0: .*ZeroDivisionError"),
    "exits": ("errors", "With strict = true: SystemExit: too strict"),
}


def bad(name: str):
    return resolve(str(BAD / f"{name}.py"))


def imported(name: str) -> list[Finding]:
    gathered = Gathered(bad(name))
    gathered.imported()
    return gathered.findings


def ran(name: str, **options) -> list[Finding]:
    registry = load([bad(name).candidate()])
    assert not registry.failures
    return list(check_operations(registry, name, **options))


def assert_fails(findings: list[Finding], rule: str, message: str):
    failures = {each.rule: each.message for each in findings if each.status == "failed"}
    assert list(failures) == [rule]
    assert re.search(message, failures[rule])


@pytest.fixture
def _one_thread():
    """Threads that share busy processors wait for each other, and cancels would come late."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", IMPORTING)
def test_what_importing_may_not_do(name: str):
    assert_fails(imported(name), *IMPORTING[name])


def test_importing_torch_is_seen_in_a_fresh_process():
    import torch  # noqa: F401 - it is here, and is not to be seen there

    failures = {
        each.rule: each.message for each in imported("import_torch") if each.status == "failed"
    }
    assert "imports torch" in failures["import-torch"]
    assert set(failures) <= {"import-torch", "import-time"}
    assert not [each for each in imported("seed") if each.status == "failed"]


@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize("name", RUNNING)
def test_what_running_may_not_do(name: str):
    findings = ran(name)
    assert [each.rule for each in findings if each.rule not in OPERATION_RULES] == []
    assert {each.rule for each in findings} == set(OPERATION_RULES)
    assert_fails(findings, *RUNNING[name])


@pytest.mark.usefixtures("_one_thread")
def test_who_does_not_hear_a_cancel_is_late(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cancelling, "LIMIT", 0.2)
    monkeypatch.setattr(cancelling, "_LONG", 0.7)
    assert_fails(ran("cancel_deaf"), "cancel", "went on for 0.[3-9] s .* the limit is 0.2 s")


@pytest.mark.slow
def test_who_does_not_hear_a_cancel_is_late_by_the_true_limit():
    assert_fails(ran("cancel_deaf"), "cancel", r"went on for \d.\d s .* the limit is 1 s")


@pytest.mark.usefixtures("_one_thread")
def test_a_large_picture_is_run_only_when_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(huge, "_LARGEST", 1_500_000)
    assert not [each for each in ran("huge") if each.status == "failed"]
    assert_fails(ran("huge", huge=True), "huge", "1501 x 1001: .*the picture is too large")


def test_what_is_deprecated_is_a_warning_and_no_failure():
    report = check(bad("deprecated"), operations=["bad.apply"])
    (finding,) = report.of("deprecated")
    assert finding.status == "warned"
    assert "deprecated uses CheckpointLoader.within, deprecated since" in finding.message
    assert report.passed
    (fine,) = [each for each in imported("seed") if each.rule == "deprecated"]
    assert fine.status == "passed"


def test_a_plugin_that_is_never_imported_is_given_up():
    with pytest.raises(Ended, match="still at it after 2 seconds"):
        list(listen("studio.host.conformance.importing", asdict(bad("hangs")), patience=2))


def test_every_bad_plugin_is_checked():
    others = {"import_torch", "cancel_deaf", "huge", "hangs", "crash", "deprecated"}
    assert {path.stem for path in BAD.glob("*.py")} == {*IMPORTING, *RUNNING, *others}
    covered = {rule for rule, _ in (*IMPORTING.values(), *RUNNING.values())}
    assert covered | {"import-torch", "huge", "deprecated"} == {*PLUGIN_RULES, *OPERATION_RULES}


@pytest.mark.usefixtures("_one_thread")
def test_adjustments_keep_every_promise(tmp_path: Path):
    registry = load(candidates(tmp_path))
    findings = list(check_operations(registry, "adjustments"))
    assert [str(each) for each in findings if each.status == "failed"] == []
    assert {each.rule for each in findings if each.status == "skipped"} == {"huge"}
    assert len(findings) == 13 * len(OPERATION_RULES)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [each.name for each in candidates(Path("nowhere"))])
def test_built_in_plugins_keep_every_promise(name: str):
    report = check(resolve(name), huge=True)
    assert [str(failure) for failure in report.failures] == []
    ran = {each.operation for each in report.of("cpu") if each.status == "passed"}
    assert ran, f"nothing of {name} ran: {report.of('cpu')}"


def test_what_is_no_plugin_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"no plugin and no folder .adjust.*\n.*adjustments"):
        resolve("adjust-ments2")
    with pytest.raises(UserError, match="holds no plugin"):
        resolve(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(UserError, match="no entry point"):
        resolve(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text(
        "[project.entry-points.'studio.plugins']\na = 'a'\nb = 'b'\n"
    )
    with pytest.raises(UserError, match="several plugins: a, b"):
        resolve(str(tmp_path))


def test_the_folder_of_an_installed_plugin_is_that_plugin():
    import studio_plugins.adjustments as module

    assert resolve(str(Path(module.__file__).parent)) == resolve("adjustments")


def test_a_report_survives_json():
    report = Report("a", "1", "here", (Finding("seed", "a.b", "failed", "why", 0.5),))
    assert Report.from_json(report.as_json()) == report
    assert not report.passed
    assert str(report.failures[0]) == "a.b: seed: why"
