"""What an installation would change, from pip's own report, and whether anything would break."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from studio.api.errors import UserError
from studio.host.installing.packages import Package, in_use, installed, requirements, satisfied
from studio.host.installing.pip import Heard, pip_command, run_pip
from studio.host.plugin_records import OURS

_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Change:
    """One package that would come or get another version.

    Attributes:
        name: of the package.
        before: the version that is here; empty if there is none.
        after: the version that would be.
        requested: whether it was asked for, not only needed.
    """

    name: str
    before: str
    after: str
    requested: bool = False


@dataclass(frozen=True)
class Conflict:
    """A package that would get a version which another one cannot work with.

    Attributes:
        change: what would happen.
        wanted_by: the packages of the installation that need the other version.
        owner: name and version of the package that would break.
        requirement: what that needs.
    """

    change: Change
    wanted_by: tuple[str, ...]
    owner: str
    requirement: str


@dataclass(frozen=True)
class InstallPlan:
    """What a command would do.

    Attributes:
        command: exactly what is run.
        changes: what would come or change, by name.
        conflicts: what would break.
    """

    command: tuple[str, ...]
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def replaces(self) -> bool:
        """Whether packages that are here, and may be in use, would get another version."""
        return any(change.before for change in self.changes)

    @property
    def requested(self) -> tuple[str, ...]:
        """Names of the packages that were asked for."""
        return tuple(change.name for change in self.changes if change.requested)

    def check(self) -> None:
        """Refuse what would break something.

        Raises:
            UserError: with each conflict.
        """
        ours = [each for each in self.changes if canonicalize_name(each.name) == OURS]
        if ours:
            before, after = ours[0].before or "the one that runs", ours[0].after
            raise UserError(
                f"Nothing was changed: it would replace Impasto ({before}) by {after}.",
                "Ask the plugin's author for a version that works with this Impasto, or update "
                "Impasto by itself first.",
            )
        if self.conflicts:
            raise UserError(
                "Nothing was changed: " + " ".join(_sentences(self.conflicts)),
                "Ask the plugin's author for a version that works with this Impasto, or install it "
                "into an environment of its own.",
            )


def install_command(specs: Sequence[str], *, upgrade: bool = False) -> tuple[str, ...]:
    """The command that installs plugins.

    Args:
        specs: names, with or without versions, and files, folders or addresses.
        upgrade: whether newer versions replace those that are here.

    Raises:
        UserError: if a file is missing, or pip.
    """
    options = ("--upgrade",) if upgrade else ()
    return pip_command("install", *options, *map(_spec, specs))


def make_plan(command: tuple[str, ...], heard: Heard = lambda _line: None) -> InstallPlan:
    """Let pip find out what a command of `install_command` would do; nothing is changed.

    Raises:
        UserError: if pip finds no way to do it.
    """
    with tempfile.TemporaryDirectory(prefix="impasto-plan-") as folder:
        report = Path(folder) / "report.json"
        at = command.index("install") + 1
        options = ("--dry-run", "--report", str(report))
        run_pip((*command[:at], *options, *command[at:]), heard)
        found = json.loads(report.read_text(encoding="utf-8"))
    return read_report(command, found, installed())


def read_report(
    command: tuple[str, ...],
    report: Mapping[str, Any],
    packages: Mapping[NormalizedName, Package],
) -> InstallPlan:
    """A plan from what ``pip install --dry-run --report`` wrote.

    Args:
        command: what the report is of.
        report: its content; pip's documentation has its format.
        packages: what is installed now.
    """
    changes, needs = [], {}
    for item in report["install"]:
        about = item["metadata"]
        key = canonicalize_name(about["name"])
        before = packages[key].version if key in packages else ""
        requested = bool(item.get("requested"))
        changes.append(Change(about["name"], before, about["version"], requested))
        needs[f"{about['name']} {about['version']}"] = {
            canonicalize_name(each.name) for each in requirements(about.get("requires_dist"))
        }
    changes.sort(key=lambda change: (not change.requested, change.name.lower()))
    return InstallPlan(command, tuple(changes), tuple(_conflicts(changes, needs, packages)))


def _conflicts(
    changes: Iterable[Change],
    needs: Mapping[str, set[NormalizedName]],
    packages: Mapping[NormalizedName, Package],
) -> Iterator[Conflict]:
    by_name = {canonicalize_name(change.name): change for change in changes if change.before}
    for owner, extras in in_use(packages).items():
        if owner in by_name:
            continue  # pip itself sees to what its new version needs
        package = packages[owner]
        for requirement in package.needs(extras):
            name = canonicalize_name(requirement.name)
            if name in by_name and _breaks(requirement, by_name[name]):
                wanting = tuple(who for who, wanted in needs.items() if name in wanted)
                text = f"{requirement.name}{requirement.specifier}"
                owned = f"{package.name} {package.version}"
                yield Conflict(by_name[name], wanting, owned, text)


def _sentences(conflicts: Iterable[Conflict]) -> Iterator[str]:
    """One for each change that would break something."""
    by_change: dict[Change, list[Conflict]] = {}
    for conflict in conflicts:
        by_change.setdefault(conflict.change, []).append(conflict)
    for change, broken in by_change.items():
        who = " and ".join(broken[0].wanted_by) or "The installation"
        needs = ", ".join(f"{each.owner} needs {each.requirement}" for each in broken)
        yield f"{who} would change {change.name} from {change.before} to {change.after}, and {needs}."


def _breaks(requirement: Requirement, change: Change) -> bool:
    return satisfied(requirement, change.before) and not satisfied(requirement, change.after)


def _spec(spec: str) -> str:
    """What pip is given: files by their whole path, as it runs in another folder."""
    if spec.startswith("-"):
        raise UserError(
            f"{spec} is an option, not a plugin.", "pip's own settings count: PIP_INDEX_URL..."
        )
    path, bracket, extras = spec.partition("[") if spec.endswith("]") else (spec, "", "")
    looks_like_path = "/" in path or "\\" in path or path.startswith(".")
    if "://" in path or " @ " in path:
        return spec
    if not looks_like_path and not path.lower().endswith(_ARCHIVES):
        return spec
    found = Path(path).expanduser().absolute()
    if not found.exists():
        raise UserError(
            f"There is no file or folder {path}.",
            "Give the name of a package, or the path of a wheel or a project's folder.",
        )
    return f"{found}{bracket}{extras}"
