"""The whole kit: two processes, one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from studio.api.errors import UserError
from studio.api.testing import Finding, Report
from studio.host.conformance.lines import Ended, listen
from studio.host.conformance.targets import Target

_IMPORTING = "studio.host.conformance.importing"
_RUNNING = "studio.host.conformance.running"
_PATIENCE = 60.0  # seconds that importing may take before it is given up
_RUN_PATIENCE = 600.0  # the same of one rule of one operation
Heard = Callable[[Finding], None]


def _nobody(_finding: Finding) -> None:
    """Heard by nobody."""


def check(
    target: Target,
    *,
    operations: Sequence[str] = (),
    huge: bool = False,
    heard: Heard = _nobody,
) -> Report:
    """Check a plugin by all rules.

    Args:
        target: the plugin, from `resolve`.
        operations: ids of the operations to run; all if empty.
        huge: whether they run on a large picture, too.
        heard: called with each finding as soon as it is made.

    Raises:
        UserError: if it has no such operation.
    """
    given = {"target": asdict(target), "operations": list(operations), "huge": huge}
    gathered = Gathered(target, heard)
    about = gathered.imported()
    _known(operations, about["operations"], target.name)
    if not any(each.status == "failed" for each in gathered.findings if each.rule == "loads"):
        gathered.ran(given)
    return Report(target.name, about["version"], about["origin"], tuple(gathered.findings))


def _known(wanted: Sequence[str], has: Sequence[str], plugin: str) -> None:
    for operation in wanted:
        if has and operation not in has:
            raise UserError(
                f"The plugin {plugin} has no operation {operation}.", f"It has {', '.join(has)}."
            )


class Gathered:
    """The findings, as they come in.

    Args:
        target: the plugin.
        heard: called with each finding.

    Attributes:
        findings: so far.
    """

    def __init__(self, target: Target, heard: Heard = _nobody) -> None:
        self.findings: list[Finding] = []
        self._target, self._heard = target, heard

    def imported(self) -> dict[str, Any]:
        """What importing shows; returns what the plugin is."""
        about: dict[str, Any] = {"version": "", "origin": "", "operations": []}
        try:
            for message in listen(_IMPORTING, asdict(self._target), _PATIENCE):
                if message.pop("kind") == "about":
                    about = message
                else:
                    self._add(Finding(**message))
        except Ended as ended:
            self._add(Finding("loads", "", "failed", f"While it was imported, {ended}."))
        return about

    def ran(self, given: dict[str, Any]) -> None:
        """What running shows."""
        try:
            for message in listen(_RUNNING, given, _RUN_PATIENCE):
                del message["kind"]
                self._add(Finding(**message))
        except Ended as ended:
            where = self.findings[-1].operation if self.findings else ""
            after = self.findings[-1].rule if where else "loading it"
            self._add(Finding("errors", where, "failed", f"After {after}, {ended}."))

    def _add(self, finding: Finding) -> None:
        if finding.rule in {"qt", "deprecated"}:
            # Running may find what importing did not.
            self.findings = [each for each in self.findings if each.rule != finding.rule]
        self.findings.append(finding)
        self._heard(finding)
