"""What is to be checked: a folder, a file, or a plugin by its name."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from studio.api.errors import UserError
from studio.host.candidates import GROUP, Candidate, candidate_at, candidates, plugin_folder, slug


@dataclass(frozen=True)
class Target:
    """A plugin that another process can find again; all fields are plain values.

    Attributes:
        name: of the plugin.
        path: the folder or file that is imported as a dropped-in plugin; empty if it is not one.
        module: of a project that is not installed, the module that its entry point names.
        places: folders from which that module is imported.
    """

    name: str
    path: str = ""
    module: str = ""
    places: tuple[str, ...] = ()

    def candidate(self) -> Candidate:
        """The plugin, as the host loads any.

        Raises:
            UserError: if it is gone.
        """
        if self.path:
            return candidate_at(Path(self.path))
        if self.module:
            return Candidate(self.name, self.places[-1], self._import_module)
        for each in _named():
            if slug(each.name) == slug(self.name):
                return each
        raise UserError(f"The plugin {self.name} is not there any more.", "Install it again.")

    def companions(self) -> Iterator[Candidate]:
        """All other plugins, whose operations it may run."""
        return (each for each in _named() if slug(each.name) != slug(self.name))

    def _import_module(self) -> ModuleType:
        sys.path[:0] = [place for place in self.places if place not in sys.path]
        return importlib.import_module(self.module)


def resolve(text: str) -> Target:
    """The target that someone named: a path, or the name of a plugin.

    Raises:
        UserError: if it is neither, or the folder holds no plugin, or more than one.
    """
    path = Path(text)
    if path.suffix == ".py" and path.is_file():
        return Target(path.stem, path=str(path.resolve()))
    if path.is_dir():
        return _folder(path.resolve())
    names = [each.name for each in _named()]
    for name in names:
        if slug(name) == slug(text):
            return Target(name)
    close = difflib.get_close_matches(text, names, n=3, cutoff=0.5)
    raise UserError(
        f'There is no plugin and no folder "{text}".',
        f"Did you mean {' or '.join(close)}?" if close else "`impasto plugins list` shows all.",
    )


def _named() -> list[Candidate]:
    return candidates(plugin_folder())


def _folder(path: Path) -> Target:
    if (path / "pyproject.toml").is_file():
        return _project(path)
    if (path / "__init__.py").is_file():
        name = _installed_from(path)
        return Target(name) if name else Target(path.name, path=str(path))
    raise UserError(
        f"The folder {path} holds no plugin.",
        "It needs a pyproject.toml with an entry point, or an __init__.py.",
    )


def _installed_from(path: Path) -> str:
    """The name of the installed plugin whose package this folder is; empty if it is none's.

    As a dropped-in plugin it would be imported under another name than its own imports use.
    """
    for point in entry_points(group=GROUP):
        if point.module.rpartition(".")[2] == path.name:
            spec = importlib.util.find_spec(point.module)
            if spec is not None and spec.origin and Path(spec.origin).resolve().parent == path:
                return point.name
    return ""


def _project(path: Path) -> Target:
    """The one plugin of a project, imported from its folder or its ``src``."""
    try:
        project: dict[str, Any] = tomllib.loads((path / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path / 'pyproject.toml'} cannot be read: {error}.") from error
    points = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not points:
        raise UserError(
            f"{path / 'pyproject.toml'} has no entry point of a plugin.",
            f'Add: [project.entry-points."{GROUP}"]',
        )
    if len(points) > 1:
        raise UserError(
            f"{path / 'pyproject.toml'} has several plugins: {', '.join(points)}.",
            "Install it, and name the one to check.",
        )
    ((name, module),) = points.items()
    places = [folder for folder in (path / "src", path) if folder.is_dir()]
    return Target(name, module=str(module), places=tuple(map(str, places)))
