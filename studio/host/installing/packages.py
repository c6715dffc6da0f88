"""The packages that are installed, and what Impasto and its plugins need of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from studio.host.candidates import GROUP
from studio.host.plugin_records import OURS


@dataclass(frozen=True)
class Package:
    """One installed distribution.

    Attributes:
        name: as it writes it.
        version: the same.
        requirements: all of them, those of extras included.
        extras: that it offers.
        is_plugin: whether it brings plugins.
    """

    name: str
    version: str
    requirements: tuple[Requirement, ...]
    extras: tuple[str, ...]
    is_plugin: bool

    def needs(self, extras: frozenset[str]) -> Iterator[Requirement]:
        """The requirements that hold on this computer, with these extras."""
        for requirement in self.requirements:
            marker = requirement.marker
            wanted = ("", *extras)
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in wanted):
                yield requirement


def installed() -> dict[NormalizedName, Package]:
    """Every installed package by its canonical name; of two the one that Python imports."""
    found: dict[NormalizedName, Package] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), _package(name, distribution))
    return found


def _package(name: str, distribution: Distribution) -> Package:
    points = distribution.entry_points
    return Package(
        name=name,
        version=distribution.version,
        requirements=tuple(requirements(distribution.requires or ())),
        extras=tuple(distribution.metadata.get_all("Provides-Extra") or ()),
        is_plugin=any(point.group == GROUP for point in points),
    )


def requirements(lines: object) -> Iterator[Requirement]:
    """Requirements of lines of metadata; those that are none are left out, as pip reports them."""
    for line in lines if isinstance(lines, list | tuple) else ():
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def satisfied(requirement: Requirement, version: str) -> bool:
    """Whether a version is one that a requirement allows."""
    return requirement.specifier.contains(version, prereleases=True)


def in_use(packages: Mapping[NormalizedName, Package]) -> dict[NormalizedName, frozenset[str]]:
    """Canonical names of what Impasto and its plugins need, themselves included, with the extras.

    Impasto's own extras count where they are installed.
    """
    waiting = [
        (name, frozenset(each.extras if name == OURS else ()))
        for name, each in packages.items()
        if each.is_plugin or name == OURS
    ]
    found: dict[NormalizedName, frozenset[str]] = {}
    while waiting:
        name, extras = waiting.pop()
        known = found.get(name)
        if name not in packages or (known is not None and extras <= known):
            continue
        found[name] = extras | (known or frozenset())
        waiting.extend(
            (canonicalize_name(each.name), frozenset(each.extras))
            for each in packages[name].needs(found[name])
        )
    return found
