"""Removing plugins: packages with pip, dropped-in ones by moving them out of the plugin folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from studio.api.errors import UserError
from studio.host.installing.packages import installed
from studio.host.installing.pip import Heard, pip_command, run_pip
from studio.host.plugin_records import PluginRecord, record
from studio.host.recovery import data_folder


@dataclass(frozen=True)
class Removal:
    """What removing a plugin would do.

    Attributes:
        plugins: names of all plugins that would go.
        command: pip's, exactly as it is run; empty for a dropped-in plugin.
        path: the folder or file of a dropped-in one.
        kept_at: where that would be moved.
    """

    plugins: tuple[str, ...]
    command: tuple[str, ...] = ()
    path: Path | None = None
    kept_at: Path | None = None


def plan_removal(found: Collection[PluginRecord], name: str) -> Removal:
    """What removing a plugin would do; nothing is changed.

    Args:
        found: all plugins.
        name: of the plugin, or of the package that brings it.

    Raises:
        UserError: if there is none, it comes with Impasto, or another plugin needs it.
    """
    known = record(found, name)
    if known.kind == "built-in":
        raise UserError(
            f"{known.name} comes with Impasto and cannot be removed.",
            f"Disable it: impasto plugins disable {known.name}",
        )
    if known.path is not None:
        kept = data_folder() / "removed-plugins"
        stamp = time.strftime("%Y%m%d-%H%M%S")
        target = kept / f"{known.path.stem}-{stamp}{known.path.suffix}"
        return Removal((known.name,), path=known.path, kept_at=target)
    if known.kind != "package":
        raise UserError(f"{known.name} belongs to no package.", "Remove it as it was installed.")
    own = canonicalize_name(known.distribution)
    _refuse_if_needed(own)
    names = [each.name for each in found if canonicalize_name(each.distribution) == own]
    return Removal(tuple(names), pip_command("uninstall", "--yes", known.distribution))


def _refuse_if_needed(own: str) -> None:
    """A package that another plugin is built on stays."""
    for package in installed().values():
        needed = {canonicalize_name(each.name) for each in package.needs(frozenset())}
        if package.is_plugin and own in needed and canonicalize_name(package.name) != own:
            raise UserError(
                f"{package.name} needs {own}, so it cannot be removed.",
                f"Remove {package.name} first.",
            )


def remove(removal: Removal, heard: Heard = lambda _line: None) -> None:
    """Do what `plan_removal` found.

    Args:
        removal: what to do.
        heard: called with each line that pip writes.

    Raises:
        UserError: if it fails.
    """
    if removal.command:
        run_pip(removal.command, heard)
        return
    path, target = removal.path, removal.kept_at
    if path is None or target is None:
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    except OSError as error:
        raise UserError(
            f"{path} cannot be moved to {target.parent}: {error.strerror or error}.",
            "Move it out of the plugin folder yourself.",
        ) from error
