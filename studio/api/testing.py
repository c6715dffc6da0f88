"""Checking that a plugin keeps its promises: the conformance kit, for tests of a plugin.

The same as ``impasto plugins check``, as a class of tests for pytest (or unittest)::

    from pathlib import Path

    from studio.api.testing import PluginConformance

    class TestConformance(PluginConformance):
        plugin = Path(__file__).parents[1]

The kit runs the plugin in processes of its own, so that what a test imports changes nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import unittest
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from studio.api.deprecation import ImpastoDeprecationWarning
from studio.api.errors import UserError

Status = Literal["passed", "failed", "skipped", "warned"]

PLUGIN_RULES: Mapping[str, str] = {
    "loads": "It loads, and what it declares holds together.",
    "imports": "It imports nothing of ours but studio.api and studio.nn, and no other plugin.",
    "import-time": "It is imported in less than 100 ms.",
    "import-torch": "Importing it imports neither torch nor another framework.",
    "network": "Importing it opens no network connection.",
    "qt": "It never imports Qt.",
    "deprecated": "It uses nothing that will be removed from the plugin API.",
}
"""What holds for a plugin as a whole, by the name of the rule."""
OPERATION_RULES: Mapping[str, str] = {
    "parameters": "Parameters come back from JSON as they went in.",
    "cpu": "It runs where there is no accelerator.",
    "pictures": "It runs on pictures of 1 x 1, of odd sides, gray, transparent and with 16 bits.",
    "huge": "It runs on a picture of many megapixels. Only when asked for.",
    "progress": "Progress lies in 0 to 1 and never goes back.",
    "cancel": "It ends within a second of being asked to.",
    "seed": "The same seed gives the same pixels.",
    "mask": "Nothing outside the mask changes.",
    "inputs": "It does not write into what it is given.",
    "errors": "Whatever is chosen, it raises nothing but UserError.",
}
"""What holds for every operation of a plugin, by the name of the rule."""
RULES: Mapping[str, str] = {**PLUGIN_RULES, **OPERATION_RULES}
"""All rules by name, each with a sentence that says what it asks for."""


@dataclass(frozen=True)
class Finding:
    """What was found of one rule.

    Attributes:
        rule: its name, one of `RULES`.
        operation: id of the operation; empty for the plugin as a whole.
        status: ``passed``, ``failed``, ``skipped`` if it does not apply or could not be looked at, or
            ``warned`` if it holds now and will not hold in a later version.
        message: what was seen; why it failed or was skipped.
        seconds: how long it took to look.
    """

    rule: str
    operation: str
    status: Status
    message: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        """One line for people."""
        where = f"{self.operation}: " if self.operation else ""
        return f"{where}{self.rule}: {self.message or RULES.get(self.rule, '')}"


@dataclass(frozen=True)
class Report:
    """All that the kit found of one plugin.

    Attributes:
        plugin: its name.
        version: its version; may be empty.
        origin: where it was found.
        findings: in the order in which they were made.
    """

    plugin: str
    version: str
    origin: str
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What does not hold."""
        return tuple(each for each in self.findings if each.status == "failed")

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def of(self, rule: str) -> tuple[Finding, ...]:
        """The findings of one rule."""
        return tuple(each for each in self.findings if each.rule == rule)

    def as_json(self) -> dict[str, Any]:
        """The report in plain values."""
        return {**asdict(self), "findings": [asdict(f) for f in self.findings]} | {
            "passed": self.passed
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Report:
        """What `as_json` made."""
        findings = tuple(Finding(**finding) for finding in value["findings"])
        return cls(value["plugin"], value["version"], value["origin"], findings)


def check_plugin(
    plugin: str | Path,
    *,
    operations: Sequence[str] = (),
    huge: bool = False,
    timeout: float | None = None,
) -> Report:
    """Run the conformance kit on a plugin, in a process of its own.

    Args:
        plugin: a folder with a ``pyproject.toml`` or an ``__init__.py``, a file, or the name of a
            plugin that is installed, dropped in or built in.
        operations: ids of the operations to run; all if empty.
        huge: whether they run on a picture of many megapixels, too.
        timeout: in seconds; None waits as long as it takes.

    Raises:
        UserError: if there is no such plugin or operation, or the kit itself fails.
        subprocess.TimeoutExpired: after ``timeout``.
    """
    # -P: no folder beside the tests is taken for one of our modules.
    command = [sys.executable, "-P", "-m", "studio", "plugins", "check", str(plugin), "--json"]
    for operation in operations:
        command += ["--operation", operation]
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, "--huge"] if huge else command,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    try:
        return Report.from_json(json.loads(done.stdout))
    except (ValueError, LookupError, TypeError) as error:
        raise UserError("The conformance kit could not check it.", done.stderr.strip()) from error


class PluginConformance:
    """A test for each rule. Derive from it, name the class ``Test...`` and set ``plugin``.

    Attributes:
        plugin: what `check_plugin` takes.
        operations: ids of the operations to run; all if empty.
        huge: whether they run on a picture of many megapixels, too.
    """

    plugin: ClassVar[str | Path]
    operations: ClassVar[Sequence[str]] = ()
    huge: ClassVar[bool] = False
    _reports: ClassVar[dict[type, Report]] = {}

    @classmethod
    def report(cls) -> Report:
        """The report, made when a test first asks for it."""
        if cls not in cls._reports:
            cls._reports[cls] = check_plugin(cls.plugin, operations=cls.operations, huge=cls.huge)
        return cls._reports[cls]

    def holds(self, rule: str) -> None:
        """Fail if something was found against a rule; skip if nothing could be looked at.

        Raises:
            AssertionError: saying what was found.
            unittest.SkipTest: with the reason; pytest knows it, too.
        """
        findings = self.report().of(rule)
        failures = [str(each) for each in findings if each.status == "failed"]
        if failures:
            raise AssertionError("\n".join(failures))
        for each in findings:
            if each.status == "warned":
                warnings.warn(str(each), ImpastoDeprecationWarning, stacklevel=3)
        if not any(each.status in {"passed", "warned"} for each in findings):
            reasons = dict.fromkeys(each.message for each in findings)
            raise unittest.SkipTest("; ".join(reasons) or "nothing was found of it")

    def test_loads(self) -> None:
        """It loads, and what it declares holds together."""
        self.holds("loads")

    def test_imports(self) -> None:
        """It imports nothing of ours but what is public."""
        self.holds("imports")

    def test_import_time(self) -> None:
        """It is imported in less than 100 ms."""
        self.holds("import-time")

    def test_import_torch(self) -> None:
        """Importing it imports no framework."""
        self.holds("import-torch")

    def test_network(self) -> None:
        """Importing it opens no network connection."""
        self.holds("network")

    def test_qt(self) -> None:
        """It never imports Qt."""
        self.holds("qt")

    def test_deprecated(self) -> None:
        """It uses nothing that will be removed; what it uses becomes a warning."""
        self.holds("deprecated")

    def test_parameters(self) -> None:
        """Parameters come back from JSON as they went in."""
        self.holds("parameters")

    def test_cpu(self) -> None:
        """It runs where there is no accelerator."""
        self.holds("cpu")

    def test_pictures(self) -> None:
        """It runs on pictures of all kinds."""
        self.holds("pictures")

    def test_huge(self) -> None:
        """It runs on a picture of many megapixels."""
        self.holds("huge")

    def test_progress(self) -> None:
        """Progress lies in 0 to 1 and never goes back."""
        self.holds("progress")

    def test_cancel(self) -> None:
        """It ends within a second of being asked to."""
        self.holds("cancel")

    def test_seed(self) -> None:
        """The same seed gives the same pixels."""
        self.holds("seed")

    def test_mask(self) -> None:
        """Nothing outside the mask changes."""
        self.holds("mask")

    def test_inputs(self) -> None:
        """It does not write into what it is given."""
        self.holds("inputs")

    def test_errors(self) -> None:
        """It raises nothing but UserError."""
        self.holds("errors")
