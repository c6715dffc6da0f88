"""How the report of the conformance kit is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.api.testing import RULES, Finding, Report, Status

if TYPE_CHECKING:
    from rich.console import Console

_MARKS: dict[Status, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "skipped": ("–", "dim"),
    "warned": ("!", "yellow"),
}
_PLAIN_MARKS: dict[Status, str] = {
    "passed": "ok",
    "failed": "FAIL",
    "skipped": "skip",
    "warned": "warn",
}


def show(report: Report, console: Console | None = None) -> None:
    """Print a report: the plugin, each operation with its rules, and a count."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console(highlight=False)
    heading = f"{report.plugin} {report.version}".strip()
    console.print(Text(f"{heading}  ({report.origin})", "bold"))
    operations = dict.fromkeys(finding.operation for finding in report.findings)
    for operation in operations:
        table = Table.grid(padding=(0, 1))
        if operation:
            console.print(Text(f"\n{operation}", "bold"))
        for rules, finding in _rows(report, operation):
            mark, style = _mark(finding, console.encoding)
            quiet = "" if finding.status in {"failed", "warned"} else "dim"
            says = finding.message or RULES.get(finding.rule, "")
            table.add_row(Text(f" {mark}", style), Text(rules), Text(says, quiet))
        console.print(table)
    console.print(Text(f"\n{_count(report)}", "green" if report.passed else "bold red"))


def _rows(report: Report, operation: str) -> list[tuple[str, Finding]]:
    """The findings of an operation; what was skipped for one reason is one row."""
    rows: list[tuple[str, Finding]] = []
    for finding in report.findings:
        if finding.operation != operation:
            continue
        last = rows[-1] if rows else None
        same = last and (finding.status, finding.message) == (last[1].status, last[1].message)
        if last and same and finding.status == "skipped":
            rows[-1] = (f"{last[0]}, {finding.rule}", last[1])
        else:
            rows.append((finding.rule, finding))
    return rows


def _mark(finding: Finding, encoding: str) -> tuple[str, str]:
    mark, style = _MARKS[finding.status]
    try:
        mark.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        mark = _PLAIN_MARKS[finding.status]
    return mark, style


def _count(report: Report) -> str:
    counts = {
        status: sum(finding.status == status for finding in report.findings)
        for status in ("passed", "failed", "warned", "skipped")
    }
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)
