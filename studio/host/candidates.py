"""Where plugins are found: installed packages, and folders and files that a user dropped in.

Both become a `Candidate`; from there on nothing knows the difference.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import platformdirs

from studio.api.errors import PluginError

GROUP = "studio.plugins"
DROPINS = "studio_dropins"


@dataclass(frozen=True)
class Candidate:
    """Something that says it is a plugin, not yet imported.

    Attributes:
        name: the entry point's name, or the folder's or file's without suffix.
        origin: ``entry point of DISTRIBUTION``, or the path of the folder or file.
        load: imports it; may raise anything.
        version: of the distribution that brings it; empty for a folder.
        distribution: name of the package that brings it; empty for a folder.
        path: the folder or file that was dropped in; None for a package.
    """

    name: str
    origin: str
    load: Callable[[], ModuleType]
    version: str = ""
    distribution: str = ""
    path: Path | None = None

    @property
    def package(self) -> str:
        """What a dropped-in one is imported as."""
        return f"{DROPINS}.{slug(self.name)}"


def plugin_folder() -> Path:
    """Folder of dropped-in plugins: ``IMPASTO_PLUGINS``, or the user's data folder."""
    override = os.environ.get("IMPASTO_PLUGINS")
    if override:
        return Path(override)
    return platformdirs.user_data_path("impasto", appauthor=False) / "plugins"


def slug(name: str) -> str:
    """A plugin's name as Python can import it; two plugins may not share it."""
    return re.sub(r"[^0-9a-z_]", "_", name.lower())


def candidates(folder: Path) -> list[Candidate]:
    """All that is installed, then all that lies in ``folder``, each by name."""
    return [*_installed(), *_dropped_in(folder)]


def _installed() -> Iterator[Candidate]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        yield _installed_candidate(point)


def _installed_candidate(point: EntryPoint) -> Candidate:
    def load() -> ModuleType:
        found = point.load()
        if not isinstance(found, ModuleType):
            raise PluginError(f"The entry point {point.value} does not name a module.")
        return found

    dist = point.dist
    origin = f"entry point of {dist.name}" if dist else "entry point"
    version, name = (dist.version, dist.name) if dist else ("", "")
    return Candidate(point.name, origin, load, version, name)


def _dropped_in(folder: Path) -> Iterator[Candidate]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith((".", "_"))
        if not hidden and (path.is_dir() or path.suffix == ".py"):
            yield candidate_at(path)


def candidate_at(path: Path) -> Candidate:
    """The dropped-in plugin that a folder or file is, wherever it lies."""
    name = path.name if path.is_dir() else path.stem
    return Candidate(name, str(path), lambda: _import_path(name, path), path=path)


def _import_path(name: str, path: Path) -> ModuleType:
    """Import a folder or file as ``studio_dropins.NAME``.

    The package is in `sys.modules` before its code runs, so that its relative imports work, and
    is taken out again with its submodules if that fails.
    """
    source = path / "__init__.py" if path.is_dir() else path
    if not source.is_file():
        raise PluginError(
            f"The folder {path} has no __init__.py, so it is not a plugin.",
            "If it holds a plugin one folder further down, move that here.",
        )
    qualified = f"{DROPINS}.{slug(name)}"
    parent = sys.modules.setdefault(DROPINS, _parent())
    forget_modules(qualified)
    places = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(
        qualified, source, submodule_search_locations=places
    )
    if spec is None or spec.loader is None:
        raise PluginError(f"Python cannot import {source}.")
    importlib.invalidate_caches()
    module = importlib.util.module_from_spec(spec)
    sys.modules[qualified] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        forget_modules(qualified)
        raise
    setattr(parent, qualified.rpartition(".")[2], module)
    return module


def _parent() -> ModuleType:
    """The package that holds the dropped-in ones; it has no place of its own to search."""
    parent = ModuleType(DROPINS, "Plugins from the user's folder.")
    parent.__path__ = []
    return parent


def forget_modules(package: str) -> dict[str, ModuleType]:
    """Unload a package with all that is in it; returns what was loaded, by name."""
    names = [each for each in sys.modules if each == package or each.startswith(package + ".")]
    return {name: sys.modules.pop(name) for name in names}
