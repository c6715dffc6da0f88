"""What is known of each plugin, as one record, whether it loaded or not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from studio.api.errors import UserError
from studio.host.candidates import Candidate, candidates, plugin_folder, slug
from studio.host.plugins import LoadedPlugin, PluginFailure, PluginRegistry

Kind = Literal["built-in", "package", "drop-in", "other"]
State = Literal["loaded", "failed", "disabled"]
OURS = "impasto"
"""The distribution whose plugins are built in."""


@dataclass(frozen=True)
class PluginRecord:
    """One plugin that was found.

    Attributes:
        name: names it in settings and on the command line.
        title: the same for people.
        state: whether it is in use, did not load, or is not to be loaded.
        kind: how it comes to be here.
        origin: where it was found, in words or as a path.
        distribution: name of the package that brings it; empty for a dropped-in one.
        path: folder or file of a dropped-in one.
        version: may be empty.
        licence: as its author names it; may be empty.
        summary: what it does, in one line; may be empty.
        seconds: how long loading took; None if it is not loaded.
        message: what is wrong; empty if nothing is.
        traceback: the same for its author.
        isolated: whether it is to run in a process of its own.
        operations: titles of its operations, with their menus: ``("Adjust", "Invert")``.
        trainers: titles of its trainers.
        models: titles of its models.
        loaders: titles of the checkpoints that it recognizes.
    """

    name: str
    title: str
    state: State
    kind: Kind
    origin: str
    distribution: str = ""
    path: Path | None = None
    version: str = ""
    licence: str = ""
    summary: str = ""
    seconds: float | None = None
    message: str = ""
    traceback: str = ""
    isolated: bool = False
    operations: tuple[tuple[str, str], ...] = ()
    trainers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    loaders: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it comes from, in a few words for a table."""
        if self.kind == "package":
            return f"package {self.distribution}"
        return str(self.path) if self.path is not None else self.kind


def records(registry: PluginRegistry, isolated: Collection[str] = ()) -> tuple[PluginRecord, ...]:
    """A record for each plugin: those with an error first, then the others, then disabled ones.

    A plugin that could not be loaded again is one record: in use as it was, and with its error.

    Args:
        registry: what was found.
        isolated: names of plugins that are to run in a process of their own.
    """
    wrong = {(f.name, f.origin): f for f in registry.failures}
    loaded = [_loaded(p, wrong.pop((p.name, p.origin), None)) for p in registry.plugins]
    failed = [
        replace(_found(f, "failed"), message=f.message, traceback=f.traceback)
        for f in wrong.values()
    ]
    disabled = [_found(candidate, "disabled") for candidate in registry.disabled]
    rows = (*failed, *sorted(loaded, key=lambda each: not each.message), *disabled)
    return tuple(replace(row, isolated=row.name in isolated) for row in rows)


def unloaded(isolated: Collection[str] = ()) -> tuple[PluginRecord, ...]:
    """A record for each of the user's plugins without loading any: one may crash at that."""
    return records(PluginRegistry(disabled=candidates(plugin_folder())), isolated)


def record(found: Collection[PluginRecord], name: str) -> PluginRecord:
    """The record of a plugin, by its name or that of its package.

    Raises:
        UserError: if there is none, with names that come close.
    """
    for each in found:
        if slug(each.name) == slug(name):
            return each
    for each in found:
        packaged = each.kind == "package" and canonicalize_name(each.distribution)
        if packaged == canonicalize_name(name):
            return each
    close = difflib.get_close_matches(name, [each.name for each in found], n=3, cutoff=0.5)
    raise UserError(
        f"There is no plugin {name}.",
        f"Did you mean {' or '.join(close)}?" if close else "`impasto plugins list` shows all.",
    )


def _loaded(plugin: LoadedPlugin, wrong: PluginFailure | None) -> PluginRecord:
    made = _found(plugin, "loaded")
    return replace(
        made,
        licence=made.licence or str(getattr(plugin.module, "__license__", "")),
        summary=(plugin.module.__doc__ or "").strip().partition("\n")[0] or made.summary,
        seconds=plugin.seconds,
        message=wrong.message if wrong else "",
        traceback=wrong.traceback if wrong else "",
        operations=tuple((o.menu, o.title) for o in plugin.operations),
        trainers=tuple(trainer.title for trainer in plugin.trainers),
        models=tuple(card.title for card in plugin.cards),
        loaders=tuple(loader.title for loader in plugin.loaders),
    )


def _found(plugin: LoadedPlugin | PluginFailure | Candidate, state: State) -> PluginRecord:
    """What is known of it without its module."""
    candidate = plugin if isinstance(plugin, Candidate) else plugin.candidate
    distribution = candidate.distribution if candidate else ""
    path = candidate.path if candidate else None
    ours = canonicalize_name(distribution) == OURS
    kind: Kind = "built-in" if ours else "package" if distribution else "other"
    licence, summary = _metadata(distribution)
    return PluginRecord(
        name=plugin.name,
        title=" ".join(re.split(r"[-_\s]+", plugin.name)).strip().capitalize(),
        state=state,
        kind="drop-in" if path is not None else kind,
        origin=plugin.origin,
        distribution=distribution,
        path=path,
        version=getattr(plugin, "version", "") or (candidate.version if candidate else ""),
        licence=licence,
        summary="" if ours else summary,
    )


def _metadata(distribution: str) -> tuple[str, str]:
    """License and summary of an installed package."""
    try:
        found = metadata(distribution) if distribution else None
    except PackageNotFoundError:
        found = None
    if found is None:
        return "", ""
    texts = {
        key: found[key] for key in ("License-Expression", "License", "Summary") if key in found
    }
    licence = texts.get("License-Expression") or texts.get("License", "").partition("\n")[0]
    for classifier in found.get_all("Classifier") or []:
        if classifier.startswith("License ::"):
            licence = licence or classifier.rpartition(":: ")[2]
    return licence, texts.get("Summary", "")
